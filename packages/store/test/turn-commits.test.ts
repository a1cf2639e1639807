import { expect, test } from 'bun:test';
import type { TurnCommit } from '../src/workspace/turn-commits.ts';
import type { Workspace } from '../src/workspace/workspace.ts';
import { must, openTestWorkspace, text } from './fixture.ts';

const commit = (name: string): string => name.padEnd(40, '0');
const at = (name: string, more: Partial<TurnCommit> = {}): TurnCommit => ({
	root: 'r1',
	folder: 'orchard',
	commit: commit(name),
	branch: 'main',
	dirty: false,
	...more
});

interface Asked {
	readonly conversation: string;
	readonly question: string;
	readonly run: string;
}

async function ask(workspace: Workspace, given?: string, words = 'how many?'): Promise<Asked> {
	const conversation = given ?? must(await workspace.createConversation());
	const question = must(
		await workspace.append({ conversation, role: 'user', parents: [], parts: text(words) })
	).node;
	const run = must(
		await workspace.createRun({
			conversation,
			parent: question,
			endpoint: 'e',
			model: 'm',
			params: {},
			receipt: {}
		})
	).id;
	return { conversation, question, run };
}

const answer = async (workspace: Workspace, run: string): Promise<string> =>
	must(await workspace.sealRun(run, { state: 'done', parts: text('seven') }))?.node ?? '';

test('a question knows the commits it was asked on; said again, the last word counts', async () => {
	const { workspace } = await openTestWorkspace();
	const { run } = await ask(workspace);
	expect(must(await workspace.commitsOf(run))).toEqual([]);
	must(
		await workspace.noteCommits(run, [
			at('a', { dirty: null }),
			at('b', { root: 'r2', folder: 'grove', branch: null })
		])
	);
	must(await workspace.noteCommits(run, [at('a', { dirty: true })]));
	expect(must(await workspace.commitsOf(run))).toEqual([
		at('b', { root: 'r2', folder: 'grove', branch: null }),
		at('a', { dirty: true })
	]);
	must(await workspace.noteCommits('f'.repeat(32), [at('a')]));
	expect(must(await workspace.turnsOn(commit('a'), 10))).toHaveLength(1);
});

test('a commit knows what was asked on it, newest first: the answers, or the questions while there is none', async () => {
	const { workspace } = await openTestWorkspace();
	const first = await ask(workspace);
	const second = await ask(workspace);
	const hidden = await ask(workspace);
	for (const { run } of [first, second, hidden]) must(await workspace.noteCommits(run, [at('a')]));
	// The same repository, linked a second time.
	must(await workspace.noteCommits(second.run, [at('a', { root: 'r2', dirty: true })]));
	must(await workspace.noteCommits((await ask(workspace)).run, [at('b')]));
	must(await workspace.rename(second.conversation, 'Counting'));
	must(await workspace.setHidden(hidden.conversation, true));
	const node = await answer(workspace, first.run);
	const turns = must(await workspace.turnsOn(commit('a'), 10));
	expect(turns.map((turn) => [turn.conversation, turn.title, turn.preview, turn.node, turn.dirty])).toEqual([
		[second.conversation, 'Counting', 'how many?', second.question, true],
		[first.conversation, null, 'how many?', node, false]
	]);
	expect(must(await workspace.turnsOn(commit('a'), 1))).toHaveLength(1);
});

test('what is purged was asked nowhere', async () => {
	const { store, workspace } = await openTestWorkspace();
	const { run, question } = await ask(workspace);
	must(await workspace.noteCommits(run, [at('a')]));
	await answer(workspace, run);
	must(await workspace.purge({ node: question }));
	expect(must(await workspace.turnsOn(commit('a'), 10))).toEqual([]);
	expect(must(await store.query('SELECT count(*) AS n FROM run_commit'))).toEqual([{ n: 0 }]);
});

test('of one conversation that asked twice, each question says how it begins; a redacted one says nothing', async () => {
	const { workspace } = await openTestWorkspace();
	const first = await ask(workspace);
	const second = await ask(workspace, first.conversation, `\n  and ${'x'.repeat(500)}`);
	for (const { run } of [first, second]) must(await workspace.noteCommits(run, [at('a')]));
	await answer(workspace, first.run);
	const questions = async (): Promise<readonly (string | null)[]> =>
		must(await workspace.turnsOn(commit('a'), 10)).map(({ question }) => question);
	expect(await questions()).toEqual([`and ${'x'.repeat(156)}`, 'how many?']);
	must(await workspace.redact(first.question));
	expect((await questions())[1]).toBeNull();
});
