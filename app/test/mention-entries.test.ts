import { expect, test } from 'bun:test';
import type { CommitLine, GitRef, Job, Root, ScannedEntry } from '@stemma/host/generated/commands';
import { MentionEntries, type MentionEntry } from '../src/lib/state/mention-entries.ts';

const rootOf = (name: string): Root => ({ id: name, name, place: `/${name}`, linkedAt: 0, state: 'linked' });
const orchard = rootOf('orchard');
const entry = (path: string, modified = 0, kind: ScannedEntry['kind'] = 'file'): ScannedEntry => ({
	kind,
	path,
	modified,
	size: 1
});
const refOf = (short: string, kind: GitRef['kind']): GitRef => ({
	name: `refs/${short}`,
	short,
	kind,
	commit: 'c'.repeat(40),
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
	}
};
const names = (entries: MentionEntries, words: string): readonly string[] => entries.find(words).map(nameOf);

test('before anything is typed: changes, what was changed last, branches and commits', () => {
	const entries = new MentionEntries(false);
	const files = Array.from({ length: 40 }, (_, i) => entry(`${i}.ts`, (i * 7) % 40));
	entries.addFiles(orchard, [...files, entry('src', 99, 'folder')]);
	entries.addCommits(orchard, [commitOf('a'.repeat(40), 'Plant')]);
	entries.addRefs(orchard, [refOf('main', 'branch'), refOf('v1', 'tag'), refOf('stash', 'other')]);
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
