/** Notes on which commits the linked repositories are when a model is asked. Beside the asking, never in its way. */
import type { Root } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import type { TurnCommit, TurnCommits } from '@stemma/store/workspace/turn-commits';

/** Who links more than these is asked about the first. */
const MOST_ROOTS = 8;
/** What is not known by then stays unknown. */
const PATIENCE_MS = 30_000;

/** Where nothing is linked, or nobody can read it, there is nothing to note. */
export async function noteTurn(host: Host, workspace: TurnCommits, run: string): Promise<void> {
	const listed = await host.call('roots.list', {});
	if (!listed.ok) return;
	const roots = listed.value.roots.filter(({ state }) => state === 'linked').slice(0, MOST_ROOTS);
	await Promise.all(roots.map((root) => noteRoot(host, workspace, run, root)));
}

async function noteRoot(host: Host, workspace: TurnCommits, run: string, root: Root): Promise<void> {
	const signal = AbortSignal.timeout(PATIENCE_MS);
	const info = await host.call('git.info', { root: root.id }, signal);
	if (!info.ok || info.value.head.commit === null) return;
	const { commit, branch } = info.value.head;
	const head: TurnCommit = { root: root.id, folder: root.name, commit, branch, dirty: null };
	// The answer does without it where it cannot be written: the database itself says so where it matters.
	await workspace.noteCommits(run, [head]);
	if (info.value.bare) return;
	// As Git says it of a version: files it does not know make no difference to those it knows.
	const status = await host.call('git.status', { root: root.id, untracked: 'none' }, signal);
	if (status.ok) await workspace.noteCommits(run, [{ ...head, dirty: status.value.entries.length > 0 }]);
}
