import { describe, expect, test } from 'bun:test';
import { CONVERSATION, randomTopologies, topologyToNodes } from '@stemma/testkit/graph-arbitrary';
import { createGraphRows, parentRows } from '@stemma/graph/graph-rows';
import type { NodeId } from '@stemma/graph/node';
import fc from 'fast-check';
import { insertNodes } from '../src/import/insert-nodes.ts';
import type { Store } from '../src/port.ts';
import { createWorkspace } from '../src/workspace/create-workspace.ts';
import { appendOp } from '@stemma/graph/op-log';
import { endOfChain, insertOpStatements, toChainState } from '../src/workspace/log.ts';
import type { OutlinePage, Workspace } from '../src/workspace/workspace.ts';
import { must, openTestStore, openTestWorkspace, testDeps, text } from './fixture.ts';

const DEVICE = '00'.repeat(16);

async function wholeOutline(
	workspace: Workspace,
	conversation: string,
	limit: number
): Promise<readonly OutlinePage[]> {
	const pages: OutlinePage[] = [];
	for (;;) {
		const before = pages.at(-1)?.keys.at(-1);
		const page = must(
			await workspace.outlinePage(conversation, { limit, ...(before === undefined ? {} : { before }) })
		);
		if (page.keys.length === 0) return pages;
		pages.push(page);
	}
}

async function say(
	workspace: Workspace,
	conversation: string,
	parent: NodeId | null,
	words: string,
	role: 'user' | 'assistant' = 'user'
): Promise<NodeId> {
	const added = must(
		await workspace.append({
			conversation,
			role,
			parents: parent === null ? [] : [parent],
			parts: text(words)
		})
	);
	return added.node;
}

test('pages of any size are the graph, newest first, parents behind their children', async () => {
	await fc.assert(
		fc.asyncProperty(randomTopologies(60), fc.integer({ min: 1, max: 25 }), async (topology, limit) => {
			const store = openTestStore();
			const workspace = createWorkspace({ store, ...testDeps, device: DEVICE });
			const nodes = topologyToNodes(topology);
			must(
				await insertNodes(
					store,
					DEVICE,
					nodes.map((node, i) => ({ conversation: CONVERSATION, node, createdAt: 1000 + i }))
				)
			);
			const pages = await wholeOutline(workspace, CONVERSATION, limit);
			const keys = pages.flatMap((page) => page.keys);
			expect(keys).toEqual(keys.toSorted((a, b) => b - a));
			const graph = createGraphRows(
				keys,
				pages.flatMap((page) => page.parents),
				pages.flatMap((page) => page.merges)
			);
			expect(graph.cut.size).toBe(0);
			const last = topology.length - 1;
			expect(graph.size).toBe(topology.length);
			for (const [i, parents] of topology.entries())
				expect(parentRows(graph, last - i)).toEqual(parents.map((parent) => last - parent));
			expect(pages.flatMap((page) => page.createdAt)).toEqual(nodes.map((_, i) => 1000 + last - i));
			expect(pages.map((page) => page.roles).join('')).toBe(
				nodes
					.map(({ header }) => header.role.charAt(0))
					.toReversed()
					.join('')
			);
			expect(pages.map((page) => page.kinds).join('')).toBe(
				nodes
					.map(({ header }) => (header.kind === 'merge' ? 'g' : 'm'))
					.toReversed()
					.join('')
			);
			await store.close();
		}),
		{ numRuns: 40 }
	);
});

test('what came after a key is read by itself, and other conversations stay out', async () => {
	const { workspace } = await openTestWorkspace();
	const here = must(await workspace.createConversation());
	const there = must(await workspace.createConversation());
	const root = await say(workspace, here, null, 'one');
	const apart = [await say(workspace, there, null, 'elsewhere'), await say(workspace, there, null, 'twice')];
	must(
		await workspace.append({
			conversation: there,
			kind: 'merge',
			role: 'user',
			parents: apart,
			parts: text('merged')
		})
	);
	const [newest] = must(await workspace.outlinePage(here, { limit: 1 })).keys;
	const added = await say(workspace, here, root, 'two');
	const since = must(await workspace.outlinePage(here, { after: newest ?? 0 }));
	expect(since.keys).toEqual([must(await workspace.outlineKey(here, added)) ?? 0]);
	expect(since.parents).toEqual([newest ?? 0]);
	expect(must(await workspace.outlinePage(here)).merges).toEqual([]);
	expect(must(await workspace.outlineKey(there, added))).toBeNull();
	expect(must(await workspace.outlinePage('ee'.repeat(16)))).toMatchObject({ keys: [], merges: [] });
});

test('an answer brings its model, as served, and what it cost over all attempts', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const parent = await say(workspace, conversation, null, 'question');
	const run = must(
		await workspace.createRun({
			conversation,
			parent,
			endpoint: 'e',
			model: 'asked',
			params: {},
			receipt: {}
		})
	);
	const attempt = {
		n: 1,
		provider: null,
		servedModel: null,
		upstreamId: null,
		httpStatus: 200,
		error: null,
		sentAt: 1,
		firstTokenAt: null,
		endedAt: 2,
		finish: null,
		nativeFinish: null,
		tokensIn: null,
		tokensCached: null,
		tokensOut: null,
		tokensReasoning: null,
		costNano: 5,
		flags: []
	};
	must(await workspace.recordRun(run.id, { attempts: [attempt] }));
	must(
		await workspace.sealRun(run.id, {
			state: 'done',
			parts: text('answer'),
			attempts: [{ ...attempt, n: 2, servedModel: 'served', costNano: 7 }]
		})
	);
	const page = must(await workspace.outlinePage(conversation));
	expect(page.answers).toEqual([[page.keys[0] ?? 0, 'served', 12]]);
});

test('lines are the first line of the words, short and whole characters; of a redacted text there is none', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const add = async (parts: Parameters<Workspace['append']>[0]['parts']): Promise<NodeId> =>
		must(await workspace.append({ conversation, role: 'user', parents: [], parts })).node;
	const emoji = await add(text(`\n\n  ${'🌿'.repeat(300)}\nsecond`));
	const quoted = await add([
		{ type: 'quote', source: emoji, from: 0, to: 1, text: 'said before' },
		{ type: 'text', text: 'What of it?' }
	]);
	const file = await add([{ type: 'file', hash: 'ab'.repeat(32), name: 'notes.txt', mime: 'text/plain' }]);
	const empty = await add(text(''));
	const fenced = await add(text('```ts\nconst a = 1;\n```'));
	const heading = await add(text('## > A heading'));
	const redacted = await add(text('secret'));
	must(
		await store.batch([
			{
				sql: 'UPDATE body SET nonce = NULL, data = NULL WHERE id = (SELECT body_id FROM node WHERE hash = unhex(?1))',
				params: [redacted]
			}
		])
	);
	const { keys } = must(await workspace.outlinePage(conversation));
	const lines = new Map(must(await workspace.outlineLines([...keys, 999])).map(({ id, line }) => [id, line]));
	expect(Object.fromEntries(lines)).toEqual({
		[emoji]: '🌿'.repeat(120),
		[quoted]: 'What of it?',
		[file]: 'notes.txt',
		[empty]: '',
		[fenced]: 'const a = 1;',
		[heading]: 'A heading',
		[redacted]: null
	});
});

test('texts are found by any part of them, in any case, and signs of LIKE are only signs', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const a = await say(workspace, conversation, null, 'Half of it: 50% off_line "quoted" \\ back');
	await say(workspace, conversation, null, 'text type parts');
	const find = async (words: string): Promise<readonly number[]> => {
		const found: number[] = [];
		for await (const keys of workspace.outlineMatches(conversation, words)) found.push(...keys);
		return found;
	};
	const key = must(await workspace.outlineKey(conversation, a)) ?? 0;
	for (const words of ['HALF', '50% off_', '"quoted"', '\\ back']) expect(await find(words)).toEqual([key]);
	for (const words of ['5_%', 'off-line', '{"te']) expect(await find(words)).toEqual([]);
});

test('tags and roles of messages are marks of the conversation they are in', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const node = await say(workspace, conversation, null, 'one');
	for (const [name, value] of [
		['tag', 'draft'],
		['role', 'critic'],
		['other', 'no']
	] as const) {
		const [end] = must(await store.batch([endOfChain(null)]));
		const { device, clock, last } = toChainState(end?.rows[0]);
		const op = appendOp(device, last, clock, testDeps.nowMs(), {
			kind: 'add',
			entity: 'node',
			id: node,
			name,
			value
		});
		must(await store.batch(insertOpStatements(op)));
	}
	const { tags, refs } = must(await workspace.outlineMarks(conversation));
	expect(tags.map(({ value }) => value)).toEqual(['critic', 'draft']);
	expect(refs.map(({ name, kind }) => [name, kind])).toEqual([['main', 'branch']]);
	const other = must(await workspace.createConversation());
	expect(must(await workspace.outlineMarks(other))).toEqual({ refs: [], tags: [], hidden: [] });
});

test('what is hidden from view is a mark, until it is shown again', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const node = await say(workspace, conversation, null, 'one');
	await say(workspace, conversation, node, 'two');
	const hidden = async (): Promise<readonly number[]> =>
		must(await workspace.outlineMarks(conversation)).hidden;
	expect(await hidden()).toEqual([]);
	const op = must(await workspace.hideNode(node, true));
	expect(await hidden()).toEqual([must(await workspace.outlineKey(conversation, node)) ?? 0]);
	must(await workspace.undo(op));
	expect(await hidden()).toEqual([]);
});

describe('bookmarks', () => {
	const start = async (): Promise<{
		store: Store;
		workspace: Workspace;
		conversation: string;
		node: NodeId;
	}> => {
		const { store, workspace } = await openTestWorkspace();
		const conversation = must(await workspace.createConversation());
		return { store, workspace, conversation, node: await say(workspace, conversation, null, 'one') };
	};
	const bookmarks = async (workspace: Workspace, conversation: string): Promise<readonly string[]> =>
		must(await workspace.outlineMarks(conversation)).refs.flatMap(({ name, kind }) =>
			kind === 'bookmark' ? [name] : []
		);

	test('come and go, and both can be undone', async () => {
		const { workspace, conversation, node } = await start();
		const put = must(await workspace.toggleBookmark(conversation, node, '  A line\nanother'));
		expect(put.isBookmarked).toBe(true);
		expect(await bookmarks(workspace, conversation)).toEqual(['A line']);
		const taken = must(await workspace.toggleBookmark(conversation, node, 'A line'));
		expect(taken.isBookmarked).toBe(false);
		expect(await bookmarks(workspace, conversation)).toEqual([]);
		must(await workspace.undo(taken.op));
		expect(await bookmarks(workspace, conversation)).toEqual(['A line']);
	});

	test('two of one name are told apart; none is named like a branch', async () => {
		const { workspace, conversation, node } = await start();
		const other = await say(workspace, conversation, node, 'two');
		const third = await say(workspace, conversation, node, 'three');
		must(await workspace.toggleBookmark(conversation, node, 'same'));
		must(await workspace.toggleBookmark(conversation, other, 'same'));
		must(await workspace.toggleBookmark(conversation, third, 'branch-7'));
		expect(await bookmarks(workspace, conversation)).toEqual(['same', 'same (2)', 'branch-7 (2)']);
	});

	test('get another name, as one step that can be undone', async () => {
		const { workspace, conversation, node } = await start();
		must(await workspace.toggleBookmark(conversation, node, 'first'));
		const renamed = must(await workspace.renameBookmark(conversation, node, ' The plan '));
		expect(renamed.name).toBe('The plan');
		expect(await bookmarks(workspace, conversation)).toEqual(['The plan']);
		must(await workspace.undo(renamed.op));
		expect(await bookmarks(workspace, conversation)).toEqual(['first']);
		// The name it has had before is free, that of another is not.
		must(await workspace.renameBookmark(conversation, node, 'The plan'));
		must(await workspace.renameBookmark(conversation, node, 'first'));
		expect(await bookmarks(workspace, conversation)).toEqual(['first']);
		const other = await say(workspace, conversation, node, 'two');
		must(await workspace.toggleBookmark(conversation, other, 'second'));
		expect(must(await workspace.renameBookmark(conversation, other, 'first')).name).toBe('first (2)');
		expect(must(await workspace.renameBookmark(conversation, other, 'main')).name).toBe('main (2)');
		const { refs } = must(await workspace.outlineMarks(conversation));
		const at = (name: string): number | undefined => refs.find((ref) => ref.name === name)?.key;
		expect(at('first')).toBe(must(await workspace.outlineKey(conversation, node)) ?? 0);
	});

	test('are not renamed to what they are called, nor where there is none', async () => {
		const { workspace, conversation, node } = await start();
		const none = await workspace.renameBookmark(conversation, node, 'x');
		expect(none.ok ? null : none.error.code).toBe('conflict');
		must(await workspace.toggleBookmark(conversation, node, 'x'));
		const same = await workspace.renameBookmark(conversation, node, 'x');
		expect(same.ok ? null : same.error.code).toBe('constraint');
		expect(await bookmarks(workspace, conversation)).toEqual(['x']);
	});

	test('stay where they are when one writes on, and are no branch to write on', async () => {
		const { workspace, conversation, node } = await start();
		must(await workspace.toggleBookmark(conversation, node, 'here'));
		const { leaf, ref } = must(await workspace.leafBelow(node));
		expect([leaf, ref]).toEqual([node, 'main']);
		must(await workspace.visit(conversation, node, null));
		expect(must(await workspace.leafBelow(node)).ref).toBe('main');
		const added = must(
			await workspace.append({ conversation, role: 'user', parents: [node], parts: text('on'), ref: 'here' })
		);
		expect(added.ref).not.toBe('here');
		const { refs } = must(await workspace.outlineMarks(conversation));
		const mark = refs.find(({ kind }) => kind === 'bookmark');
		expect(mark?.key).toBe(must(await workspace.outlineKey(conversation, node)) ?? 0);
	});

	test('of a message that is not in the conversation there is none', async () => {
		const { workspace, node } = await start();
		const other = must(await workspace.createConversation());
		const put = await workspace.toggleBookmark(other, node, 'x');
		expect(put.ok ? null : put.error.code).toBe('conflict');
	});
});

test('forks of a path are where its messages have versions, page by page', async () => {
	await fc.assert(
		fc.asyncProperty(
			randomTopologies(50),
			fc.nat(),
			fc.integer({ min: 1, max: 20 }),
			fc.nat(20),
			async (topology, pick, limit, from) => {
				const store = openTestStore();
				const workspace = createWorkspace({ store, ...testDeps, device: DEVICE });
				const nodes = topologyToNodes(topology);
				must(
					await insertNodes(
						store,
						DEVICE,
						nodes.map((node, i) => ({ conversation: CONVERSATION, node, createdAt: i }))
					)
				);
				const leaf = nodes[pick % nodes.length]?.id ?? '';
				const { entries, total } = must(await workspace.path(leaf, { limit: 100 }));
				const found = [];
				for (let before = total; before > from; before -= limit)
					found.unshift(...must(await workspace.pathForks(leaf, { before, limit, from })));
				expect(found).toEqual(
					entries
						.filter(({ versions, pos }) => versions.length > 1 && pos >= from)
						.map(({ id, pos, versions }) => ({ node: id, pos, versions: versions.length }))
				);
				await store.close();
			}
		),
		{ numRuns: 40 }
	);
});
