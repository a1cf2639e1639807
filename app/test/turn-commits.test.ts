import { expect, test } from 'bun:test';
import type { Root, StatusEntry } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { createNoHost } from '@stemma/host/no-host';
import { ok } from '@stemma/graph/result';
import type { TurnCommit } from '@stemma/store/workspace/turn-commits';
import { noteTurn } from '../src/lib/state/turn-commits.ts';

const root: Root = { id: 'r', name: 'orchard', place: '/orchard', linkedAt: 0, state: 'linked' };
const commit = 'a'.repeat(40);
const untracked: StatusEntry = { path: 'new.md', oldPath: null, index: null, worktree: 'untracked' };

/** A repository in which this is not committed, as its host tells it. */
async function noted(entries: readonly StatusEntry[]): Promise<readonly TurnCommit[]> {
	const call = (command: string, request: { readonly untracked?: string }): Promise<unknown> => {
		if (command === 'roots.list') return Promise.resolve(ok({ roots: [root] }));
		if (command === 'git.info') return Promise.resolve(ok({ head: { branch: 'main', commit }, bare: false }));
		const told = entries.filter(({ worktree }) => request.untracked !== 'none' || worktree !== 'untracked');
		return Promise.resolve(ok({ entries: told, truncated: false }));
	};
	const kept: TurnCommit[] = [];
	await noteTurn(
		{ ...createNoHost(), call } as Host,
		{
			noteCommits: (_run, commits) => {
				kept.push(...commits);
				return Promise.resolve(ok(undefined));
			},
			commitsOf: () => Promise.resolve(ok([])),
			turnsOn: () => Promise.resolve(ok([]))
		},
		'run'
	);
	return kept;
}

test('a tree is dirty when tracked files were changed, staged or not; new files alone are none of them', async () => {
	const head: TurnCommit = { root: 'r', folder: 'orchard', commit, branch: 'main', dirty: null };
	expect(await noted([untracked])).toEqual([head, { ...head, dirty: false }]);
	const changed: StatusEntry = { ...untracked, path: 'a', worktree: 'modified' };
	expect((await noted([untracked, changed])).at(-1)?.dirty).toBe(true);
	const staged: StatusEntry = { ...untracked, path: 'b', worktree: null, index: 'added' };
	expect((await noted([staged])).at(-1)?.dirty).toBe(true);
});
