import { describe, expect, test } from 'bun:test';
import { createGraphIndex } from '@stemma/graph/derived';
import { linearise } from '@stemma/graph/linearise';
import {
	chain,
	CONVERSATION,
	diamondLadder,
	randomTopologies,
	topologyToNodes,
	type Topology
} from '@stemma/testkit/graph-arbitrary';
import fc from 'fast-check';
import { insertNodes } from '../src/import/insert-nodes.ts';
import { createWorkspace } from '../src/workspace/create-workspace.ts';
import type { LineRow, Workspace } from '../src/workspace/workspace.ts';
import { must, openTestStore, openTestWorkspace, testDeps, text } from './fixture.ts';

async function withTopology(topology: Topology) {
	const store = openTestStore();
	const nodes = topologyToNodes(topology);
	must(
		await insertNodes(
			store,
			'00'.repeat(16),
			nodes.map((node, i) => ({ conversation: CONVERSATION, node, createdAt: i }))
		)
	);
	const graph = createGraphIndex();
	for (const parents of topology) graph.add(parents);
	const workspace = createWorkspace({ store, ...testDeps, device: '00'.repeat(16) });
	return { store, graph, workspace, idOf: (row: number): string => nodes[row]?.id ?? '' };
}

async function lineOf(workspace: Workspace, leaf: string): Promise<readonly LineRow[]> {
	const line: LineRow[] = [];
	for await (const rows of workspace.line(leaf)) line.push(...rows);
	return line;
}

const someRows = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });

describe('against the pure graph', () => {
	test('[G13] [G15] where paths part, and what lies behind another', async () => {
		await fc.assert(
			fc.asyncProperty(randomTopologies(60), someRows, async (topology, picks) => {
				const { store, graph, workspace, idOf } = await withTopology(topology);
				const rows = [...new Set(picks.map((pick) => pick % topology.length))];
				const related = must(await workspace.relate(rows.map(idOf)));
				const common = rows.reduce<number | null>(
					(shared, row) => (shared === null ? null : graph.lowestCommonAncestor(shared, row)),
					rows[0] ?? null
				);
				expect(related.common).toBe(common === null ? null : idOf(common));
				const newest = new Set(graph.maximal(rows));
				const behind = rows.filter((row) => !newest.has(row)).map(idOf);
				expect(related.behind.toSorted()).toEqual(behind.toSorted());
				await store.close();
			}),
			{ numRuns: 60 }
		);
	}, 60_000);

	test('[G34] [G35] a line is the one the graph lays out, labels included', async () => {
		const check = async (topology: Topology, pick: number): Promise<void> => {
			const { store, graph, workspace, idOf } = await withTopology(topology);
			const leaf = pick % topology.length;
			const line = await lineOf(workspace, idOf(leaf));
			expect(line.map(({ id, opens }) => [id, opens])).toEqual(
				[...linearise(graph, leaf)].map(({ row, opens }) => [idOf(row), opens])
			);
			await store.close();
		};
		await fc.assert(fc.asyncProperty(randomTopologies(60), fc.nat(), check), { numRuns: 40 });
		await check(diamondLadder(20), 60);
		// A merge on top of a path that is longer than a page.
		await check([...chain(250), [200], [249, 250], [251]], 252);
	}, 60_000);

	test('paths that part a long way back', async () => {
		const depth = 3000;
		const { workspace, idOf } = await withTopology([
			...chain(depth),
			[5],
			...Array.from({ length: 500 }, (_, i) => [depth + i])
		]);
		const related = must(await workspace.relate([idOf(depth - 1), idOf(depth + 500)]));
		expect(related).toEqual({ common: idOf(5), behind: [] });
	});
});

async function withAnswers(...answers: readonly string[]) {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const say = async (role: 'user' | 'assistant', words: string, parent: string | null, ref: string | null) =>
		must(
			await workspace.append({
				conversation,
				role,
				parents: parent === null ? [] : [parent],
				parts: text(words),
				ref
			})
		);
	const question = await say('user', 'why?', null, null);
	const made = [];
	for (const words of answers) made.push(await say('assistant', words, question.node, null));
	return { store, workspace, conversation, say, question, answers: made };
}

describe('versions', () => {
	test('are listed oldest first with their first line and what is below them', async () => {
		const { workspace, say, answers, question } = await withAnswers('  one\nmore', 'two');
		const [first, second] = answers;
		const next = await say('user', 'and?', first!.node, first!.ref);
		await say('assistant', 'so', next.node, next.ref);
		const versions = must(await workspace.versions(second!.node));
		expect(versions).toMatchObject([
			{ id: first?.node, firstLine: 'one', descendants: 2, isRedacted: false, run: null },
			{ id: second?.node, firstLine: 'two', descendants: 0 }
		]);
		expect(must(await workspace.versions(question.node))).toMatchObject([{ descendants: 4 }]);
		expect(must(await workspace.versions('00'.repeat(32)))).toEqual([]);
	});

	test('one that was redacted says so', async () => {
		const { store, workspace, answers } = await withAnswers('one', 'two');
		must(
			await store.batch([
				{
					sql: 'UPDATE body SET nonce = NULL, data = NULL WHERE id = (SELECT body_id FROM node WHERE hash = unhex(?1))',
					params: [answers[0]!.node]
				}
			])
		);
		expect(must(await workspace.versions(answers[0]!.node))).toMatchObject([
			{ isRedacted: true, firstLine: '' },
			{ isRedacted: false }
		]);
	});

	test('of a first message are the roots of its conversation', async () => {
		const { workspace, say, question } = await withAnswers();
		const other = await say('user', 'why not?', null, null);
		expect(must(await workspace.versions(other.node)).map(({ id }) => id)).toEqual([
			question.node,
			other.node
		]);
		expect(must(await workspace.relate([question.node, other.node]))).toEqual({ common: null, behind: [] });
	});
});

describe('a branch goes on with another version', () => {
	const heads = async (workspace: Workspace, conversation: string) =>
		new Map(
			must(await workspace.refs(conversation)).map((ref) => [ref.name, ref.heads.map(({ node }) => node)])
		);

	test('what it leaves stays held, and undo brings it back', async () => {
		const { workspace, conversation, answers, question, say } = await withAnswers('one');
		const answer = await say('assistant', 'two', question.node, 'main');
		expect(answer.ref).toBe('main');
		const op = must(await workspace.moveBranch(conversation, 'main', answers[0]!.node));
		const moved = await heads(workspace, conversation);
		expect(moved.get('main')).toEqual([answers[0]!.node]);
		expect([...moved.values()].flat()).toContain(answer.node);
		must(await workspace.undo(op));
		expect((await heads(workspace, conversation)).get('main')).toEqual([answer.node]);
	});

	test('a question with its answers is left without another branch', async () => {
		const { workspace, conversation, answers } = await withAnswers('one', 'two');
		must(await workspace.moveBranch(conversation, 'main', answers[1]!.node));
		expect([...(await heads(workspace, conversation)).keys()].toSorted()).toEqual([
			'branch-2',
			'branch-3',
			'main'
		]);
	});

	test('one that has gone both ways is of one mind again', async () => {
		const { workspace, conversation, question, say } = await withAnswers();
		const [here, there] = await Promise.all([
			say('assistant', 'here', question.node, 'main'),
			say('assistant', 'there', question.node, 'main')
		]);
		must(await workspace.moveBranch(conversation, 'main', there.node));
		const after = await heads(workspace, conversation);
		expect(after.get('main')).toEqual([there.node]);
		expect([...after.values()].flat()).toContain(here.node);
	});

	test('a message of another conversation, or none, is refused and moves nothing', async () => {
		const { workspace, conversation, question } = await withAnswers('one');
		const elsewhere = must(await workspace.createConversation());
		const other = must(
			await workspace.append({ conversation: elsewhere, role: 'user', parents: [], parts: text('x') })
		);
		for (const target of [other.node, '00'.repeat(32)])
			expect(await workspace.moveBranch(conversation, 'main', target)).toMatchObject({
				ok: false,
				error: { code: 'conflict' }
			});
		expect(await workspace.moveBranch(conversation, 'no-such', question.node)).toMatchObject({ ok: false });
		expect((await heads(workspace, conversation)).get('main')).toEqual([question.node]);
	});
});

test('a run that merges seals into a message with all its parents, and its sources in order', async () => {
	const { workspace, conversation, answers } = await withAnswers('one', 'two', 'three');
	const ids = answers.map(({ node }) => node);
	const run = must(
		await workspace.createRun({
			conversation,
			parent: ids[0]!,
			merges: [ids[2]!, ids[1]!],
			links: [{ kind: 'quotes', target: ids[1]! }],
			endpoint: 'practice',
			model: 'm',
			params: {},
			receipt: null
		})
	);
	const sealed = must(await workspace.sealRun(run.id, { state: 'done', parts: text('all') }));
	expect(must(await workspace.node(sealed?.node ?? ''))).toMatchObject({
		kind: 'merge',
		parents: [ids[0], ids[2], ids[1]],
		links: [{ kind: 'quotes', target: ids[1] }]
	});
	expect(must(await workspace.runsAt(ids[0]!))).toMatchObject([{ id: run.id, node: sealed?.node }]);
});
