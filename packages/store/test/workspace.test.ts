import { expect, test } from 'bun:test';
import { fold } from '@stemma/graph/fold';
import { OP_COLUMNS, toHashedOp } from '../src/workspace/log.ts';
import type { Store } from '../src/port.ts';
import type { PathEntry, Workspace } from '../src/workspace/workspace.ts';
import { must, openTestStore, openTestWorkspace, text } from './fixture.ts';

const say = async (
	workspace: Workspace,
	conversation: string,
	role: 'user' | 'assistant',
	words: string,
	parent: string | null,
	ref: string | null = null
) =>
	must(
		await workspace.append({
			conversation,
			role,
			parents: parent === null ? [] : [parent],
			parts: text(words),
			ref
		})
	);

test('a conversation grows along its branch, and the path reads back in order', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	let parent: string | null = null;
	let ref: string | null = null;
	for (let i = 0; i < 40; i++) {
		const added = await say(
			workspace,
			conversation,
			i % 2 === 0 ? 'user' : 'assistant',
			`message ${i}`,
			parent,
			ref
		);
		parent = added.node;
		ref = added.ref;
	}
	expect(ref).toBe('main');
	const window = must(await workspace.path(parent ?? '', { limit: 10 }));
	expect(window.total).toBe(40);
	expect(window.entries.map((entry) => entry.pos)).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
	const earlier = must(await workspace.path(parent ?? '', { limit: 5, before: 30 }));
	expect(earlier.entries.map((entry) => entry.body?.parts)).toEqual(
		[25, 26, 27, 28, 29].map((i) => text(`message ${i}`))
	);
	const listed = must(await workspace.conversations());
	expect(listed).toMatchObject([{ id: conversation, preview: 'message 0', title: null }]);
});

test('ancestors come newest first, whatever the planner knows of the tables', async () => {
	const { store, workspace } = await openTestWorkspace();
	for (let i = 0; i < 300; i++) must(await workspace.createConversation());
	const conversation = must(await workspace.createConversation());
	let leaf = await say(workspace, conversation, 'user', 'message 0', null);
	for (let i = 1; i < 20; i++) leaf = await say(workspace, conversation, 'user', `message ${i}`, leaf.node);
	const positions = async (): Promise<readonly number[]> => {
		const found: number[] = [];
		for await (const nodes of workspace.ancestors(leaf.node)) found.push(...nodes.map(({ pos }) => pos));
		return found;
	};
	const newestFirst = Array.from({ length: 20 }, (_, i) => 19 - i);
	expect(await positions()).toEqual(newestFirst);
	must(await store.query('ANALYZE'));
	expect(await positions(), 'after ANALYZE').toEqual(newestFirst);
});

test('entries read before are given back as they are, except beside what has come since', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const ask = must(await workspace.append({ conversation, role: 'user', parents: [], parts: text('?') }));
	const first = must(
		await workspace.append({ conversation, role: 'assistant', parents: [ask.node], parts: text('1') })
	);
	const { entries: have } = must(await workspace.path(first.node, { limit: 10 }));
	const second = must(
		await workspace.append({ conversation, role: 'assistant', parents: [ask.node], parts: text('2') })
	);
	const more = must(
		await workspace.append({ conversation, role: 'user', parents: [first.node], parts: text('!') })
	);

	const again = must(await workspace.path(more.node, { limit: 10, have }));
	expect(again).toEqual(must(await workspace.path(more.node, { limit: 10 })));
	expect(again.entries[0]).toBe(have[0] as PathEntry);
	expect(again.entries[1]?.versions).toEqual([first.node, second.node]);
	expect(again.entries[1]).not.toBe(have[1] as PathEntry);
	// Those that are not on the path are not made part of it.
	const other = must(await workspace.path(second.node, { limit: 10, have: again.entries }));
	expect(other.entries.map(({ id }) => id)).toEqual([ask.node, second.node]);
	const short = must(await workspace.path(more.node, { limit: 1, have: again.entries }));
	expect(short.entries).toEqual([again.entries[2] as PathEntry]);
});

test('an answer beside another starts a branch, and both leaves stay held by a ref', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const question = await say(workspace, conversation, 'user', 'why?', null);
	const first = await say(workspace, conversation, 'assistant', 'because', question.node, 'main');
	const second = await say(workspace, conversation, 'assistant', 'no reason', question.node, 'main');
	expect([first.ref, second.ref]).toEqual(['main', 'branch-2']);
	const window = must(await workspace.path(second.node, { limit: 10 }));
	expect(window.entries[1]?.versions).toEqual([first.node, second.node]);
	const refs = must(await workspace.refs(conversation));
	expect(refs.map(({ name, heads }) => [name, heads.map((head) => head.node)])).toEqual([
		['main', [first.node]],
		['branch-2', [second.node]]
	]);
});

test('two tabs that answer one leaf at once both keep their answer', async () => {
	const { store, workspace } = await openTestWorkspace();
	const other = (await openTestWorkspace(store)).workspace;
	const conversation = must(await workspace.createConversation());
	const question = await say(workspace, conversation, 'user', 'why?', null);
	const [one, two] = await Promise.all([
		say(workspace, conversation, 'assistant', 'one', question.node, 'main'),
		say(other, conversation, 'assistant', 'two', question.node, 'main')
	]);
	const heads = must(await workspace.refs(conversation)).flatMap((ref) => ref.heads.map((head) => head.node));
	expect(heads.toSorted()).toEqual([one.node, two.node].toSorted());
});

test('switching versions returns to the leaf one left', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const root = await say(workspace, conversation, 'user', 'root', null);
	const left = await say(workspace, conversation, 'assistant', 'left', root.node, 'main');
	const leftA = await say(workspace, conversation, 'user', 'left a', left.node, 'main');
	const leftB = await say(workspace, conversation, 'user', 'left b', left.node, null);
	const right = await say(workspace, conversation, 'assistant', 'right', root.node, null);
	must(await workspace.visit(conversation, leftA.node, 'main'));
	must(await workspace.visit(conversation, right.node, right.ref));
	expect(must(await workspace.leafBelow(left.node))).toEqual({ leaf: leftA.node, ref: 'main' });
	must(await workspace.visit(conversation, leftB.node, leftB.ref));
	expect(must(await workspace.leafBelow(left.node))).toEqual({ leaf: leftB.node, ref: leftB.ref });
	expect(must(await workspace.leafBelow(right.node)).leaf).toBe(right.node);
	expect(must(await workspace.lastLeaf(conversation))).toEqual({ leaf: leftB.node, ref: leftB.ref });
});

test('below a message where nobody has been, the branch end that moved last is where one goes on', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const say = async (words: string, parents: readonly string[]) =>
		must(await workspace.append({ conversation, role: 'user', parents, parts: text(words) }));
	const root = await say('root', []);
	await say('older', [root.node]);
	await say('between', [root.node]);
	const newer = await say('newer', [root.node]);
	expect(must(await workspace.leafBelow(root.node))).toEqual({ leaf: newer.node, ref: newer.ref });
});

test('a fork holds its place in the middle of a path until it grows', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const root = await say(workspace, conversation, 'user', 'root', null);
	const answer = await say(workspace, conversation, 'assistant', 'answer', root.node, 'main');
	await say(workspace, conversation, 'user', 'more', answer.node, 'main');
	const fork = must(await workspace.fork(conversation, answer.node));
	must(await workspace.visit(conversation, answer.node, fork.ref));
	expect(must(await workspace.lastLeaf(conversation))).toEqual({ leaf: answer.node, ref: fork.ref });
	const added = await say(workspace, conversation, 'user', 'elsewhere', answer.node, fork.ref);
	expect(added.ref).toBe(fork.ref);
	expect(must(await workspace.lastLeaf(conversation))?.leaf).toBe(added.node);
});

test('rename, pin and hide undo and redo', async () => {
	const { workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation({ title: 'first' }));
	const renamed = must(await workspace.rename(id, 'second'));
	const undone = must(await workspace.undo(renamed));
	expect(must(await workspace.conversation(id))?.title).toBe('first');
	must(await workspace.undo(undone));
	expect(must(await workspace.conversation(id))?.title).toBe('second');
	const hidden = must(await workspace.setHidden(id, true));
	expect(must(await workspace.conversations())).toEqual([]);
	must(await workspace.undo(hidden));
	expect(must(await workspace.conversations())).toHaveLength(1);
});

test('a run is journalled and sealed once, whoever seals', async () => {
	const { store, workspace } = await openTestWorkspace();
	const other = (await openTestWorkspace(store)).workspace;
	const conversation = must(await workspace.createConversation());
	const question = await say(workspace, conversation, 'user', 'why?', null);
	const run = must(
		await workspace.createRun({
			conversation,
			parent: question.node,
			endpoint: 'practice',
			model: 'practice',
			params: {},
			receipt: {},
			ref: 'main'
		})
	);
	// What it is told to be is what it reads as.
	expect(must(await workspace.run(run.id))).toEqual(run);
	must(await workspace.recordRun(run.id, { chunks: [{ seq: 1, channel: 'content', text: 'be' }] }));
	must(
		await workspace.recordRun(run.id, {
			state: 'streaming',
			chunks: [
				{ seq: 1, channel: 'content', text: 'be' },
				{ seq: 2, channel: 'content', text: 'cause' }
			]
		})
	);
	expect(must(await workspace.run(run.id))?.state).toBe('streaming');
	expect(must(await workspace.journalled(run.id)).map((chunk) => chunk.text)).toEqual(['be', 'cause']);
	expect(must(await workspace.openRuns())).toHaveLength(1);
	expect(must(await workspace.openRuns([run.id]))).toEqual([]);
	const [sealed, again] = await Promise.all([
		workspace.sealRun(run.id, { state: 'done', parts: text('because') }),
		other.sealRun(run.id, { state: 'interrupted', parts: text('because') })
	]);
	expect(must(sealed)?.node).toBe(must(again)?.node);
	expect(must(await workspace.openRuns())).toEqual([]);
	expect(must(await workspace.journalled(run.id))).toEqual([]);
	expect(must(await workspace.children(conversation, question.node))).toHaveLength(1);
	const window = must(await workspace.path(must(sealed)?.node ?? '', { limit: 10 }));
	expect(window.entries[1]?.run).toMatchObject({ id: run.id, state: 'done', node: must(sealed)?.node });
});

test('a run without text seals without a node and is found as failed', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const question = await say(workspace, conversation, 'user', 'why?', null);
	const run = must(
		await workspace.createRun({
			conversation,
			parent: question.node,
			endpoint: 'e',
			model: 'm',
			params: {},
			receipt: {}
		})
	);
	const failure = { code: 'auth', message: 'no' };
	expect(must(await workspace.sealRun(run.id, { state: 'failed', parts: [], failure }))).toBeNull();
	expect(must(await workspace.lastFailure(question.node))).toMatchObject({
		id: run.id,
		state: 'failed',
		failure
	});
	const other = await say(workspace, conversation, 'user', 'how?', question.node);
	expect(must(await workspace.lastFailure(other.node))).toBeNull();
	// Whatever is said of it later, it has ended.
	must(await workspace.recordRun(run.id, { state: 'streaming' }));
	expect(must(await workspace.run(run.id))?.state).toBe('failed');
});

test('nodes, edges and operations cannot be changed or removed', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const root = await say(workspace, conversation, 'user', 'root', null);
	await say(workspace, conversation, 'assistant', 'answer', root.node, 'main');
	for (const sql of [
		`UPDATE node SET role = 'tool'`,
		'DELETE FROM node',
		'DELETE FROM edge',
		'UPDATE op SET seq = 9',
		'DELETE FROM op',
		`UPDATE body SET data = 'x'`,
		'DELETE FROM body'
	]) {
		const result = await store.batch([{ sql }]);
		expect(result.ok ? sql : result.error.code, sql).toBe('constraint');
	}
});

test('a message below a missing parent is refused and leaves nothing behind', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const result = await workspace.append({
		conversation,
		role: 'user',
		parents: ['ab'.repeat(32)],
		parts: text('x')
	});
	expect(result.ok).toBe(false);
	expect(must(await store.query('SELECT count(*) AS n FROM body'))).toEqual([{ n: 0 }]);
});

test('the materialised state is the fold of the operations', async () => {
	const store = openTestStore();
	const { workspace } = await openTestWorkspace(store);
	const conversation = must(await workspace.createConversation({ title: 'a' }));
	must(await workspace.setPinned(conversation, true));
	must(await workspace.saveSetting('theme', 'dark'));
	const root = await say(workspace, conversation, 'user', 'root', null);
	await say(workspace, conversation, 'assistant', 'one', root.node, 'main');
	const two = await say(workspace, conversation, 'assistant', 'two', root.node, null);
	must(await workspace.undo(two.op));
	must(await workspace.rename(conversation, ''));
	const rows = must(await store.query(`SELECT ${OP_COLUMNS} FROM op o JOIN device d ON d.id = o.device_id`));
	const state = fold(rows.map(toHashedOp));
	const refs = must(await workspace.refs(conversation));
	expect(
		new Map(refs.map((ref) => [`${conversation}/${ref.name}`, ref.heads.map((head) => head.node)]))
	).toEqual(new Map([...state.refs].map(([key, ref]) => [key, [...ref.heads.values()]])));
	const row = must(await workspace.conversation(conversation));
	expect(row?.title ?? null).toBe(
		(state.scalars.get(`conversation/${conversation}/title`) as string) ?? null
	);
	expect(row?.pinned).toBe(state.scalars.get(`conversation/${conversation}/pinned`) as boolean);
	expect(must(await workspace.settings()).get('theme')).toBe(state.scalars.get('setting/app/theme') ?? null);
});

test('drafts are kept per place and vanish when emptied', async () => {
	const { workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation());
	must(await workspace.saveDraft(id, null, { text: 'hel', attached: [] }));
	must(await workspace.saveDraft(id, null, { text: 'hello', attached: [] }));
	expect(must(await workspace.draft(id, null)).text).toBe('hello');
	expect(must(await workspace.draft('', null)).text).toBe('');
	must(await workspace.saveDraft(id, null, { text: '', attached: [] }));
	expect(must(await workspace.draft(id, null)).text).toBe('');
});

test('a write gets through however often another tab is faster, and one refused for itself is not tried on', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	let lost = 0;
	let written = 0;
	const slow: Store = {
		...store,
		async batch(statements, options) {
			if (options?.touched) written++;
			// Between its reading and its writing the other writes.
			if (options?.touched && lost < 30) must(await workspace.rename(conversation, `faster ${++lost}`));
			return store.batch(statements, options);
		}
	};
	const { workspace: behind } = await openTestWorkspace(slow);
	must(await behind.rename(conversation, 'got through'));
	expect([lost, written]).toEqual([30, 31]);
	expect(must(await workspace.conversation(conversation))?.title).toBe('got through');

	written = 0;
	const gone = '0'.repeat(32);
	const refused = await behind.append({
		conversation,
		role: 'user',
		parents: [],
		parts: text('left the queue'),
		queued: gone
	});
	expect(refused.ok ? null : refused.error.code).toBe('conflict');
	expect(written).toBe(1);
});
