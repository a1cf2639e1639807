import { expect, test } from 'bun:test';
import type { CommitDetails, Diff, FileDiff } from '@stemma/host/generated/commands';
import { changesToText, commitToText, diffToText } from '../src/lib/state/diff-text.ts';

const side = (path: string, mode = '100644') => ({ id: null, mode, path });
const modified: FileDiff = {
	binary: false,
	truncated: false,
	change: { kind: 'modified', old: side('a.txt'), new: side('a.txt'), similarity: null },
	hunks: [
		{
			oldStart: 1,
			oldLines: 2,
			newStart: 1,
			newLines: 1,
			section: 'fn main()',
			lines: [' one', '-two', '\\']
		}
	]
};
const diff = (...files: readonly FileDiff[]): Diff => ({ files, truncated: false });

test('a diff reads as Git prints it', () => {
	expect(diffToText(diff(modified))).toBe(
		[
			'diff --git a/a.txt b/a.txt',
			'--- a/a.txt',
			'+++ b/a.txt',
			'@@ -1,2 +1 @@ fn main()',
			' one',
			'-two',
			'\\ No newline at end of file',
			''
		].join('\n')
	);
	expect(diffToText(diff())).toBe('');
});

test('new, deleted, renamed and binary files say so', () => {
	const text = diffToText({
		truncated: true,
		files: [
			{ ...modified, hunks: [], change: { kind: 'added', old: null, new: side('n'), similarity: null } },
			{ ...modified, hunks: [], change: { kind: 'deleted', old: side('d'), new: null, similarity: null } },
			{
				...modified,
				hunks: [],
				truncated: true,
				change: { kind: 'renamed', old: side('x'), new: side('y', '100755'), similarity: 90 }
			},
			{ ...modified, hunks: [], binary: true }
		]
	});
	expect(text).toBe(
		[
			'diff --git a/n b/n',
			'new file mode 100644',
			'diff --git a/d b/d',
			'deleted file mode 100644',
			'diff --git a/x b/y',
			'old mode 100644',
			'new mode 100755',
			'similarity index 90%',
			'rename from x',
			'rename to y',
			'(There is more, which is left out.)',
			'diff --git a/a.txt b/a.txt',
			'Binary files a/a.txt and b/a.txt differ',
			'(There is more, which is left out.)',
			''
		].join('\n')
	);
});

test('a hostile name cannot end its line', () => {
	const change = { kind: 'added' as const, old: null, new: side('a\n+++ b'), similarity: null };
	expect(diffToText(diff({ ...modified, hunks: [], change }))).not.toContain('\n+++ b');
});

test('files that Git does not know yet are named behind the changes', () => {
	expect(changesToText(diff(), ['notes.md'])).toBe('Untracked files:\n\tnotes.md\n');
	expect(changesToText(diff(modified), ['notes.md'])).toEndWith('\n\nUntracked files:\n\tnotes.md\n');
	expect(changesToText(diff(), [])).toBe('');
});

test('a commit is its message and what it did', () => {
	const person = { name: 'Ada', email: 'ada@example.org', time: 0, offset: 60 };
	const details: CommitDetails = {
		commit: {
			id: 'ab'.repeat(20),
			author: person,
			committed: 0,
			parents: ['c'.repeat(40)],
			refs: [],
			subject: 'Fix it'
		},
		committer: person,
		files: [],
		message: 'Fix it\n\nBecause.\n',
		signed: false,
		truncated: false
	};
	expect(commitToText(details, diff(modified))).toBe(
		`commit ${'ab'.repeat(20)}\nAuthor: Ada <ada@example.org>\nDate:   1970-01-01T00:00:00.000Z\n\n    Fix it\n\n    Because.\n\n${diffToText(diff(modified))}`
	);
});
