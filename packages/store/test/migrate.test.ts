import { afterAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getTableColumns } from 'drizzle-orm';
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import { openBunStore } from '../src/bun/open-bun-store.ts';
import { migrations } from '../src/migrations/migrations.ts';
import * as tables from '../src/schema/tables.ts';
import { must, openTestStore } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'stemma-migrate-'));
afterAll(() => {
	rmSync(folder, { recursive: true });
});
const next = (migrations.at(-1)?.version ?? 0) + 1;
const extended = [
	...migrations,
	{ version: next, name: 'more', sql: 'CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;' }
];

test('a file with data is copied before it is changed', async () => {
	const path = join(folder, 'a.sqlite');
	const before = must(openBunStore({ path, nowMs: 1 }));
	must(await before.batch([{ sql: `INSERT INTO meta (key, value) VALUES ('mark', 'old')` }]));
	await before.close();
	const after = must(openBunStore({ path, nowMs: 2, migrations: extended }));
	expect(must(await after.query('SELECT count(*) AS n FROM more'))).toEqual([{ n: 0 }]);
	await after.close();
	const backup = readdirSync(folder).find((file) => file.startsWith('a.sqlite.before-'));
	const copy = must(openBunStore({ path: join(folder, backup ?? ''), nowMs: 3 }));
	expect(must(await copy.query(`SELECT value FROM meta WHERE key = 'mark'`))).toEqual([{ value: 'old' }]);
	await copy.close();
});

test('a newer file is refused and stays byte for byte as it was', async () => {
	const path = join(folder, 'b.sqlite');
	await must(openBunStore({ path, nowMs: 1, migrations: extended })).close();
	const bytes = readFileSync(path);
	const refused = openBunStore({ path, nowMs: 2 });
	expect(refused.ok ? null : refused.error.code).toBe('newer_schema');
	expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('a migration that fails half-way leaves the file as it was', async () => {
	const path = join(folder, 'c.sqlite');
	await must(openBunStore({ path, nowMs: 1 })).close();
	const broken = [
		...migrations,
		{ version: next, name: 'broken', sql: 'CREATE TABLE half (id INTEGER) STRICT; SELEKT 1;' }
	];
	const failed = openBunStore({ path, nowMs: 2, migrations: broken });
	expect(failed.ok ? null : failed.error.code).toBe('migration_failed');
	const store = must(openBunStore({ path, nowMs: 3 }));
	expect(must(await store.query(`SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'`))).toEqual([
		{ n: 0 }
	]);
	await store.close();
});

test('a file that other migrations made is refused', async () => {
	const path = join(folder, 'd.sqlite');
	await must(openBunStore({ path, nowMs: 1 })).close();
	const altered = migrations.map(({ version, name, sql }) => ({ version, name, sql: `${sql}\n-- altered` }));
	const refused = openBunStore({ path, nowMs: 2, migrations: altered });
	expect(refused.ok ? null : refused.error.code).toBe('migration_failed');
	expect(existsSync(path)).toBe(true);
});

test('Drizzle’s tables are the tables', async () => {
	const store = openTestStore();
	for (const table of Object.values(tables) as SQLiteTable[]) {
		const { name } = getTableConfig(table);
		const rows = must(await store.query(`SELECT name FROM pragma_table_info(?1)`, [name]));
		const real = rows.map((row) => String(row['name'])).toSorted();
		const drawn = Object.values(getTableColumns(table))
			.map((column) => column.name)
			.toSorted();
		expect(drawn, name).toEqual(real);
	}
});

test('the hot queries use their indexes', async () => {
	const store = openTestStore();
	const plans = [
		'SELECT id FROM node WHERE hash = ?1',
		'SELECT id FROM node WHERE parent_id = ?1 ORDER BY created_at, id',
		'SELECT id FROM node WHERE conv_id = ?1 AND pos = 0',
		'SELECT node_id FROM visit WHERE conv_id = ?1 ORDER BY seen_at DESC LIMIT 1',
		'SELECT id FROM op WHERE register = ?1 ORDER BY hlc DESC',
		'SELECT id FROM run WHERE node_id = ?1',
		'SELECT max(hlc) FROM op'
	];
	for (const sql of plans) {
		const rows = must(await store.query(`EXPLAIN QUERY PLAN ${sql}`, sql.includes('?1') ? [1] : []));
		const plan = rows.map((row) => String(row['detail'])).join('; ');
		expect(plan, sql).toMatch(/USING (COVERING )?(INDEX|INTEGER PRIMARY KEY)/);
	}
	const openRuns = must(
		await store.query(
			`EXPLAIN QUERY PLAN SELECT id FROM run WHERE state NOT IN ('done', 'cancelled', 'failed', 'interrupted')`
		)
	);
	expect(openRuns.map((row) => row['detail']).join()).toContain('run_open');
});

test('the checksums that are known beforehand are those of the SQL', () => {
	for (const { name, sql, checksum } of migrations) {
		const computed = new Bun.CryptoHasher('sha256').update(sql).digest('hex');
		expect(checksum, `of ${name}: a released migration never changes`).toBe(computed);
	}
});
