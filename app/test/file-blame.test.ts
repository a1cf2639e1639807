import { expect, test } from 'bun:test';
import type { Blame, CommitLine } from '@stemma/host/generated/commands';
import { blameToGroups, groupOfLine } from '#lib/state/file-blame.svelte.ts';

const commit = (id: string): CommitLine => ({
	id,
	parents: [],
	author: { name: 'Ada', email: 'ada@example.org', time: 0, offset: 0 },
	committed: 0,
	subject: id,
	refs: []
});

const hunk = (start: number, lines: number, id: string): Blame['hunks'][number] => ({
	start,
	lines,
	sourceStart: start,
	sourcePath: null,
	commit: id
});

test('lines of one commit are one group, and say where the history ends', () => {
	const groups = blameToGroups({
		hunks: [hunk(6, 1, 'a'), hunk(1, 2, 'a'), hunk(3, 3, 'a'), hunk(7, 4, 'b')],
		commits: [commit('a'), commit('b')],
		cutOff: ['b']
	});
	expect(groups.map(({ first, last, isCutOff }) => [first, last, isCutOff])).toEqual([
		[1, 6, false],
		[7, 10, true]
	]);
	expect(groupOfLine(groups, 7)?.commit.id).toBe('b');
	expect(groupOfLine(groups, 11)).toBeUndefined();
});
