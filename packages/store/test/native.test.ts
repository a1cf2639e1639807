import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBunStore } from '../src/bun/open-bun-store.ts';
import { openNativeStore } from '../src/native/open-native-store.ts';
import type { NodeId } from '@stemma/graph/node';
import type { Store } from '../src/port.ts';
import { cases } from './conformance.ts';
import { must, openTestWorkspace, text } from './fixture.ts';
import { buildNativeProcess, startNativeProcess, type NativeProcess } from './native-process.ts';

/** A tenth of what a release is tried with. */
const KILLS = Number(process.env['STEMMA_KILLS'] ?? 10);
const LONGEST_LIFE_MS = 400;
const binary = buildNativeProcess();
const folder = mkdtempSync(join(tmpdir(), 'stemma-native-'));
afterAll(() => {
	rmSync(folder, { recursive: true });
});

async function openAt(path: string): Promise<{ store: Store; process: NativeProcess }> {
	const process = startNativeProcess(binary ?? '', path);
	return { process, store: must(await openNativeStore({ bridge: process.bridge, nowMs: () => 1 })) };
}

describe.skipIf(binary === null)('native', () => {
	let shared: { store: Store; process: NativeProcess };
	beforeAll(async () => {
		shared = await openAt(join(folder, 'shared.sqlite'));
	});
	afterAll(async () => {
		await shared.process.stop();
	});

	for (const { name, run } of cases) test(name, () => run(shared.store));

	test('what one page writes without waiting is in what it asks next', async () => {
		const { store } = shared;
		must(await store.batch([{ sql: 'CREATE TABLE hasty (i INTEGER) STRICT' }]));
		const writes = Array.from({ length: 50 }, (_, i) =>
			store.batch([
				{ sql: 'INSERT INTO hasty SELECT ?1 WHERE (SELECT count(*) FROM hasty) = ?1', params: [i] }
			])
		);
		expect(must(await store.query('SELECT count(*) AS n FROM hasty'))).toEqual([{ n: 50 }]);
		await Promise.all(writes);
	});

	test('a workspace lives on it, and in the file when it is opened again', async () => {
		const path = join(folder, 'workspace.sqlite');
		const first = await openAt(path);
		const { workspace } = await openTestWorkspace(first.store);
		const conversation = must(await workspace.createConversation({ title: 'kept' }));
		const parts = text('hello');
		must(await workspace.append({ conversation, role: 'user', parents: [], parts, ref: null }));
		await first.process.stop();
		const again = await openAt(path);
		expect(must(await again.store.query('SELECT title FROM conv'))).toEqual([{ title: 'kept' }]);
		await again.process.stop();
		// The same file for the other engines: the schema, its checksums and the pragmas are the same.
		const bun = must(openBunStore({ path, nowMs: 2 }));
		expect(must(await bun.query('SELECT count(*) AS n FROM node'))).toEqual([{ n: 1 }]);
		expect(must(await bun.query('PRAGMA page_size'))).toEqual([{ page_size: 8192 }]);
		expect(must(await bun.query('PRAGMA auto_vacuum'))).toEqual([{ auto_vacuum: 2 }]);
		await bun.close();
	});

	test('what was acknowledged outlives a kill', async () => {
		const path = join(folder, 'killed.sqlite');
		const { store, process } = await openAt(path);
		must(await store.batch([{ sql: `INSERT INTO meta (key, value) VALUES ('mark', 7)` }]));
		const unanswered = store.query(
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n`
		);
		await process.kill();
		const lost = await unanswered;
		expect(lost.ok ? null : lost.error.code).toBe('owner_lost');
		const again = await openAt(path);
		expect(must(await again.store.query(`SELECT value FROM meta WHERE key = 'mark'`))).toEqual([
			{ value: 7 }
		]);
		await again.process.stop();
	});

	test(`killed ${KILLS} times while it writes, it has everything that was acknowledged`, async () => {
		const path = join(folder, 'killed-often.sqlite');
		const acknowledged: NodeId[] = [];
		const openAndCheck = async (): ReturnType<typeof openAt> => {
			const opened = await openAt(path);
			const { store } = opened;
			expect(must(await store.query('PRAGMA integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
			const kept = must(await store.query('SELECT lower(hex(hash)) AS id FROM node'));
			const missing = new Set(acknowledged).difference(new Set(kept.map(({ id }) => id)));
			expect([...missing], 'acknowledged and not there').toEqual([]);
			return opened;
		};
		for (let kill = 1; kill <= KILLS; kill++) {
			const { store, process } = await openAndCheck();
			const { workspace } = await openTestWorkspace(store);
			const conversation = must(await workspace.createConversation({ title: `kill ${kill}` }));
			const writing = (async () => {
				for (let n = 0; ; n++) {
					const parts = text(`message ${n} before kill ${kill}`);
					const added = await workspace.append({ conversation, role: 'user', parents: [], parts, ref: null });
					if (!added.ok) return added.error.code;
					acknowledged.push(added.value.node);
				}
			})();
			await Bun.sleep(Math.random() * LONGEST_LIFE_MS);
			await process.kill();
			expect(await writing, 'what was under way says so').toBe('owner_lost');
		}
		await (await openAndCheck()).process.stop();
		expect(acknowledged.length).toBeGreaterThan(KILLS);
	}, 120_000);

	test('a file of a newer version is refused', async () => {
		const path = join(folder, 'newer.sqlite');
		const first = await openAt(path);
		await first.process.stop();
		const process = startNativeProcess(binary ?? '', path);
		const refused = await openNativeStore({ bridge: process.bridge, migrations: [], nowMs: () => 1 });
		expect(refused.ok ? null : refused.error.code).toBe('newer_schema');
		await process.kill();
	});
});
