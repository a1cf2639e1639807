import { afterEach, describe, expect, test } from 'bun:test';
import type { ReplayPlan } from '@stemma/graph/replay-plan';
import { openBunConnection } from '../src/bun/bun-connection.ts';
import { openNativeStore, type NativeStore } from '../src/native/open-native-store.ts';
import type { Change, Store } from '../src/port.ts';
import type { Workspace } from '../src/workspace/workspace.ts';
import { migrations } from '../src/migrations/migrations.ts';
import { openBunBox, openNativeBox, type Box, type NativeBox } from './boxes.ts';
import { must, openTestWorkspace, text } from './fixture.ts';
import { buildNativeProcess, startNativeProcess } from './native-process.ts';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A tenth of what a release is tried with. */
const KILLS = Number(process.env['STEMMA_KILLS'] ?? 10);
const binary = buildNativeProcess();
const boxes: Box[] = [];
afterEach(async () => {
	for (const box of boxes.splice(0)) await box.close();
});
const kept = <B extends Box>(opened: B): B => {
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
	must(await workspace.recordRun(run.id, { chunks: [{ seq: 1, channel: 'content', text: 'half an ans' }] }));
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
const said = ({ query }: Box): Promise<unknown> =>
	Promise.all(
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
		].map(query)
	);

const integrity = ({ query }: Box): Promise<unknown> =>
	Promise.all(['PRAGMA integrity_check', 'PRAGMA foreign_key_check'].map(query));

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

const engines = [
	{ name: 'bun', isThere: true, open: openBunBox },
	{
		name: 'native',
		isThere: binary !== null,
		open: (bytes: Uint8Array) => openNativeBox(binary ?? '', bytes)
	}
];

for (const { name, isThere, open } of engines)
	describe.skipIf(!isThere)(name, () => {
		const box = async (bytes: Uint8Array): Promise<Box> => kept(await open(bytes));

		test('a file is looked at without a change to what is there', async () => {
			const a = await filled('a');
			const b = await filled('b', 'c');
			const here = await box(a.bytes);
			const before = await said(here);
			const report = must(await here.run({ act: 'inspect', file: toBlob(b.bytes) }));
			expect(report).toMatchObject({
				conversations: 2,
				messages: 8,
				newConversations: 2,
				newMessages: 8,
				schemaVersion: migrations.at(-1)?.version
			});
			expect(await said(here)).toEqual(before);
		});

		test('merging is a union: either way round the same, and twice as good as once', async () => {
			const a = await filled('a', 'b');
			const b = await filled('c');
			const [ab, ba] = [await box(a.bytes), await box(b.bytes)];
			must(await ab.run({ act: 'inspect', file: toBlob(b.bytes) }));
			const merged = must(await ab.run({ act: 'merge' }));
			expect(merged).toMatchObject({ conversations: 1, messages: 4 });
			must(await ba.run({ act: 'inspect', file: toBlob(a.bytes) }));
			must(await ba.run({ act: 'merge' }));
			expect(await said(ab)).toEqual(await said(ba));
			expect(await integrity(ab)).toEqual([[['ok']], []]);
			const again = must(await ab.run({ act: 'inspect', file: toBlob(b.bytes) }));
			expect(again).toMatchObject({ newConversations: 0, newMessages: 0 });
			const before = await said(ab);
			expect(must(await ab.run({ act: 'merge' }))).toEqual({
				conversations: 0,
				messages: 0,
				operations: 0
			});
			expect(await said(ab)).toEqual(before);
		});

		test('an older copy of the same database brings nothing, and takes nothing away', async () => {
			const a = await filled('a');
			const older = a.bytes;
			await fill(a.workspace, 'later');
			const here = await box(must(await a.store.export()));
			const before = await said(here);
			expect(must(await here.run({ act: 'inspect', file: toBlob(older) }))).toMatchObject({
				newMessages: 0
			});
			must(await here.run({ act: 'merge' }));
			expect(await said(here)).toEqual(before);
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
				must(await here.run({ act: 'inspect', file: toBlob(from) }));
				must(await here.run({ act: 'merge' }));
				expect(await here.query('SELECT data FROM unfinished')).toEqual([['["newer"]']]);
				expect(await here.query('SELECT made FROM replay')).toEqual([[JSON.stringify([node])]]);
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
			must(await here.run({ act: 'inspect', file: toBlob(before) }));
			must(await here.run({ act: 'merge' }));
			for (const table of ['unfinished', 'replay', 'draft', 'queued'])
				expect(await here.query(`SELECT count(*) FROM ${table}`), table).toEqual([[0]]);
		});

		test('two copies of one database that both went on are not merged', async () => {
			const a = await filled('a');
			const one = await box(a.bytes);
			await fill(a.workspace, 'went on');
			const other = must(await a.store.export());
			await one.write(`INSERT INTO op (hash, device_id, seq, hlc, kind, register, payload)
			SELECT randomblob(32), device_id, max(seq) + 1, max(hlc) + 1, 'none', 'x', '{}' FROM op`);
			must(await one.run({ act: 'inspect', file: toBlob(other) }));
			const merged = await one.run({ act: 'merge' });
			expect(merged.ok ? null : merged.error.code).toBe('conflict');
		});

		test('a file that is not whole and honest is refused, with a sentence, and nothing is taken in', async () => {
			const { bytes } = await filled('a');
			const here = await box((await filled('b')).bytes);
			const before = await said(here);
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
				const refused = await here.run({ act: 'inspect', file: toBlob(file) });
				expect(refused.ok ? 'taken in' : refused.error.message, name).toMatch(sentence);
			}
			const merged = await here.run({ act: 'merge' });
			expect(merged.ok ? 'merged' : merged.error.message).toBe('Choose a file first.');
			expect(await said(here)).toEqual(before);
		});
	});

describe.skipIf(binary === null)('native, with places that a person chooses', () => {
	const box = async (bytes: Uint8Array): Promise<NativeBox> => kept(await openNativeBox(binary ?? '', bytes));

	test('a file takes the place of the database, everybody is told, and the former state comes back', async () => {
		const a = await filled('a');
		const b = await filled('b', 'c');
		const here = await box(a.bytes);
		const before = await said(here);
		const changes: Change[] = [];
		here.store.onChange((change) => changes.push(change));
		// Somebody reads on meanwhile, and to the end of what was there.
		const reading = here.store.stream('SELECT hash FROM node', [], { batchRows: 1 })[Symbol.asyncIterator]();
		await reading.next();
		must(await here.run({ act: 'inspect', file: toBlob(b.bytes) }));
		const copy = must(await here.run({ act: 'replace' }));
		expect(copy).toMatchObject({ why: 'replace' });
		let read = 1;
		while ((await reading.next()).done !== true) read++;
		expect(read).toBe(4);
		const there = kept(await openBunBox(b.bytes));
		expect(await said(here)).toEqual(await said(there));
		expect(await integrity(here)).toEqual([[['ok']], []]);
		expect(changes).toMatchObject([{ tables: ['database'] }]);
		// It goes on, as a device of its own.
		const { workspace } = await openTestWorkspace(here.store);
		await fill(workspace, 'goes on');
		expect(await here.query('SELECT count(*) FROM device')).toEqual([[2]]);

		expect(must(await here.run({ act: 'copies' }))).toEqual([copy]);
		const twice = await here.run({ act: 'replace' });
		expect(twice.ok ? 'replaced' : twice.error.message).toBe('Choose a file first.');
		expect(must(await here.run({ act: 'inspect_copy', name: copy.name }))).toMatchObject({
			conversations: 1,
			newConversations: 1
		});
		must(await here.run({ act: 'replace' }));
		expect(await said(here)).toEqual(before);
		expect(readdirSync(here.path.replace('.sqlite', '.staging')), 'nothing is left over').toEqual([]);
	});

	test('what is merged is told to everybody, and three copies are kept', async () => {
		const here = await box((await filled('a')).bytes);
		const changes: Change[] = [];
		here.store.onChange((change) => changes.push(change));
		for (const title of ['b', 'c', 'd', 'e']) {
			must(await here.run({ act: 'inspect', file: toBlob((await filled(title)).bytes) }));
			must(await here.run({ act: 'merge' }));
		}
		expect(changes.map(({ tables }) => tables.includes('conv'))).toEqual([true, true, true, true]);
		const copies = must(await here.run({ act: 'copies' }));
		expect(copies.map(({ why }) => why)).toEqual(['merge', 'merge', 'merge']);
		// The newest is the state before the last merge.
		expect(must(await here.run({ act: 'inspect_copy', name: copies[0]?.name ?? '' }))).toMatchObject({
			conversations: 4,
			newConversations: 0
		});
		const nowhere = await here.run({ act: 'inspect_copy', name: '../live.sqlite' });
		expect(nowhere.ok ? 'found' : nowhere.error.message).toBe('There is no such copy.');
	});

	test('a backup is written where a person wants it, over an older one, and never among our own files', async () => {
		const here = await box((await filled('a')).bytes);
		const elsewhere = mkdtempSync(join(tmpdir(), 'stemma-elsewhere-'));
		const place = join(elsewhere, 'mine.sqlite');
		await Bun.write(place, 'an older backup');
		here.process.choose(place);
		const saved = must(await here.run({ act: 'save', copy: null, name: 'stemma.sqlite' }));
		expect(saved).toEqual({ name: 'mine.sqlite', sizeBytes: Bun.file(place).size });
		const there = kept(await openBunBox(new Uint8Array(await Bun.file(place).arrayBuffer())));
		expect(await said(there)).toEqual(await said(here));
		expect(readdirSync(elsewhere), 'nothing beside it').toEqual(['mine.sqlite']);

		for (const own of [here.path, join(here.folder, 'new.sqlite')]) {
			here.process.choose(own);
			const refused = await here.run({ act: 'save', copy: null, name: 'stemma.sqlite' });
			expect(refused.ok ? 'written' : refused.error.message).toMatch(/its own files/);
		}
		here.process.choose(null);
		expect(must(await here.run({ act: 'save', copy: null, name: 'stemma.sqlite' }))).toBeNull();
		expect(must(await here.run({ act: 'inspect', file: null }))).toBeNull();
		rmSync(elsewhere, { recursive: true });
	});

	test('what was chosen in one window is not merged in place of what another has looked at', async () => {
		const here = await box((await filled('a')).bytes);
		const other = must(await openNativeStore({ bridge: here.process.bridge, nowMs: () => Date.now() }));
		must(await here.run({ act: 'inspect', file: toBlob((await filled('b')).bytes) }));
		must(await other.files.run({ act: 'inspect', file: null }));
		const merged = await here.run({ act: 'merge' });
		expect(merged.ok ? 'merged' : merged.error.message).toMatch(/another one was chosen/);
		expect(must(await other.files.run({ act: 'merge' }))).toMatchObject({ conversations: 1 });
	});

	test(`killed ${KILLS} times while the database is replaced, it is the old one or the new one`, async () => {
		const contents = 'SELECT title FROM conv ORDER BY title';
		const many = (letter: string): string[] => Array.from({ length: 30 }, (_, i) => `${letter}${i}`);
		const files = new Map<string, Uint8Array>();
		for (const letter of ['x', 'y']) files.set(letter, (await filled(...many(letter))).bytes);
		const here = await box(files.get('x') ?? new Uint8Array());
		const state = async (store: NativeStore): Promise<string> => {
			expect(must(await store.query('PRAGMA integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
			expect(must(await store.query('PRAGMA foreign_key_check'))).toEqual([]);
			const titles = must(await store.query(contents)).map(({ title }) => String(title));
			const letter = titles[0]?.slice(0, 1) ?? 'none';
			expect(titles, 'nothing of the other is in it').toEqual(many(letter).toSorted());
			return letter;
		};
		/** How long a replacement takes is found out by those that are not cut off; the very first takes longer. */
		const whole = 2;
		let longest = 0;
		let present = 'x';
		for (let run = 0; run < KILLS + whole; run++) {
			const wanted = present === 'x' ? 'y' : 'x';
			const process = run === 0 ? here.process : startNativeProcess(binary ?? '', here.path);
			const store =
				run === 0
					? here.store
					: must(await openNativeStore({ bridge: process.bridge, nowMs: () => Date.now() }));
			expect(await state(store)).toBe(present);
			process.choose(join(here.folder, 'other.sqlite'));
			await Bun.write(join(here.folder, 'other.sqlite'), files.get(wanted) ?? '');
			must(await store.files.run({ act: 'inspect', file: null }));
			const begun = performance.now();
			const replaced = store.files.run({ act: 'replace' });
			if (run < whole) {
				must(await replaced);
				longest = performance.now() - begun;
				present = wanted;
				expect(await state(store)).toBe(present);
				await process.stop();
				continue;
			}
			await Bun.sleep(Math.random() * longest * 1.2);
			await process.kill();
			const answer = await replaced;
			const again = startNativeProcess(binary ?? '', here.path);
			const opened = must(await openNativeStore({ bridge: again.bridge, nowMs: () => Date.now() }));
			const now = await state(opened);
			if (answer.ok) expect(now, 'what was acknowledged is there').toBe(wanted);
			present = now;
			for (const { name } of must(await opened.files.run({ act: 'copies' })))
				must(await opened.files.run({ act: 'inspect_copy', name }));
			await again.stop();
		}
	}, 300_000);
});
