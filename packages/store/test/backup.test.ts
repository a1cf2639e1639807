import { afterEach, expect, test } from 'bun:test';
import type { ReplayPlan } from '@stemma/graph/replay-plan';
import { openBunConnection } from '../src/bun/bun-connection.ts';
import type { Connection } from '../src/connection.ts';
import type { Store } from '../src/port.ts';
import type { Workspace } from '../src/workspace/workspace.ts';
import { migrations } from '../src/migrations/migrations.ts';
import { openBox, type Box } from './bun-shelf.ts';
import { must, openTestWorkspace, text } from './fixture.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const boxes: Box[] = [];
afterEach(() => {
	for (const box of boxes.splice(0)) box.close();
});
const box = async (bytes: Uint8Array): Promise<Box> => {
	const opened = await openBox(bytes);
	boxes.push(opened);
	return opened;
};
const toBlob = (bytes: Uint8Array): Blob => new Blob([new Uint8Array(bytes)]);

const planTo = (base: string, oldLeaf: string): ReplayPlan => ({ base, oldLeaf, steps: [], skipped: [] });

/** A conversation with a branch, a run, a title, a draft, something queued, and work under way. */
async function fill(workspace: Workspace, title: string): Promise<string> {
	const conversation = must(await workspace.createConversation({ title }));
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
	const question = await say('user', `${title}?`, null, null);
	await say('assistant', 'one', question.node, 'main');
	const other = await say('assistant', 'two', question.node, null);
	await say('user', 'go on', other.node, other.ref);
	const run = must(
		await workspace.createRun({
			conversation,
			parent: other.node,
			endpoint: 'e',
			model: 'm',
			params: {},
			receipt: {}
		})
	);
	must(await workspace.journal(run.id, [{ seq: 1, channel: 'content', text: 'half an ans' }]));
	must(
		await workspace.noteCommits(run.id, [
			{ root: 'r', folder: title, commit: 'c'.repeat(40), branch: 'main', dirty: true }
		])
	);
	must(await workspace.enqueue(conversation, text('next')));
	must(await workspace.saveDraft(conversation, null, { text: 'typed', attached: [] }));
	must(await workspace.keepText(`kept ${title}`, 'text/plain'));
	must(await workspace.saveUnfinished('bisect', conversation, other.node, [{ pos: 1, mark: 'good' }]));
	const replay = must(await workspace.saveReplay(conversation, planTo(question.node, other.node), null));
	must(await workspace.recordMade(replay.id, [other.node]));
	must(await workspace.saveSetting(`about ${title}`, true));
	return conversation;
}

const filled = async (
	...titles: string[]
): Promise<{ store: Store; workspace: Workspace; bytes: Uint8Array }> => {
	const { store, workspace } = await openTestWorkspace();
	for (const title of titles) await fill(workspace, title);
	return { store, workspace, bytes: must(await store.export()) };
};

/** All that a database says, by its own names: row ids do not count. */
const said = (live: Connection): unknown =>
	[
		`SELECT hex(n.hash), n.gen, n.pos, hex(p.hash), hex(j.hash), hex(b.hash), b.data, hex(c.uid) FROM node n JOIN body b ON b.id = n.body_id JOIN conv c ON c.id = n.conv_id
			LEFT JOIN node p ON p.id = n.parent_id LEFT JOIN node j ON j.id = n.jump_id ORDER BY n.hash`,
		'SELECT hex(uid), title, pinned, hidden, preview, created_at, last_at FROM conv ORDER BY uid',
		'SELECT hex(hash), register, payload FROM op ORDER BY hash',
		'SELECT register, value FROM scalar ORDER BY register',
		'SELECT hex(c.uid), r.name, hex(n.hash) FROM ref_head h JOIN ref r ON r.id = h.ref_id JOIN conv c ON c.id = r.conv_id JOIN node n ON n.id = h.node_id ORDER BY 1, 2, 3',
		'SELECT hex(r.uid), r.state, hex(p.hash), k.text FROM run r JOIN node p ON p.id = r.parent_id LEFT JOIN run_chunk k ON k.run_id = r.id ORDER BY 1',
		'SELECT hex(r.uid), c.folder, c.commit_id, c.dirty FROM run_commit c JOIN run r ON r.id = c.run_id ORDER BY 1, 2',
		'SELECT hex(uid), parts FROM queued ORDER BY 1',
		'SELECT conv, text FROM draft ORDER BY 1',
		'SELECT kind, conv, key, data FROM unfinished ORDER BY 1, 2, 3',
		'SELECT hex(r.uid), hex(c.uid), plan, made FROM replay r JOIN conv c ON c.id = r.conv_id ORDER BY 1',
		'SELECT hex(sha256), data FROM blob ORDER BY 1',
		'SELECT hex(c.hash), e.ord, hex(p.hash) FROM edge e JOIN node c ON c.id = e.child_id JOIN node p ON p.id = e.parent_id ORDER BY 1, 2'
	].map((sql) => live.run(sql, []).rows);

const integrity = (live: Connection): unknown => [
	live.run('PRAGMA integrity_check', []).rows,
	live.run('PRAGMA foreign_key_check', []).rows
];

test('a file is looked at without a change to what is there', async () => {
	const a = await filled('a');
	const b = await filled('b', 'c');
	const here = await box(a.bytes);
	const before = said(here.live);
	const report = must(await here.restore.run({ act: 'inspect', file: toBlob(b.bytes) }));
	expect(report).toMatchObject({
		conversations: 2,
		messages: 8,
		newConversations: 2,
		newMessages: 8,
		schemaVersion: migrations.at(-1)?.version
	});
	expect(said(here.live)).toEqual(before);
});

test('merging is a union: either way round the same, and twice as good as once', async () => {
	const a = await filled('a', 'b');
	const b = await filled('c');
	const [ab, ba] = [await box(a.bytes), await box(b.bytes)];
	must(await ab.restore.run({ act: 'inspect', file: toBlob(b.bytes) }));
	const merged = must(await ab.restore.run({ act: 'merge' }));
	expect(merged).toMatchObject({ conversations: 1, messages: 4 });
	must(await ba.restore.run({ act: 'inspect', file: toBlob(a.bytes) }));
	must(await ba.restore.run({ act: 'merge' }));
	expect(said(ab.live)).toEqual(said(ba.live));
	expect(integrity(ab.live)).toEqual([[['ok']], []]);
	const again = must(await ab.restore.run({ act: 'inspect', file: toBlob(b.bytes) }));
	expect(again).toMatchObject({ newConversations: 0, newMessages: 0 });
	const before = said(ab.live);
	expect(must(await ab.restore.run({ act: 'merge' }))).toEqual({
		conversations: 0,
		messages: 0,
		operations: 0
	});
	expect(said(ab.live)).toEqual(before);
});

test('an older copy of the same database brings nothing, and takes nothing away', async () => {
	const a = await filled('a');
	const older = a.bytes;
	await fill(a.workspace, 'later');
	const here = await box(must(await a.store.export()));
	const before = said(here.live);
	expect(must(await here.restore.run({ act: 'inspect', file: toBlob(older) }))).toMatchObject({
		newMessages: 0
	});
	must(await here.restore.run({ act: 'merge' }));
	expect(said(here.live)).toEqual(before);
});

test('of work under way the newer wins, of a replay the one that has come further', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation({ title: 'a' }));
	const node = must(
		await workspace.append({ conversation, role: 'user', parents: [], parts: text('one') })
	).node;
	const replay = must(await workspace.saveReplay(conversation, planTo(node, node), null));
	must(await workspace.saveUnfinished('bisect', conversation, node, ['older']));
	const early = must(await store.export());
	must(await workspace.recordMade(replay.id, [node]));
	must(await workspace.saveUnfinished('bisect', conversation, node, ['newer']));
	const late = must(await store.export());
	for (const [into, from] of [
		[early, late],
		[late, early]
	] as const) {
		const here = await box(into);
		must(await here.restore.run({ act: 'inspect', file: toBlob(from) }));
		must(await here.restore.run({ act: 'merge' }));
		expect(here.live.run('SELECT data FROM unfinished', []).rows).toEqual([['["newer"]']]);
		expect(here.live.run('SELECT made FROM replay', []).rows).toEqual([[JSON.stringify([node])]]);
	}
});

test('work on what is purged here does not come back with a backup', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = await fill(workspace, 'a');
	const before = must(await store.export());
	for (const { id } of must(await workspace.openRuns()))
		must(await workspace.sealRun(id, { state: 'cancelled', parts: [] }));
	must(await workspace.purge({ conversation }));
	const here = await box(must(await store.export()));
	must(await here.restore.run({ act: 'inspect', file: toBlob(before) }));
	must(await here.restore.run({ act: 'merge' }));
	for (const table of ['unfinished', 'replay', 'draft', 'queued'])
		expect(here.live.run(`SELECT count(*) FROM ${table}`, []).rows, table).toEqual([[0]]);
});

test('two copies of one database that both went on are not merged', async () => {
	const a = await filled('a');
	const one = await box(a.bytes);
	await fill(a.workspace, 'went on');
	const other = must(await a.store.export());
	one.live.script(`INSERT INTO op (hash, device_id, seq, hlc, kind, register, payload)
		SELECT randomblob(32), device_id, max(seq) + 1, max(hlc) + 1, 'none', 'x', '{}' FROM op`);
	must(await one.restore.run({ act: 'inspect', file: toBlob(other) }));
	const merged = await one.restore.run({ act: 'merge' });
	expect(merged.ok ? null : merged.error.code).toBe('conflict');
});

/** A file with one thing changed behind its back. */
async function altered(bytes: Uint8Array, sql: string): Promise<Uint8Array> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-altered-'));
	const path = join(folder, 'file.sqlite');
	await Bun.write(path, bytes);
	const connection = openBunConnection(path);
	connection.script(sql);
	connection.close();
	const changed = new Uint8Array(await Bun.file(path).arrayBuffer());
	rmSync(folder, { recursive: true });
	return changed;
}
const without = (trigger: string, sql: string): string => `DROP TRIGGER ${trigger}; ${sql}`;

test('a file that is not whole and honest is refused, with a sentence, and nothing is taken in', async () => {
	const { bytes } = await filled('a');
	const here = await box((await filled('b')).bytes);
	const before = said(here.live);
	const truncated = bytes.slice(0, Math.floor(bytes.length / 2));
	const flipped = new Uint8Array(bytes);
	flipped.fill(0xff, 8192 * 3, 8192 * 3 + 400);
	const originals = `CREATE TRIGGER body_redact_only BEFORE UPDATE ON body
WHEN new.id IS NOT old.id OR new.hash IS NOT old.hash OR new.nonce IS NOT NULL OR new.data IS NOT NULL
BEGIN SELECT raise(ABORT, 'body is immutable'); END;`;
	const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
		['nothing', new Uint8Array(), /empty/],
		['a text', new TextEncoder().encode('x'.repeat(2000)), /no SQLite/],
		['half a file', truncated, /damaged|could not be read/],
		['a broken page', flipped, /damaged|could not be read|not what its id says/],
		['another program’s', await altered(bytes, 'PRAGMA application_id = 7'), /not a Stemma database/],
		['a newer one', await altered(bytes, 'PRAGMA user_version = 99'), /newer version/],
		[
			'a trigger of its own',
			await altered(bytes, 'CREATE TRIGGER evil AFTER INSERT ON op BEGIN DELETE FROM visit; END'),
			/not Stemma’s/
		],
		['a view', await altered(bytes, 'CREATE VIEW evil AS SELECT 1'), /not Stemma’s/],
		[
			'other words in a message',
			await altered(
				bytes,
				without('body_redact_only', `UPDATE body SET data = replace(data, 'one', 'won'); ${originals}`)
			),
			/not what its id says/
		],
		[
			'a change with another hash',
			await altered(
				bytes,
				`INSERT INTO op (hash, device_id, seq, hlc, kind, register, payload) SELECT randomblob(32), device_id, max(seq) + 1, max(hlc) + 1, 'set', 'x', payload FROM op WHERE kind = 'set'`
			),
			/filed under|not whole/
		],
		[
			'a dangling reference',
			await altered(
				bytes,
				`PRAGMA foreign_keys = OFF; INSERT INTO visit (conv_id, node_id, seen_at) VALUES (999, 999, 1)`
			),
			/not in it/
		],
		['an altered attachment', await altered(bytes, `UPDATE blob SET data = x'00'`), /attached text/]
	];
	for (const [name, file, sentence] of cases) {
		const refused = await here.restore.run({ act: 'inspect', file: toBlob(file) });
		expect(refused.ok ? 'taken in' : refused.error.message, name).toMatch(sentence);
	}
	const merged = await here.restore.run({ act: 'merge' });
	expect(merged.ok ? 'merged' : merged.error.message).toBe('Choose a file first.');
	expect(said(here.live)).toEqual(before);
});
