/**
 * What every engine must do, as cases that know no test runner: each gets an open, migrated store
 * and throws when the engine is wrong. Cases share a store and keep to tables of their own.
 */
import type { Result } from '@stemma/graph/result';
import { StoreFailure, type Change, type SqlValue, type Store, type StoreError } from '../src/port.ts';

export interface Case {
	readonly name: string;
	readonly run: (store: Store) => Promise<void>;
}

function must<T>(result: Result<T, StoreError>): T {
	if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
	return result.value;
}

function same(actual: unknown, expected: unknown, why: string): void {
	const text = (value: unknown): string =>
		JSON.stringify(value, (_key, part: unknown) =>
			typeof part === 'bigint' ? `${part}n` : part instanceof Uint8Array ? { bytes: [...part] } : part
		);
	if (text(actual) !== text(expected)) throw new Error(`${why}: ${text(actual)} is not ${text(expected)}`);
}

const CHAIN = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT i FROM n`;
const table = async (store: Store, name: string): Promise<void> => {
	must(
		await store.batch([
			{
				sql: `CREATE TABLE IF NOT EXISTS ${name} (id INTEGER PRIMARY KEY, name TEXT UNIQUE, data ANY) STRICT`
			},
			{ sql: `DELETE FROM ${name}` }
		])
	);
};

/** The code a stream fails with, or 'ok'. */
async function endOf(store: Store, sql: string, params: readonly SqlValue[] = []): Promise<string> {
	try {
		for await (const rows of store.stream(sql, params)) if (rows.length === 0) return 'an empty batch';
		return 'ok';
	} catch (thrown) {
		return thrown instanceof StoreFailure ? thrown.error.code : String(thrown);
	}
}

export const cases: readonly Case[] = [
	{
		name: 'values come back as they went in',
		run: async (store) => {
			const big = 9_007_199_254_740_993n;
			const params = [null, 42, -1.5, 'Ω 😀 \u0000', new Uint8Array([0, 255, 7]), big, ''];
			const rows = must(await store.query('SELECT ?1 a, ?2 b, ?3 c, ?4 d, ?5 e, ?6 f, ?7 g', params));
			same(Object.values(rows[0] ?? {}), params, 'a value changed on the way');
			same(
				must(await store.query('SELECT 9007199254740991 AS n'))[0]?.['n'],
				2 ** 53 - 1,
				'small enough for a number'
			);
			same(
				must(await store.query('SELECT zeroblob(0) AS b'))[0]?.['b'],
				new Uint8Array(),
				'an empty blob is none'
			);
		}
	},
	{
		name: 'no rows is an empty list',
		run: async (store) => {
			same(must(await store.query('SELECT 1 AS one WHERE 0')), [], 'rows out of nothing');
		}
	},
	{
		name: 'the SQL in use is there',
		run: async (store) => {
			same(must(await store.query(`SELECT '{"a":[1,2]}' ->> '$.a[1]' AS n`)), [{ n: 2 }], 'JSON');
			same(must(await store.query(`SELECT lower(hex(unhex('00ff'))) AS h`)), [{ h: '00ff' }], 'unhex');
			same(must(await store.query(`SELECT (1, 2) < (1, 3) AS less`)), [{ less: 1 }], 'row values');
			same(must(await store.query(CHAIN, [3])), [{ i: 1 }, { i: 2 }, { i: 3 }], 'recursion');
			must(
				await store.batch([
					{ sql: 'CREATE VIRTUAL TABLE IF NOT EXISTS fts USING fts5(body)' },
					{ sql: 'DELETE FROM fts' }
				])
			);
			must(await store.batch([{ sql: `INSERT INTO fts VALUES ('a green tree'), ('a blue river')` }]));
			same(
				must(await store.query(`SELECT body FROM fts WHERE fts MATCH 'tree' ORDER BY rank`)),
				[{ body: 'a green tree' }],
				'FTS5'
			);
		}
	},
	{
		name: 'upsert and RETURNING',
		run: async (store) => {
			await table(store, 'upsert');
			const sql = `INSERT INTO upsert (name, data) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET data = excluded.data RETURNING name, data`;
			const results = must(
				await store.batch([
					{ sql, params: ['a', 1] },
					{ sql, params: ['a', 2] }
				])
			);
			same(
				results.map(({ rows }) => rows),
				[[{ name: 'a', data: 1 }], [{ name: 'a', data: 2 }]],
				'what came back'
			);
			same(must(await store.query('SELECT count(*) AS n FROM upsert')), [{ n: 1 }], 'rows');
		}
	},
	{
		name: 'a batch is all or nothing',
		run: async (store) => {
			await table(store, 'atomic');
			const failed = await store.batch([
				{ sql: `INSERT INTO atomic (name) VALUES ('x')` },
				{ sql: `INSERT INTO atomic (name) VALUES ('x')` }
			]);
			same(failed.ok ? null : failed.error.code, 'constraint', 'a duplicate name');
			same(must(await store.query('SELECT count(*) AS n FROM atomic')), [{ n: 0 }], 'what is left of it');
		}
	},
	{
		name: 'an expectation that is not met rolls back with conflict',
		run: async (store) => {
			await table(store, 'expect');
			const write = { sql: `INSERT INTO expect (name) VALUES ('x')` };
			for (const statement of [
				{ sql: `UPDATE expect SET data = 1 WHERE name = 'nobody'`, expect: 1 },
				{ sql: `SELECT 1 AS one WHERE 0`, expect: 1 },
				{ sql: `SELECT 1 AS one UNION ALL SELECT 2`, expect: 1 }
			]) {
				const result = await store.batch([write, statement]);
				same(result.ok ? null : result.error.code, 'conflict', statement.sql);
			}
			same(must(await store.query('SELECT count(*) AS n FROM expect')), [{ n: 0 }], 'what is left of it');
			const met = must(
				await store.batch([write, { sql: `UPDATE expect SET data = 1 WHERE name = 'x'`, expect: 1 }])
			);
			same(
				met.map(({ changes }) => changes),
				[1, 1],
				'rows changed'
			);
		}
	},
	{
		name: 'wrong SQL is an error with code sql, and the store goes on',
		run: async (store) => {
			const result = await store.query('SELEKT 1');
			same(result.ok ? null : result.error.code, 'sql', 'a typing error');
			const inBatch = await store.batch([{ sql: 'SELECT * FROM nowhere' }]);
			same(inBatch.ok ? null : inBatch.error.code, 'sql', 'a missing table');
			same(must(await store.query('SELECT 1 AS one')), [{ one: 1 }], 'afterwards');
		}
	},
	{
		name: 'a stream gives all rows in order, in batches',
		run: async (store) => {
			const sizes: number[] = [];
			let last = 0;
			for await (const rows of store.stream(CHAIN, [5000], { batchRows: 400 })) {
				sizes.push(rows.length);
				for (const row of rows) {
					if (row['i'] !== last + 1) throw new Error(`${String(row['i'])} after ${last}`);
					last++;
				}
			}
			same(last, 5000, 'rows');
			if (sizes.some((size) => size > 400 || size === 0)) throw new Error(`batches of ${sizes.join(', ')}`);
		}
	},
	{
		name: 'a stream that is left stops working, and an endless one can be cancelled',
		run: async (store) => {
			const endless = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n`;
			for await (const rows of store.stream(endless, [], { batchRows: 10 })) {
				if (rows.length > 0) break;
			}
			const controller = new AbortController();
			let batches = 0;
			let code = '';
			try {
				for await (const rows of store.stream(endless, [], { batchRows: 10, signal: controller.signal })) {
					batches += rows.length > 0 ? 1 : 0;
					if (batches === 3) controller.abort();
					if (batches > 50) throw new Error('it goes on after the cancel');
				}
			} catch (thrown) {
				if (!(thrown instanceof StoreFailure)) throw thrown;
				code = thrown.error.code;
			}
			same(code, 'aborted', 'how it ended');
			same(must(await store.query('SELECT 1 AS one')), [{ one: 1 }], 'afterwards');
		}
	},
	{
		name: 'a stream that fails says why',
		run: async (store) => {
			let code = '';
			try {
				for await (const rows of store.stream('SELECT * FROM nowhere'))
					same(rows, [], 'rows of a missing table');
			} catch (thrown) {
				code = thrown instanceof StoreFailure ? thrown.error.code : 'thrown';
			}
			same(code, 'sql', 'how it ended');
		}
	},
	{
		name: 'requests sent together are answered each with its own',
		run: async (store) => {
			const answers = await Promise.all(
				Array.from({ length: 200 }, (_, i) => store.query('SELECT ?1 AS i', [i]))
			);
			same(
				answers.map((answer) => must(answer)[0]?.['i']),
				Array.from({ length: 200 }, (_, i) => i),
				'who got what'
			);
		}
	},
	{
		name: 'writing goes on while a stream is open',
		run: async (store) => {
			await table(store, 'meanwhile');
			let written = 0;
			for await (const rows of store.stream(CHAIN, [1000], { batchRows: 100 })) {
				must(
					await store.batch([
						{ sql: 'INSERT INTO meanwhile (name) VALUES (?1)', params: [`row ${written + rows.length}`] }
					])
				);
				written++;
			}
			same(must(await store.query('SELECT count(*) AS n FROM meanwhile')), [{ n: written }], 'rows');
		}
	},
	{
		name: 'a change is told after the commit, and none for what was rolled back',
		run: async (store) => {
			await table(store, 'told');
			const changes: Change[] = [];
			const stop = store.onChange((change) => {
				if (change.tables.includes('told')) changes.push(change);
			});
			const touched = { tables: ['told'], conversations: ['c1'], nodes: ['n1'] };
			await store.batch(
				[{ sql: `INSERT INTO told (name) VALUES ('x')` }, { sql: 'SELECT 1 AS one WHERE 0', expect: 1 }],
				{ touched }
			);
			must(await store.batch([{ sql: `INSERT INTO told (name) VALUES ('x')` }], { touched }));
			for (let i = 0; i < 100 && changes.length === 0; i++)
				await new Promise((resolve) => setTimeout(resolve, 10));
			stop();
			same(
				changes.map(({ conversations, nodes }) => [conversations, nodes]),
				[[['c1'], ['n1']]],
				'what was told'
			);
		}
	},
	{
		name: 'a large row goes through whole',
		run: async (store) => {
			await table(store, 'large');
			const text = 'x😀'.repeat(500_000);
			must(
				await store.batch([{ sql: 'INSERT INTO large (name, data) VALUES (?1, ?2)', params: ['l', text] }])
			);
			same(
				must(await store.query('SELECT data = ?1 AS same, length(data) AS n FROM large', [text])),
				[{ same: 1, n: 1_000_000 }],
				'text'
			);
		}
	},
	{
		name: 'many parameters fit',
		run: async (store) => {
			const params = Array.from({ length: 1000 }, (_, i) => i);
			const rows = must(await store.query(`SELECT ${params.map(() => '?').join('+')} AS sum`, params));
			same(rows, [{ sum: 499_500 }], 'sum');
		}
	},
	{
		name: 'an export is a complete SQLite file',
		run: async (store) => {
			await table(store, 'exported');
			must(await store.batch([{ sql: `INSERT INTO exported (name) VALUES ('find me in the file')` }]));
			const file = must(await store.export());
			same(new TextDecoder().decode(file.slice(0, 15)), 'SQLite format 3', 'the head of the file');
			if (!new TextDecoder('latin1').decode(file).includes('find me in the file'))
				throw new Error('the last write is missing');
		}
	},
	{
		name: 'an export is complete while a stream is open',
		run: async (store) => {
			await table(store, 'streamed');
			must(await store.batch([{ sql: `INSERT INTO streamed (name) VALUES ('also in the file')` }]));
			let copy: ReturnType<Store['export']> | null = null;
			let rows = 0;
			for await (const batch of store.stream(CHAIN, [5000], { batchRows: 100 })) {
				copy ??= store.export();
				rows += batch.length;
			}
			same(rows, 5000, 'the stream goes on');
			if (!copy) throw new Error('no batch came');
			if (!new TextDecoder('latin1').decode(must(await copy)).includes('also in the file'))
				throw new Error('the last write is missing');
		}
	},
	{
		name: 'two columns of one name are refused, and nothing is written',
		run: async (store) => {
			await table(store, 'doubled');
			const sql = 'SELECT 1 AS a, 2 AS a';
			const read = await store.query(sql);
			same(read.ok ? null : read.error.code, 'sql', 'a query');
			const written = await store.batch([{ sql: `INSERT INTO doubled (name) VALUES ('x')` }, { sql }]);
			same(written.ok ? null : written.error.code, 'sql', 'a batch');
			same(must(await store.query('SELECT count(*) AS n FROM doubled')), [{ n: 0 }], 'what is left of it');
			same(await endOf(store, sql), 'sql', 'a stream');
		}
	},
	{
		name: 'values are as many as parameters',
		run: async (store) => {
			for (const params of [[], [1, 2]]) {
				const result = await store.query('SELECT ?1 AS a', params);
				same(result.ok ? null : result.error.code, 'sql', `${params.length} values for one parameter`);
				same(await endOf(store, 'SELECT ?1 AS a', params), 'sql', 'a stream of it');
			}
		}
	},
	{
		name: 'a transaction is a batch: none can be begun or ended by hand',
		run: async (store) => {
			await table(store, 'controlled');
			for (const sql of ['BEGIN', ' savepoint s', 'COMMIT']) {
				const alone = await store.query(sql);
				same(alone.ok ? null : alone.error.code, 'sql', sql);
				same(await endOf(store, sql), 'sql', `a stream of ${sql}`);
				const write = { sql: `INSERT INTO controlled (name) VALUES ('x')` };
				const within = await store.batch([write, { sql }, write]);
				same(within.ok ? null : within.error.code, 'sql', `${sql} in a batch`);
			}
			same(must(await store.query('SELECT count(*) AS n FROM controlled')), [{ n: 0 }], 'what is left');
		}
	},
	{
		name: 'changes are those of the statement itself',
		run: async (store) => {
			await table(store, 'counted');
			await table(store, 'echoed');
			const results = must(
				await store.batch([
					{
						sql: `CREATE TRIGGER IF NOT EXISTS counted_echo AFTER INSERT ON counted
						BEGIN INSERT INTO echoed (name) VALUES (new.name); END`
					},
					{ sql: `INSERT INTO counted (name) VALUES ('x'), ('y')`, expect: 2 },
					{ sql: 'CREATE TABLE IF NOT EXISTS counted (id INTEGER)', expect: 0 },
					{ sql: `UPDATE counted SET data = 1 WHERE name = 'nobody'`, expect: 0 },
					{ sql: `INSERT INTO counted (name) VALUES ('x') ON CONFLICT DO NOTHING RETURNING name`, expect: 0 },
					{ sql: `INSERT INTO counted (name) VALUES ('z') RETURNING name`, expect: 1 },
					{ sql: 'DELETE FROM counted', expect: 3 }
				])
			);
			same(
				results.map(({ changes }) => changes),
				[0, 2, 0, 0, 0, 1, 3],
				'rows changed'
			);
		}
	},
	{
		name: 'text keeps every character',
		run: async (store) => {
			await table(store, 'characters');
			const texts = ['a\0b', '', '\u{1F468}\u200D\u{1F469}', 'e\u0301 \u00e9', '\r\n', '\uFEFFbom'];
			for (const text of texts) {
				must(
					await store.batch([
						{ sql: 'INSERT INTO characters (name, data) VALUES (?1, ?1)', params: [text], expect: 1 }
					])
				);
				const [row] = must(await store.query('SELECT data FROM characters WHERE name = ?1', [text]));
				same(row, { data: text }, JSON.stringify(text));
			}
		}
	},
	{
		name: 'it says what it is',
		run: async (store) => {
			const info = must(await store.info());
			same(info.sqliteVersion, '3.54.1', 'the pinned SQLite');
			if (info.schemaVersion < 1 || info.epoch < 1 || info.sizeBytes <= 0)
				throw new Error(JSON.stringify(info));
		}
	}
];
