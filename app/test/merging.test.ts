/** Columns, prompts and answers side by side, on a real workspace. */
import { describe, expect, test } from 'bun:test';
import { mergeRequest, passagesOf, planMerge } from '@stemma/graph/merge-plan';
import type { NodeId } from '@stemma/graph/node';
import type { Part } from '@stemma/graph/part';
import type { Result } from '@stemma/graph/result';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import type { RunRow, Workspace } from '@stemma/store/workspace/workspace';
import { nodesOf, passagesIn, readColumns, readMore } from '../src/lib/state/columns.ts';
import { fanOutSlots, isOneOfSeveral } from '../src/lib/state/fan-out-slots.ts';
import { buildPrompt, readSent } from '../src/lib/state/prompt.ts';

let counter = 0;
const must = <T>(result: Result<T, unknown>): T => {
	if (!result.ok) throw new Error(JSON.stringify(result.error));
	return result.value;
};

async function open() {
	const store = must(openBunStore({ path: ':memory:', nowMs: 1 }));
	let now = 1000;
	const deps = {
		store,
		nowMs: () => (now += 5),
		randomHex: (bytes: number) => (++counter).toString(16).padStart(bytes * 2, '0')
	};
	const workspace = must(await openWorkspace(deps, 'test'));
	const conversation = must(await workspace.createConversation());
	const say = async (
		role: 'user' | 'assistant',
		words: string | readonly Part[],
		parents: readonly NodeId[],
		kind: 'message' | 'merge' = 'message'
	): Promise<NodeId> => {
		const parts: readonly Part[] = typeof words === 'string' ? [{ type: 'text', text: words }] : words;
		return must(await workspace.append({ conversation, role, parents, parts, kind })).node;
	};
	return { store, workspace, conversation, say };
}

/** A question, two answers to it, and a turn more on the second. */
async function withBranches() {
	const opened = await open();
	const question = await opened.say('user', 'why?', []);
	const first = await opened.say('assistant', 'one\n\ntwo', [question]);
	const second = await opened.say('assistant', 'other', [question]);
	const more = await opened.say('user', 'and?', [second]);
	const end = await opened.say('assistant', 'so', [more]);
	return { ...opened, question, first, second, more, end };
}

const redact = async (store: Awaited<ReturnType<typeof open>>['store'], node: NodeId): Promise<void> => {
	must(
		await store.batch([
			{
				sql: 'UPDATE body SET nonce = NULL, data = NULL WHERE id = (SELECT body_id FROM node WHERE hash = unhex(?1))',
				params: [node]
			}
		])
	);
};

describe('columns', () => {
	test('begin where the paths part, each with all that is its own', async () => {
		const { workspace, conversation, question, first, second, more, end } = await withBranches();
		const read = must(await readColumns(workspace, conversation, [first, end]));
		expect(read.common?.id).toBe(question);
		expect(read.columns.map(({ entries }) => entries.map(({ id }) => id))).toEqual([
			[first],
			[second, more, end]
		]);
	});
	test('begin with a message that the others go on from', async () => {
		const { workspace, conversation, question, first, second, more, end } = await withBranches();
		const read = must(await readColumns(workspace, conversation, [second, end]));
		expect(read.columns.map(({ entries }) => entries.map(({ id }) => id))).toEqual([
			[second],
			[second, more, end]
		]);
		expect(read.relation.behind).toEqual([second]);
		expect(must(await readColumns(workspace, conversation, [question, first])).common?.id).toBe(question);
	});
	test('of a very long branch the beginning is shown, and how much is not', async () => {
		const { workspace, conversation, say, question, first } = await withBranches();
		let leaf = first;
		for (let i = 0; i < 50; i++) leaf = await say(i % 2 === 0 ? 'user' : 'assistant', `turn ${i}`, [leaf]);
		const other = await say('assistant', 'another', [question]);
		const [long] = must(await readColumns(workspace, conversation, [leaf, other])).columns;
		expect(long?.entries[0]?.id).toBe(first);
		expect((long?.entries.length ?? 0) + (long?.later ?? 0)).toBe(51);
		expect(long?.later).toBeGreaterThan(0);
		expect(long?.tip?.id).toBe(leaf);
		// The rest comes when asked for, in its place and none twice.
		let column = long;
		for (let pages = 0; column && column.later > 0 && pages < 5; pages++)
			column = must(await readMore(workspace, column));
		expect(column?.later).toBe(0);
		const whole = must(await workspace.path(leaf, { limit: 51 }));
		expect(column?.entries.map(({ id }) => id)).toEqual(whole.entries.map(({ id }) => id));
	});
	test('of two first messages have nothing in common', async () => {
		const { workspace, conversation, say, first } = await withBranches();
		const root = await say('user', 'another way to begin', []);
		const read = must(await readColumns(workspace, conversation, [root, first]));
		expect(read.common).toBeNull();
		expect(read.columns.map(({ entries }) => entries.length)).toEqual([1, 2]);
	});
	test('a redacted message has its place and no passages', async () => {
		const { store, workspace, conversation, first, second } = await withBranches();
		await redact(store, first);
		const { columns } = must(await readColumns(workspace, conversation, [first, second]));
		expect(columns.map((column) => passagesIn(column).flat().length)).toEqual([0, 1]);
	});
	test('one, seven, unknown ones and those of another conversation are refused', async () => {
		const { workspace, conversation, first, second } = await withBranches();
		const elsewhere = must(await workspace.createConversation());
		const problem = async (nodes: readonly NodeId[], of = conversation) => {
			const read = await readColumns(workspace, of, nodes);
			return read.ok ? null : read.error;
		};
		const many = Array.from({ length: 7 }, (_, i) => String(i).repeat(64));
		expect(await problem([first])).toBe('too_few');
		expect(await problem(many)).toBe('too_many');
		expect(await problem([first, 'ab'.repeat(32)])).toBe('unknown');
		expect(await problem([first, 'not an id'])).toBe('unknown');
		expect(await problem([first, second], elsewhere)).toBe('elsewhere');
		expect(nodesOf(`${first},${second},${first},`)).toEqual([first, second]);
		expect(nodesOf(null)).toEqual([]);
	});
});

const settings = { window: null, factor: 1, instructions: [] };
const written = (messages: readonly { role: string; content: unknown }[]): readonly string[] =>
	messages.map(({ role, content }) => `${role}: ${String(content)}`);

async function expectExact(workspace: Workspace, stored: RunRow['receipt'], sent: readonly string[]) {
	const read = must(await readSent(workspace, stored));
	expect(read?.isExact).toBe(true);
	expect(written(read?.built.messages ?? [])).toEqual([...sent]);
}

describe('what a model gets to read', () => {
	test('[G34] [G35] below a merge: what is shared, each branch with its label, then the merge', async () => {
		const { workspace, conversation, say, first, end } = await withBranches();
		const columns = must(await readColumns(workspace, conversation, [first, end])).columns;
		const picked = columns
			.flatMap((column) => passagesIn(column).flat())
			.filter(({ text }) => text !== 'one');
		const plan = must(
			planMerge(
				columns.flatMap(({ tip }) => tip ?? []),
				new Set(),
				picked
			)
		);
		const merge = await say('assistant', plan.parts, plan.parents, 'merge');
		const leaf = await say('user', 'go on', [merge]);
		const prompt = must(await buildPrompt(workspace, { ...settings, conversation, leaf }));
		const sent = [
			'user: why?',
			'assistant: [Branch 1 of 2]\none\n\ntwo\n\n[Branch 2 of 2]\nother',
			'user: and?',
			'assistant: so\n\ntwo\n\nother\n\nand?\n\nso',
			'user: go on'
		];
		expect(written(prompt.messages)).toEqual(sent);
		await expectExact(workspace, prompt.stored, sent);
	});
	test('[G66] of a merge that it is to write: what all share, then the passages', async () => {
		const { workspace, conversation, question, first } = await withBranches();
		const node = must(await workspace.node(first));
		const request = mergeRequest(passagesOf(first, node?.body ?? null));
		const prompt = must(await buildPrompt(workspace, { ...settings, conversation, leaf: question, request }));
		const sent = [`user: why?\n\n${request}`];
		expect(written(prompt.messages)).toEqual(sent);
		await expectExact(workspace, prompt.stored, sent);
		const alone = must(await buildPrompt(workspace, { ...settings, conversation, leaf: null, request }));
		expect(written(alone.messages)).toEqual([`user: ${request}`]);
		await expectExact(workspace, alone.stored, [`user: ${request}`]);
	});
	test('a branch that was redacted is left out, and the merge is still read', async () => {
		const { store, workspace, conversation, say, first, second } = await withBranches();
		const merge = await say('assistant', 'both', [first, second], 'merge');
		await redact(store, second);
		const prompt = must(await buildPrompt(workspace, { ...settings, conversation, leaf: merge }));
		expect(written(prompt.messages)).toEqual([
			'user: why?',
			'assistant: [Branch 1 of 2]\none\n\ntwo\n\nboth'
		]);
		expect(prompt.receipt.leftOut).toEqual([{ reason: 'redacted', newest: second, count: 1 }]);
	});
});

describe('answers to one question', () => {
	const run = (id: string, createdAt: number, more: Partial<RunRow> = {}): RunRow =>
		({
			id,
			createdAt,
			node: null,
			endedAt: null,
			endpoint: 'e',
			model: 'm',
			ref: null,
			links: [],
			...more
		}) as RunRow;
	const slots = (...runs: readonly RunRow[]) => fanOutSlots(runs).map(({ key, run: { id } }) => [key, id]);

	test('stand in the order in which they were asked for', () => {
		expect(slots(run('b', 2), run('a', 1), run('c', 2))).toEqual([
			['a', 'a'],
			['b', 'b'],
			['c', 'c']
		]);
	});
	test('one that is asked for again takes the place of its failure, and of no other', () => {
		const failed = run('a', 1, { endedAt: 5 });
		const done = run('b', 1, { endedAt: 5, node: 'n' });
		const other = run('c', 1, { endedAt: 5, model: 'another' });
		expect(slots(failed, done, other, run('d', 9))).toEqual([
			['a', 'd'],
			['b', 'b'],
			['c', 'c']
		]);
		expect(slots(failed, run('d', 9, { endedAt: 12 }), run('e', 20))).toEqual([['a', 'e']]);
	});
	test('samples that run at the same time are never taken for each other', () => {
		expect(slots(run('a', 1, { endedAt: 5 }), run('b', 2), run('c', 3, { endedAt: 4 }))).toHaveLength(3);
	});
	test('are told from answers that go on with a branch or replace another', () => {
		expect(isOneOfSeveral(run('a', 1))).toBe(true);
		expect(isOneOfSeveral(run('a', 1, { ref: 'main' }))).toBe(false);
		expect(isOneOfSeveral(run('a', 1, { links: [{ kind: 'regen_of', target: 'n' }] }))).toBe(false);
	});
});
