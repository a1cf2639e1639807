import { expect, test } from 'bun:test';
import type { CommitLine, GitHead, GitRef, Job, Root, ScannedEntry } from '@stemma/host/generated/commands';
import { MentionEntries, type MentionEntry } from '../src/lib/state/mention-entries.ts';
import { parseRange, rangeName } from '../src/lib/state/revisions.ts';

const rootOf = (name: string): Root => ({ id: name, name, place: `/${name}`, linkedAt: 0, state: 'linked' });
const orchard = rootOf('orchard');
const entry = (path: string, modified = 0, kind: ScannedEntry['kind'] = 'file'): ScannedEntry => ({
	kind,
	path,
	modified,
	size: 1
});
const refOf = (short: string, kind: GitRef['kind'], commit = 'c'): GitRef => ({
	name: `refs/${short}`,
	short,
	kind,
	commit: commit.repeat(40),
	tag: null,
	upstream: null
});
const commitOf = (id: string, subject: string): CommitLine => ({
	id,
	subject,
	author: { name: 'Ada', email: '', time: 0, offset: 0 },
	committed: 0,
	parents: [],
	refs: []
});
const headAt = (branch: string | null, commit: string): GitHead => ({ branch, commit: commit.repeat(40) });
const nowhere: GitHead = { branch: null, commit: null };
const nameOf = (found: MentionEntry): string => {
	switch (found.kind) {
		case 'file':
		case 'folder':
			return `${found.root.name}:${found.path}`;
		case 'branch':
		case 'tag':
			return `${found.kind} ${found.name}`;
		case 'commit':
			return found.subject;
		case 'changes':
			return found.of;
		case 'output':
			return `${found.root.name}: ${found.of}`;
		case 'between':
			return rangeName(found);
	}
};
const names = (entries: MentionEntries, words: string): readonly string[] => entries.find(words).map(nameOf);

test('before anything is typed: changes, what was changed last, branches and commits', () => {
	const entries = new MentionEntries(false);
	const files = Array.from({ length: 40 }, (_, i) => entry(`${i}.ts`, (i * 7) % 40));
	entries.addFiles(orchard, [...files, entry('src', 99, 'folder')]);
	entries.addCommits(orchard, [commitOf('a'.repeat(40), 'Plant')]);
	const refs = [refOf('main', 'branch'), refOf('v1', 'tag'), refOf('stash', 'other')];
	entries.addRefs(orchard, { head: nowhere, refs });
	entries.addChanges(orchard);
	const found = names(entries, '');
	expect(found.slice(0, 3)).toEqual(['worktree', 'staged', 'orchard:17.ts']);
	expect(found.slice(-3)).toEqual(['branch main', 'tag v1', 'Plant']);
	const newest = files.toSorted((a, b) => b.modified - a.modified).map(({ path }) => `orchard:${path}`);
	expect(found.slice(2, -3)).toEqual(newest.slice(0, 20));
});

test('a commit is found by its id and by its subject', () => {
	const entries = new MentionEntries(false);
	entries.addCommits(orchard, [
		commitOf(`1a2b3c4d${'0'.repeat(32)}`, 'Fix it'),
		commitOf('f'.repeat(40), 'Add it')
	]);
	expect(names(entries, '1a2b3c')).toEqual(['Fix it']);
	expect(names(entries, 'fixit')).toEqual(['Fix it']);
});

test('with several folders the name of one narrows the search to it', () => {
	const entries = new MentionEntries(true);
	for (const name of ['orchard', 'notes']) entries.addFiles(rootOf(name), [entry('apples.md')]);
	expect(names(entries, 'apples')).toHaveLength(2);
	expect(names(entries, 'notes/apples')).toEqual(['notes:apples.md']);
});

test('a command that has ended has an output, of the folder it ran in', () => {
	const entries = new MentionEntries(false);
	const job = (id: string, more: Partial<Job>): Job => ({
		id,
		kind: 'process.run',
		label: 'test',
		owner: null,
		root: 'orchard',
		state: 'failed',
		progress: null,
		startedAt: 0,
		endedAt: 0,
		error: null,
		lines: 1,
		...more
	});
	const others: readonly Partial<Job>[] = [
		{ state: 'running' },
		{ kind: 'git.ingest' },
		{ root: 'unlinked' },
		{ root: null }
	];
	entries.addOutputs([orchard], [job('1', {}), ...others.map((more, i) => job(`other-${i}`, more))]);
	expect(names(entries, '')).toEqual(['orchard: test']);
	expect(names(entries, 'test')).toEqual(['orchard: test']);
});

test('two dots are between two names; a third one and a path are something else', () => {
	expect(parseRange('main..topic')).toEqual({ old: 'main', new: 'topic' });
	expect(parseRange('main..')).toEqual({ old: 'main', new: '' });
	expect(parseRange('..v1.2')).toEqual({ old: '', new: 'v1.2' });
	expect(parseRange('v1.2..feature/x')).toEqual({ old: 'v1.2', new: 'feature/x' });
	for (const other of ['main', 'main.', 'main...topic', '...', '../src', 'a/../b'])
		expect(parseRange(other), other).toBeNull();
});

/** On main; topic and v1 are elsewhere, and so are two commits. */
function history(): MentionEntries {
	const entries = new MentionEntries(false);
	entries.addFiles(orchard, [entry('topics.md'), entry('odd..name')]);
	const refs = [
		refOf('fix/mainly', 'branch', 'd'),
		refOf('main', 'branch', 'a'),
		refOf('topic', 'branch', 'b'),
		refOf('v1', 'tag', 'c')
	];
	entries.addRefs(orchard, { head: headAt('main', 'a'), refs });
	entries.addCommits(orchard, [commitOf('e'.repeat(40), 'Water the pears'), commitOf('f'.repeat(40), 'Sow')]);
	return entries;
}

test('with two dots, pairs are found: the first side by its full name or its letters, then the second', () => {
	const entries = history();
	expect(names(entries, 'main..')).toEqual([
		'main..fix/mainly',
		'main..topic',
		'main..v1',
		'main..eeeeeee',
		'main..fffffff'
	]);
	expect(names(entries, 'main..top')).toEqual(['main..topic']);
	expect(names(entries, 'main..pears'), 'a commit by its subject').toEqual(['main..eeeeeee']);
	expect(names(entries, 'top..v'), 'not typed in full').toEqual(['topic..v1']);
	expect(names(entries, 'mai..v1')).toEqual(['main..v1', 'fix/mainly..v1']);
	expect(names(entries, '..topic'), 'the side that is left out is where HEAD is').toEqual(['main..topic']);
	expect(names(entries, 'topic..HEAD')).toEqual(['topic..main']);
	expect(names(entries, 'main..main')[0], 'what is typed is offered').toBe('main..main');
	expect(names(entries, 'main..nothing')).toEqual([]);
	expect(names(entries, 'odd..'), 'a file whose name has them is found').toEqual(['orchard:odd..name']);
});

test('a commit older than what was read is taken by its full id', () => {
	const old = '0123456789'.repeat(4);
	expect(history().find(`${old}..main`)[0]).toMatchObject({ old: { name: '0123456', commit: old } });
	expect(history().find(`main..${old}`)).toMatchObject([{ new: { name: '0123456', commit: old } }]);
});

test('beside a branch stands what is between it and HEAD, in both directions', () => {
	const entries = history();
	expect(names(entries, 'topic')).toEqual([
		'branch topic',
		'main..topic',
		'topic..main',
		'orchard:topics.md'
	]);
	expect(names(entries, 'main').slice(0, 2), 'HEAD is not compared with itself').toEqual([
		'branch main',
		'branch fix/mainly'
	]);
	const detached = new MentionEntries(false);
	detached.addRefs(orchard, { head: headAt(null, 'a'), refs: [refOf('topic', 'branch', 'b')] });
	expect(names(detached, '')).toEqual(['branch topic', 'HEAD..topic', 'topic..HEAD']);
});

test('a pair is the same one while more is typed, and is of one repository', () => {
	const entries = history();
	const grove = rootOf('grove');
	entries.addRefs(grove, { head: headAt('main', 'a'), refs: [refOf('topic-2', 'branch', 'b')] });
	const [first] = entries.find('main..to');
	expect(entries.find('main..top')[0]).toBe(first as MentionEntry);
	expect(entries.find('main..top').map((found) => [found.root.name, nameOf(found)])).toEqual([
		['orchard', 'main..topic'],
		['grove', 'main..topic-2']
	]);
});
