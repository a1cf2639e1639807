/** Undo, redo, restore, marks and removal as the workspace offers them. */
import { expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBunStore } from '../src/bun/open-bun-store.ts';
import { openWorkspace } from '../src/workspace/create-workspace.ts';
import type { OperationRow } from '../src/workspace/operations.ts';
import type { Workspace } from '../src/workspace/workspace.ts';
import { openBunBox } from './boxes.ts';
import { must, openTestWorkspace, testDeps, text } from './fixture.ts';

interface Said {
	readonly node: string;
	readonly ref: string;
	readonly op: string;
}
const say = async (
	workspace: Workspace,
	conversation: string,
	words: string,
	parent: Said | null,
	{ ref = parent?.ref ?? null, seen = null as string | null } = {}
): Promise<Said> =>
	must(
		await workspace.append({
			conversation,
			role: 'user',
			parents: parent === null ? [] : [parent.node],
			parts: text(words),
			ref,
			seen
		})
	);
const endsOf = async (
	workspace: Workspace,
	conversation: string
): Promise<Record<string, readonly string[]>> =>
	Object.fromEntries(must(await workspace.refs(conversation)).map(({ name, ends }) => [name, ends]));
const titleOf = async (workspace: Workspace, id: string): Promise<string | null> =>
	must(await workspace.conversation(id))?.title ?? null;
const log = async (workspace: Workspace): Promise<readonly OperationRow[]> =>
	must(await workspace.operations({}, { limit: 1000 }));
const errorOf = async (outcome: Promise<{ ok: boolean; error?: { code: string; message: string } }>) => {
	const { ok, error } = await outcome;
	return ok ? null : { code: error?.code, message: error?.message };
};

test('[G72] undo and redo go back and forth over names, tags, pins and branches, and name what they take back', async () => {
	const { workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation({ title: 'one' }));
	const first = await say(workspace, id, 'first', null);
	const second = await say(workspace, id, 'second', first);
	must(await workspace.rename(id, 'two'));
	must(await workspace.mark({ entity: 'node', id: first.node, name: 'tag' }, 'later'));
	must(await workspace.mark({ entity: 'conversation', id, name: 'pin' }, second.node));
	must(await workspace.saveSetting('noise', true));

	const state = async (): Promise<unknown> => ({
		title: await titleOf(workspace, id),
		tags: must(await workspace.nodeMarks([first.node])).get(first.node)?.tags ?? [],
		pins: must(await workspace.conversationMarks(id)).pins,
		ends: await endsOf(workspace, id)
	});
	const all = { title: 'two', tags: ['later'], pins: [second.node], ends: { main: [second.node] } };
	const states = [
		all,
		{ ...all, pins: [] },
		{ ...all, pins: [], tags: [] },
		{ ...all, pins: [], tags: [], title: 'one' },
		{ title: 'one', tags: [], pins: [], ends: { main: [first.node] } },
		{ title: 'one', tags: [], pins: [], ends: {} },
		{ title: null, tags: [], pins: [], ends: {} }
	];
	expect(await state()).toEqual(all);
	for (let round = 0; round < 3; round++) {
		for (const before of states.slice(1)) {
			const taken = must(await workspace.takeBackNext('undo'));
			expect(taken?.turn).toBe('undo');
			expect(await state()).toEqual(before);
		}
		expect(must(await workspace.takeBackNext('undo'))).toBeNull();
		for (const after of states.toReversed().slice(1)) {
			expect(must(await workspace.takeBackNext('redo'))?.turn).toBe('redo');
			expect(await state()).toEqual(after);
		}
		expect(must(await workspace.takeBackNext('redo'))).toBeNull();
	}
	must(await workspace.takeBackNext('undo'));
	must(await workspace.rename(id, 'three'));
	expect(must(await workspace.takeBackNext('redo')), 'something new was done').toBeNull();
});

test('the log tells newest first, page by page, what was done to which message of which conversation', async () => {
	const { workspace } = await openTestWorkspace();
	const a = must(await workspace.createConversation({ title: 'a' }));
	const b = must(await workspace.createConversation());
	const first = await say(workspace, a, 'first line\nand more', null);
	await say(workspace, b, 'elsewhere', null);
	must(await workspace.mark({ entity: 'node', id: first.node, name: 'role' }, 'decision'));
	const renamed = must(await workspace.rename(a, 'A'));
	must(await workspace.undo(renamed));
	must(await workspace.saveSetting('theme', 'dark'));

	const all = await log(workspace);
	expect(
		all.map(({ turn, payload, conversation, node }) => [
			turn,
			payload.kind,
			conversation?.title,
			node?.firstLine
		])
	).toEqual([
		['undo', 'set', 'a', undefined],
		['do', 'set', 'a', undefined],
		['do', 'add', 'a', 'first line'],
		['do', 'ref', 'elsewhere', 'elsewhere'],
		['do', 'ref', 'a', 'first line'],
		['do', 'set', 'a', undefined]
	]);
	expect(all.map(({ canTakeBack }) => canTakeBack)).toEqual([true, false, true, true, true, true]);
	expect(all[0]).toMatchObject({ device: 'test', isOwn: true, size: 1 });

	const paged: OperationRow[] = [];
	for (let after = paged.at(-1); ; after = paged.at(-1)) {
		const page = must(await workspace.operations({}, { limit: 2, ...(after ? { after } : {}) }));
		if (page.length === 0) break;
		paged.push(...page);
	}
	expect(paged).toEqual([...all]);
	const names = must(await workspace.operations({ facet: 'name' }, { limit: 10 }));
	expect(names).toHaveLength(3);
	const ofB = must(await workspace.operations({ conversation: b }, { limit: 10 }));
	expect(ofB.map(({ id }) => id)).toEqual([all[3]?.id ?? '']);
	const tagsOfA = must(await workspace.operations({ conversation: a, facet: 'tag' }, { limit: 10 }));
	expect(tagsOfA.map(({ id }) => id)).toEqual([all[2]?.id ?? '']);
});

test('[G73] what is undone is not undone twice, by whichever tab', async () => {
	const { store, workspace } = await openTestWorkspace();
	const other = (await openTestWorkspace(store)).workspace;
	const id = must(await workspace.createConversation({ title: 'one' }));
	const renamed = must(await workspace.rename(id, 'two'));
	const both = await Promise.all([workspace.undo(renamed), other.undo(renamed)]);
	expect(both.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
	expect(await titleOf(workspace, id)).toBe('one');
	expect(await errorOf(workspace.undo(renamed))).toEqual({
		code: 'conflict',
		message: 'This is undone already.'
	});
	const undone = (await log(workspace))[0];
	must(await workspace.undo(undone?.id ?? ''));
	expect(await titleOf(workspace, id)).toBe('two');
	expect(await errorOf(workspace.undo(undone?.id ?? ''))).toMatchObject({
		message: 'This is redone already.'
	});
});

test('[G73] undoing what another tab has built upon says so and loses nothing', async () => {
	const { store, workspace } = await openTestWorkspace();
	const other = (await openTestWorkspace(store)).workspace;
	const id = must(await workspace.createConversation({ title: 'one' }));
	const question = await say(workspace, id, 'question', null);
	const mine = await say(workspace, id, 'mine', question);
	const theirs = await say(other, id, 'theirs', mine);
	const taken = must(await workspace.takeBack(mine.op));
	expect(taken).toMatchObject({ turn: 'undo', wasBuiltUpon: true });
	const [main] = must(await workspace.refs(id));
	expect(main?.heads.map(({ node }) => node).toSorted()).toEqual([question.node, theirs.node].toSorted());
	expect(main?.ends, 'the newer message stays where the branch is').toEqual([theirs.node]);

	const fork = must(await workspace.fork(id, question.node));
	const there = await say(other, id, 'in the fork', { ...question, ref: fork.ref });
	must(await workspace.takeBack(fork.op));
	expect((await endsOf(workspace, id))[fork.ref]).toEqual([there.node]);

	const renamed = must(await workspace.rename(id, 'two'));
	must(await other.rename(id, 'three'));
	expect(must(await workspace.takeBack(renamed))).toMatchObject({ wasBuiltUpon: true });
	expect((await log(workspace)).map(({ payload }) => ('value' in payload ? payload.value : ''))).toContain(
		'three'
	);
});

test('two tabs that write on from one message leave a branch with two ends, and both can be kept', async () => {
	const { store, workspace } = await openTestWorkspace();
	const other = (await openTestWorkspace(store)).workspace;
	const id = must(await workspace.createConversation());
	const question = await say(workspace, id, 'question', null);
	const [mine, theirs] = await Promise.all([
		say(workspace, id, 'mine', question, { seen: question.op }),
		say(other, id, 'theirs', question, { seen: question.op })
	]);
	expect((await endsOf(workspace, id))['main']?.toSorted()).toEqual([mine.node, theirs.node].toSorted());
	const kept = must(await workspace.keepBoth(id, 'main', mine.node));
	expect(await endsOf(workspace, id)).toEqual({ main: [mine.node], 'branch-2': [theirs.node] });
	expect(kept.refs).toEqual(['branch-2']);
	expect(await errorOf(workspace.keepBoth(id, 'main', mine.node))).toMatchObject({ code: 'conflict' });
	must(await workspace.undo(kept.op));
	expect((await endsOf(workspace, id))['main']?.toSorted(), 'undone as one').toEqual(
		[mine.node, theirs.node].toSorted()
	);
	expect((await endsOf(workspace, id))['branch-2']).toBeUndefined();
});

test('[G74] an earlier state comes back by a plan, and the plan is undone as one', async () => {
	const { workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation({ title: 'one' }));
	const first = await say(workspace, id, 'first', null);
	must(await workspace.mark({ entity: 'conversation', id, name: 'tag' }, 'kept'));
	const point = (await log(workspace))[0]?.id ?? '';
	const second = await say(workspace, id, 'second', first);
	must(await workspace.rename(id, 'two'));
	must(await workspace.unmark({ entity: 'conversation', id, name: 'tag' }, 'kept'));
	const later = must(await workspace.createConversation({ title: 'later' }));
	await say(workspace, later, 'begun since', null);

	const plan = must(await workspace.planRestore(point, 'after'));
	expect(plan).toMatchObject({ begunSince: 1, buriedSince: 0 });
	expect(
		plan.changes
			.map(({ payload, conversation, node }) => [payload.kind, conversation?.id, node?.id])
			.toSorted()
	).toEqual(
		[
			['add', id, undefined],
			['ref', id, first.node],
			['set', id, undefined],
			['set', later, undefined]
		].toSorted()
	);
	must(await workspace.rename(id, 'meanwhile'));
	expect(await errorOf(workspace.restore(plan))).toMatchObject({ code: 'conflict' });
	const state = async () => [
		await titleOf(workspace, id),
		(await endsOf(workspace, id))['main'],
		must(await workspace.conversationMarks(id)).tags,
		must(await workspace.conversations())
			.map((row) => row.id)
			.toSorted()
	];
	const before = await state();
	const restored = must(await workspace.restore(must(await workspace.planRestore(point, 'after'))));
	expect(await state()).toEqual(['one', [first.node], ['kept'], [id]]);
	const [entry] = await log(workspace);
	expect(entry).toMatchObject({ id: restored, size: 4, restoredTo: plan.at });
	expect(must(await workspace.operationParts(restored))).toHaveLength(4);
	expect(must(await workspace.planRestore(point, 'after')).changes).toEqual([]);
	must(await workspace.takeBackNext('undo'));
	expect(await state()).toEqual(before);
	must(await workspace.takeBackNext('redo'));
	expect((await endsOf(workspace, id))['main']).toEqual([first.node]);
	expect(must(await workspace.node(second.node)), 'no message is ever lost').not.toBeNull();
});

test('[G28] [G74] what was purged stays so: neither undo nor a restore brings it back, and both say it', async () => {
	const { workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation({ title: 'one' }));
	const first = await say(workspace, id, 'first', null);
	const second = await say(workspace, id, 'second', first);
	const third = await say(workspace, id, 'third', second);
	must(await workspace.mark({ entity: 'node', id: second.node, name: 'tag' }, 'x'));
	const tagged = (await log(workspace))[0]?.id ?? '';
	const purged = must(await workspace.purge({ node: second.node }));
	expect(await endsOf(workspace, id)).toEqual({ main: [first.node] });
	expect(await errorOf(workspace.undo(purged))).toEqual({
		code: 'constraint',
		message: 'What was destroyed cannot be brought back.'
	});
	expect(await errorOf(workspace.undo(tagged))).toMatchObject({ code: 'constraint' });
	const plan = must(await workspace.planRestore(third.op, 'after'));
	expect(plan.buriedSince).toBe(2);
	expect(plan.changes.map(({ payload }) => payload.kind)).not.toContain('tombstone');
	// A branch cannot point at what is gone.
	for (const { payload } of plan.changes)
		if (payload.kind === 'ref') expect([second.node, third.node]).not.toContain(payload.target ?? '');
	const next = must(await workspace.takeBackNext('undo'));
	expect(next?.done.id, 'undo passes over what has no way back').toBe(third.op);
});

test('[G75] a redaction takes the text out of the file, its log and its preview, and leaves the message', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-redact-'));
	const store = must(openBunStore({ path: join(folder, 'a.sqlite'), nowMs: 1 }));
	const workspace = must(await openWorkspace({ store, ...testDeps }, 'test'));
	const id = must(await workspace.createConversation());
	const secret = 'the secret is marzipan ';
	const attached = must(await workspace.keepText(`pasted ${secret.repeat(2000)}`, 'text/plain'));
	const shared = must(await workspace.keepText('shared', 'text/plain'));
	const file = (hash: string) => ({ type: 'file' as const, hash, name: 'a.txt', mime: 'text/plain' });
	const root = must(
		await workspace.append({
			conversation: id,
			role: 'user',
			parents: [],
			parts: [...text(secret.repeat(900)), file(attached), file(shared)]
		})
	);
	const next = must(
		await workspace.append({
			conversation: id,
			role: 'user',
			parents: [root.node],
			parts: [...text('innocent'), file(shared)],
			ref: root.ref
		})
	);
	expect(must(await workspace.conversation(id))?.preview).toContain('marzipan');
	must(await workspace.redact(root.node));
	expect(must(await workspace.node(root.node))).toMatchObject({ body: null });
	expect(must(await workspace.path(next.node, { limit: 10 })).total).toBe(2);
	expect(must(await workspace.conversation(id))?.preview).toBe('innocent');
	expect([...must(await workspace.keptTexts([attached, shared])).keys()]).toEqual([shared]);
	expect(await errorOf(workspace.redact(root.node))).toMatchObject({ code: 'constraint' });
	must(await workspace.redact(next.node));
	expect(must(await workspace.conversation(id))?.preview).toBe('Redacted');
	for (const name of readdirSync(folder))
		expect(readFileSync(join(folder, name)).includes('marzipan'), `${name} still holds it`).toBe(false);
	await store.close();
	rmSync(folder, { recursive: true });
});

test('[G75] [G76] a purge takes a message and all that rests on it, and what links to it keeps its id', async () => {
	const { store, workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation({ title: 'mixed' }));
	const root = await say(workspace, id, 'root', null);
	const doomed = await say(workspace, id, 'doomed', root);
	const below = await say(workspace, id, 'below', doomed);
	const edited = must(
		await workspace.append({
			conversation: id,
			role: 'user',
			parents: [root.node],
			parts: text('edited'),
			links: [{ kind: 'edit_of', target: doomed.node }]
		})
	);
	const merge = must(
		await workspace.append({
			conversation: id,
			kind: 'merge',
			role: 'user',
			parents: [edited.node, below.node],
			parts: text('both'),
			ref: edited.ref
		})
	);
	const run = must(
		await workspace.createRun({
			conversation: id,
			parent: below.node,
			endpoint: 'e',
			model: 'm',
			params: {},
			receipt: {}
		})
	);
	expect(must(await workspace.planPurge({ node: doomed.node }))).toMatchObject({ messages: 3, openRuns: 1 });
	expect(await errorOf(workspace.purge({ node: doomed.node }))).toMatchObject({ code: 'conflict' });
	must(await workspace.sealRun(run.id, { state: 'failed', parts: [] }));
	must(await workspace.visit(id, below.node, 'main'));
	must(await workspace.saveDraft(id, below.node, { text: 'half', attached: [] }));
	must(await workspace.purge({ node: doomed.node }));
	for (const gone of [doomed.node, below.node, merge.node])
		expect(must(await workspace.node(gone))).toBeNull();
	expect(must(await workspace.node(edited.node))?.links).toEqual([{ kind: 'edit_of', target: doomed.node }]);
	expect(must(await store.query('SELECT count(*) AS n FROM body'))).toEqual([{ n: 2 }]);
	expect(must(await store.query('PRAGMA foreign_key_check'))).toEqual([]);
	expect(await endsOf(workspace, id)).toEqual({ main: [root.node], [edited.ref]: [root.node] });
});

test('[G76] a purged conversation leaves its row to the log and nothing else, and comes back with nothing', async () => {
	const { store, workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation({ title: 'gone' }));
	const kept = must(await workspace.createConversation({ title: 'kept' }));
	const first = await say(workspace, id, 'first', null);
	await say(workspace, kept, 'stays', null);
	must(await workspace.mark({ entity: 'conversation', id, name: 'tag' }, 'x'));
	must(await workspace.enqueue(id, text('next')));
	const before = must(await store.export());
	must(await workspace.purge({ conversation: id }));
	expect(must(await workspace.conversations({ includeHidden: true })).map((row) => row.id)).toEqual([kept]);
	expect(must(await workspace.conversation(id))).toBeNull();
	expect(must(await workspace.node(first.node))).toBeNull();
	expect(must(await workspace.queue(id))).toEqual([]);
	expect([...must(await workspace.conversationTags()).keys()]).toEqual([]);
	expect((await log(workspace))[0]).toMatchObject({
		conversation: { isPurged: true, title: null },
		isFinal: true
	});

	const box = await openBunBox(must(await store.export()));
	must(await box.run({ act: 'inspect', file: new Blob([new Uint8Array(before)]) }));
	must(await box.run({ act: 'merge' }));
	expect(await box.query('SELECT count(*) FROM node')).toEqual([[1]]);
	const remains = `SELECT count(*) FROM conv WHERE title = 'gone' OR preview = 'first'`;
	expect(await box.query(remains)).toEqual([[0]]);
	expect(await box.query('SELECT count(*) FROM queued')).toEqual([[0]]);
	await box.close();
});

test('tags are marked once, hidden messages are a mark, and what is marked already is no operation', async () => {
	const { workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation({ title: 'one' }));
	const first = await say(workspace, id, 'first', null);
	const set = { entity: 'node', id: first.node, name: 'tag' } as const;
	must(await workspace.mark(set, 'later'));
	const length = (await log(workspace)).length;
	expect(must(await workspace.mark(set, 'later'))).toBeNull();
	expect(must(await workspace.unmark(set, 'other'))).toBeNull();
	expect(await log(workspace)).toHaveLength(length);
	must(await workspace.hideNode(first.node, true));
	must(await workspace.mark({ ...set, name: 'role' }, 'plan'));
	expect(must(await workspace.nodeMarks([first.node])).get(first.node)).toEqual({
		tags: ['later'],
		roles: ['plan'],
		isHidden: true
	});
	must(await workspace.hideNode(first.node, false));
	must(await workspace.unmark(set, 'later'));
	expect(must(await workspace.nodeMarks([first.node])).get(first.node)).toEqual({
		tags: [],
		roles: ['plan'],
		isHidden: false
	});
	expect(must(await workspace.marksInUse('role'))).toEqual(['plan']);
	must(await workspace.mark({ entity: 'conversation', id, name: 'tag' }, 'b'));
	must(await workspace.mark({ entity: 'conversation', id, name: 'tag' }, 'a'));
	expect(must(await workspace.conversationTags())).toEqual(new Map([[id, ['a', 'b']]]));
});

test('a branch that was taken back leaves a conversation that opens with nothing', async () => {
	const { workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation());
	const first = await say(workspace, id, 'first', null);
	must(await workspace.visit(id, first.node, 'main'));
	const second = await say(workspace, id, 'second', first);
	must(await workspace.visit(id, second.node, 'main'));
	must(await workspace.undo(second.op));
	expect(must(await workspace.lastLeaf(id)), 'back with its branch').toEqual({
		leaf: first.node,
		ref: 'main'
	});
	must(await workspace.takeBackNext('undo'));
	expect(must(await workspace.lastLeaf(id))).toBeNull();
	must(await workspace.takeBackNext('redo'));
	expect(must(await workspace.lastLeaf(id))).toEqual({ leaf: first.node, ref: 'main' });
});

test('what is undone is found by itself, as long as it is not done again', async () => {
	const { workspace } = await openTestWorkspace();
	const id = must(await workspace.createConversation({ title: 'one' }));
	const first = must(await workspace.rename(id, 'two'));
	const second = must(await workspace.rename(id, 'three'));
	const undone = async (): Promise<readonly string[]> =>
		must(await workspace.operations({ isUndone: true }, { limit: 10 })).map((row) => row.id);
	expect(await undone()).toEqual([]);
	const undo = must(await workspace.undo(second));
	must(await workspace.undo(first));
	expect(await undone()).toEqual([second, first]);
	must(await workspace.undo(undo));
	expect(await undone(), 'redone').toEqual([first]);
	must(await workspace.undo(second));
	expect(await undone(), 'undone once more').toEqual([second, first]);
	const [newest] = must(await workspace.operations({ isUndone: true }, { limit: 1 }));
	const after = must(
		await workspace.operations({ isUndone: true }, { limit: 5, ...(newest ? { after: newest } : {}) })
	);
	expect(after.map((row) => row.id)).toEqual([first]);
});

test('conversations are known by the roles of their messages', async () => {
	const { workspace } = await openTestWorkspace();
	const here = must(await workspace.createConversation());
	const there = must(await workspace.createConversation());
	const one = await say(workspace, here, 'one', null);
	const two = await say(workspace, here, 'two', one);
	await say(workspace, there, 'elsewhere', null);
	for (const node of [one.node, two.node])
		must(await workspace.mark({ entity: 'node', id: node, name: 'role' }, 'plan'));
	must(await workspace.mark({ entity: 'node', id: two.node, name: 'role' }, 'decision'));
	must(await workspace.mark({ entity: 'node', id: two.node, name: 'tag' }, 'later'));
	expect([...must(await workspace.conversationRoles())]).toEqual([[here, ['decision', 'plan']]]);
	must(await workspace.purge({ node: two.node }));
	expect([...must(await workspace.conversationRoles())]).toEqual([[here, ['plan']]]);
});
