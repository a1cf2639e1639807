import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBunStore } from '../src/bun/open-bun-store.ts';
import { StoreFailure } from '../src/port.ts';
import { must, openTestStore } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'stemma-engine-'));
afterAll(() => {
	rmSync(folder, { recursive: true });
});
const codeOf = (result: { ok: true } | { ok: false; error: { code: string } }): string =>
	result.ok ? 'ok' : result.error.code;

test('a file without its list of migrations, or with a hole in it, is refused', async () => {
	for (const [name, damage] of [
		['none', 'DROP TABLE migration'],
		['hole', 'DELETE FROM migration WHERE version = 1']
	] as const) {
		const path = join(folder, `${name}.sqlite`);
		const store = must(openBunStore({ path, nowMs: 1 }));
		must(await store.batch([{ sql: damage }]));
		await store.close();
		expect(codeOf(openBunStore({ path, nowMs: 2 })), name).toBe('migration_failed');
	}
});

test('what is no database is refused, and what cannot be opened too', async () => {
	const path = join(folder, 'text.sqlite');
	await Bun.write(path, 'this is no database, however long the text may be that says so. '.repeat(20));
	expect(codeOf(openBunStore({ path, nowMs: 1 }))).toBe('corrupt');
	expect(codeOf(openBunStore({ path: join(folder, 'nowhere', 'x.sqlite'), nowMs: 1 }))).not.toBe('ok');
});

test('a file and a database in memory both export what opens again', async () => {
	for (const from of [join(folder, 'from.sqlite'), ':memory:']) {
		const store = must(openBunStore({ path: from, nowMs: 1 }));
		must(await store.batch([{ sql: `INSERT INTO meta (key, value) VALUES ('kept', 7)` }]));
		const path = join(folder, `copy-${from === ':memory:' ? 'memory' : 'file'}.sqlite`);
		await Bun.write(path, must(await store.export()));
		await store.close();
		const copy = must(openBunStore({ path, nowMs: 2 }));
		expect(must(await copy.query(`SELECT value FROM meta WHERE key = 'kept'`))).toEqual([{ value: 7 }]);
		await copy.close();
	}
});

test('a closed store says so, also to a stream that was open', async () => {
	const store = openTestStore();
	const stream = store.stream('SELECT 1 AS one UNION ALL SELECT 2', [], { batchRows: 1 });
	const rows = stream[Symbol.asyncIterator]();
	await rows.next();
	await store.close();
	const end = await rows.next().then(
		() => 'went on',
		(thrown: unknown) => (thrown instanceof StoreFailure ? thrown.error.code : String(thrown))
	);
	expect(end).toBe('closed');
	expect([
		codeOf(await store.query('SELECT 1 AS one')),
		codeOf(await store.batch([])),
		codeOf(await store.export()),
		codeOf(await store.info())
	]).toEqual(['closed', 'closed', 'closed', 'closed']);
});
