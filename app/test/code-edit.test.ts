import { expect, test } from 'bun:test';
import { codeEditOf } from '#lib/markdown/code-edit.ts';

const PATCH = ['--- a/src/a.ts', '+++ b/src/a.ts', '@@ -1 +1 @@', '-one', '+two'].join('\n');
const pathOf = (info: string, text = 'x'): string | null => {
	const edit = codeEditOf(text, info);
	return edit?.kind === 'file' ? edit.path : null;
};

test('a patch is known by its language or its first line, and only when it is one', () => {
	for (const info of ['diff', 'patch', 'Diff', '']) {
		expect(codeEditOf(PATCH, info), info).toEqual({ kind: 'patch', patch: `${PATCH}\n` });
	}
	expect(codeEditOf(`diff --git a/src/a.ts b/src/a.ts\n${PATCH}`, 'text')?.kind).toBe('patch');
	for (const text of ['-one\n+two', '--- three dashes\nand words', PATCH.slice(0, 20)])
		expect(codeEditOf(text, 'diff'), text).toBeNull();
	expect(codeEditOf(PATCH + 'x'.repeat(1_000_000), 'diff'), 'too long to be meant').toBeNull();
});

test('names get the sides that Git gives them; where they have them, nothing changes', () => {
	const bare = PATCH.replace('a/src', 'src').replace('b/src', 'src');
	expect(codeEditOf(bare, 'diff')).toEqual({ kind: 'patch', patch: `${PATCH}\n` });
	const made = '--- /dev/null\n+++ src/new.ts\n@@ -0,0 +1 @@\n+x';
	expect(codeEditOf(made, 'diff')).toMatchObject({ patch: made.replace('src', 'b/src') + '\n' });
});

test('what is removed and added may look like names', () => {
	const sql = [
		'--- a/q.sql',
		'+++ b/q.sql',
		'@@ -1,2 +1,2 @@',
		' select',
		'--- how many',
		'+++ all',
		''
	].join('\n');
	expect(codeEditOf(sql, 'diff')).toMatchObject({ patch: `${sql}\n` });
	const bare = sql.replace('a/q', 'q').replace('b/q', 'q');
	expect(codeEditOf(bare, 'diff')).toMatchObject({ patch: `${sql}\n` });
});

test('a file is known by the name behind its fence, or in a comment on its first line', () => {
	for (const info of [
		'ts src/a.ts',
		'src/a.ts',
		'ts title=src/a.ts',
		'ts title="src/a.ts"',
		`ts file='src/a.ts'`
	])
		expect(pathOf(info), info).toBe('src/a.ts');
	expect(pathOf('ts', '// src/a.ts\nx')).toBe('src/a.ts');
	expect(pathOf('html', '<!-- src/a.html -->\nx')).toBe('src/a.html');
	expect(pathOf('', '# src/a.py')).toBe('src/a.py');
	expect(codeEditOf('x', 'ts src/a.ts')).toEqual({ kind: 'file', path: 'src/a.ts', text: 'x\n' });
	for (const info of ['ts', '', 'ts {1,3}', 'js showLineNumbers', 'c++', 'node.js.', 'vue-html'])
		expect(pathOf(info), info).toBeNull();
	expect(pathOf('ts', '// see src/a.ts for more\nx'), 'a sentence is no name').toBeNull();
});

test('a name that leads elsewhere is not offered', () => {
	for (const path of [
		'../a.ts',
		'src/../../a.ts',
		'/etc/a.conf',
		'./a.ts',
		'src//a.ts',
		'C:/a.ts',
		'src\\a.ts',
		'src/a\u0000.ts',
		`${'x/'.repeat(300)}a.ts`
	])
		expect(pathOf(`ts title="${path}"`), path).toBeNull();
	expect(pathOf('ts', '// ../secret/a.ts\nx')).toBeNull();
});
