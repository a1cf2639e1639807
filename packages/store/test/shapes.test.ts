/** Graphs of unkind shapes, and two tabs that do several things to one conversation at once. */
import { describe, expect, test } from 'bun:test';
import { fold } from '@stemma/graph/fold';
import type { NodeId } from '@stemma/graph/node';
import { verifyChains } from '@stemma/graph/op-log';
import {
	CONVERSATION,
	diamondLadder,
	skipLadder,
	topologyToNodes,
	type Topology
} from '@stemma/testkit/graph-arbitrary';
import fc from 'fast-check';
import { insertNodes } from '../src/import/insert-nodes.ts';
import { createWorkspace, openWorkspace } from '../src/workspace/create-workspace.ts';
import { OP_COLUMNS, toHashedOp } from '../src/workspace/log.ts';
import type { Workspace } from '../src/workspace/workspace.ts';
import { must, openTestStore, openTestWorkspace, testDeps, text } from './fixture.ts';

async function withShape(
	topology: Topology
): Promise<{ workspace: Workspace; idOf: (row: number) => NodeId }> {
	const { store, workspace } = await openTestWorkspace();
	const nodes = topologyToNodes(topology);
	const entries = nodes.map((node, i) => ({ conversation: CONVERSATION, node, createdAt: i }));
	must(await insertNodes(store, '00'.repeat(16), entries));
	return { workspace, idOf: (row) => nodes[row]?.id ?? '' };
}

describe('shapes', () => {
	test('500 siblings: each is a version of every other, and every one has its row', async () => {
		const star: Topology = [[], ...Array.from({ length: 500 }, () => [0])];
		const { workspace, idOf } = await withShape(star);
		const path = must(await workspace.path(idOf(250), { limit: 10 }));
		expect(path.entries.map(({ versions }) => versions.length)).toEqual([1, 500]);
		expect(path.entries[1]?.versions[249]).toBe(idOf(250));
		expect(must(await workspace.versions(idOf(1))).map(({ id }) => id)).toEqual(
			star.slice(1).map((_, i) => idOf(i + 1))
		);
		expect(must(await workspace.outlinePage(CONVERSATION)).keys).toHaveLength(501);
		expect(must(await workspace.pathForks(idOf(500), { limit: 10 }))).toMatchObject([{ versions: 500 }]);
		expect(must(await workspace.leafBelow(idOf(0))).leaf).toBe(idOf(500));
	});

	for (const [name, shape] of [
		['20 stacked diamonds', diamondLadder(20)],
		['a ladder of 2,000', skipLadder(2000)]
	] as const)
		test(`${name}: every walk meets each message once`, async () => {
			const { workspace, idOf } = await withShape(shape);
			const last = shape.length - 1;
			const related = must(await workspace.relate([idOf(0), idOf(last)]));
			expect(related).toEqual({ common: idOf(0), behind: [idOf(0)] });
			const line: NodeId[] = [];
			for await (const rows of workspace.line(idOf(last))) line.push(...rows.map(({ id }) => id));
			expect(new Set(line).size, 'none twice').toBe(line.length);
			expect(line).toHaveLength(shape.length);
			const { merges, keys } = must(await workspace.outlinePage(CONVERSATION));
			expect(keys).toHaveLength(shape.length);
			expect(merges).toHaveLength(shape.flatMap((parents) => parents.slice(1)).length);
			expect(must(await workspace.planPurge({ node: idOf(0) })).messages).toBe(shape.length);
			must(await workspace.purge({ node: idOf(0) }));
			expect(must(await workspace.outlinePage(CONVERSATION)).keys).toEqual([]);
		}, 60_000);

	test('two first messages are versions of each other and have nothing in common', async () => {
		const { workspace, idOf } = await withShape([[], [], [0], [1]]);
		expect(must(await workspace.children(CONVERSATION, null)).map(({ id }) => id)).toEqual([
			idOf(0),
			idOf(1)
		]);
		expect(must(await workspace.path(idOf(3), { limit: 5 })).entries[0]?.versions).toEqual([
			idOf(0),
			idOf(1)
		]);
		expect(must(await workspace.relate([idOf(2), idOf(3)])).common).toBeNull();
		const merged = must(
			await workspace.append({
				conversation: CONVERSATION,
				kind: 'merge',
				role: 'user',
				parents: [idOf(2), idOf(3)],
				parts: text('both')
			})
		);
		expect(must(await workspace.relate([idOf(3), merged.node])).behind).toEqual([idOf(3)]);
	});

	test('a message that is its own ancestor cannot be written: an id is the hash of its parents', async () => {
		const { store, workspace } = await openTestWorkspace();
		const conversation = must(await workspace.createConversation());
		const [cyclic] = topologyToNodes([[]]);
		if (!cyclic) throw new Error('a node');
		const node = { ...cyclic, header: { ...cyclic.header, parents: [cyclic.id] } };
		const written = await insertNodes(store, '00'.repeat(16), [{ conversation, node, createdAt: 1 }]);
		expect(written.ok ? null : written.error.code).toBe('conflict');
		expect(must(await workspace.outlinePage(conversation)).keys).toEqual([]);
	});
});

const acts = fc.array(fc.constantFrom('merge', 'undo', 'redo', 'rename', 'write'), {
	minLength: 1,
	maxLength: 6
});

test('two tabs that merge, undo and rename at once: nothing written is lost, the log is whole and says what is there', async () => {
	await fc.assert(
		fc.asyncProperty(fc.scheduler(), acts, acts, async (scheduler, left, right) => {
			const store = openTestStore();
			const first = must(await openWorkspace({ store, ...testDeps }, 'tab'));
			const conversation = must(await first.createConversation({ title: 'start' }));
			const say = async (
				workspace: Workspace,
				words: string,
				parents: readonly NodeId[],
				ref: string | null = null
			) =>
				must(
					await workspace.append({
						conversation,
						role: 'user',
						parents,
						parts: text(words),
						ref,
						...(parents.length > 1 ? { kind: 'merge' as const } : {})
					})
				);
			const root = await say(first, 'root', []);
			const one = await say(first, 'one', [root.node], 'main');
			const two = await say(first, 'two', [root.node]);
			const [device] = must(await store.query(`SELECT value FROM meta WHERE key = 'device'`));
			/** A tab whose every request reaches the database when the scheduler says so. */
			const openTab = (): Workspace =>
				createWorkspace({
					...testDeps,
					device: String(device?.['value']),
					store: {
						...store,
						query: async (...asked) => {
							await scheduler.schedule(Promise.resolve());
							return store.query(...asked);
						},
						batch: async (...asked) => {
							await scheduler.schedule(Promise.resolve());
							return store.batch(...asked);
						}
					}
				});
			const written: NodeId[] = [root.node, one.node, two.node];
			const merges: NodeId[] = [];
			const refusals: string[] = [];
			const run = async (workspace: Workspace, tab: string, taken: readonly string[]): Promise<void> => {
				for (const [i, act] of taken.entries()) {
					if (act === 'rename') must(await workspace.rename(conversation, `${tab} ${i}`));
					else if (act === 'write')
						written.push((await say(workspace, `${tab} ${i}`, [one.node], one.ref)).node);
					else if (act === 'merge') {
						const merged = await say(workspace, `${tab} ${i}`, [one.node, two.node], one.ref);
						written.push(merged.node);
						merges.push(merged.node);
					} else {
						const back = await workspace.takeBackNext(act === 'undo' ? 'undo' : 'redo');
						// The other tab may have been faster; that is said, and nothing else goes wrong.
						if (!back.ok) refusals.push(`${back.error.code}: ${back.error.message}`);
					}
				}
			};
			await scheduler.waitFor(Promise.all([run(openTab(), 'left', left), run(openTab(), 'right', right)]));

			for (const refusal of refusals)
				expect(refusal).toMatch(/^conflict: This is (undone|redone) already\.$/);
			for (const node of written)
				expect(must(await first.node(node)), 'what was written is there').not.toBeNull();
			for (const node of merges) expect(must(await first.node(node))?.parents).toEqual([one.node, two.node]);
			const ops = must(
				await store.query(`SELECT ${OP_COLUMNS} FROM op o JOIN device d ON d.id = o.device_id ORDER BY o.seq`)
			).map(toHashedOp);
			const chains = verifyChains(ops, testDeps.nowMs());
			expect(chains.ok, 'the log is one chain').toBe(true);
			const state = fold(ops);
			const row = must(await first.conversation(conversation));
			expect(row?.title ?? null).toBe(
				(state.scalars.get(`conversation/${conversation}/title`) as string) ?? null
			);
			const heads = must(await first.refs(conversation)).map((ref) => [
				`${conversation}/${ref.name}`,
				ref.heads.map(({ node }) => node).toSorted()
			]);
			expect(heads.toSorted()).toEqual(
				[...state.refs]
					.filter(([, ref]) => ref.heads.size > 0)
					.map(([key, ref]) => [key, [...ref.heads.values()].toSorted()])
					.toSorted()
			);
			await store.close();
		}),
		{ numRuns: 60 }
	);
}, 120_000);
