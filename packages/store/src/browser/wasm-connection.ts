/** sqlite-wasm behind the connection interface, with a cache of prepared statements. */
import type {
	Database,
	PreparedStatement,
	Sqlite3Static,
	SqlValue as WasmValue
} from '@sqlite.org/sqlite-wasm';
import { checkParams, distinct, type Connection } from '../connection.ts';
import type { SqlValue } from '../port.ts';

const CACHED_STATEMENTS = 100;
const ROWS_PER_CLOCK_CHECK = 64;

export function createWasmConnection({ capi, wasm }: Sqlite3Static, database: Database): Connection {
	const cache = new Map<string, PreparedStatement>();

	const prepared = (sql: string): PreparedStatement => {
		const known = cache.get(sql);
		if (known) {
			cache.delete(sql);
			cache.set(sql, known);
			return known;
		}
		const statement = database.prepare(sql);
		cache.set(sql, statement);
		const [oldest] = cache;
		if (cache.size > CACHED_STATEMENTS && oldest) {
			cache.delete(oldest[0]);
			oldest[1].finalize();
		}
		return statement;
	};

	const bind = (statement: PreparedStatement, params: readonly SqlValue[]): void => {
		checkParams(statement.parameterCount, params);
		if (params.length > 0) statement.bind(params as WasmValue[]);
	};
	/** The decoder of sqlite-wasm takes a byte order mark off the head of a text: it belongs to it. */
	const hasMark = (statement: PreparedStatement, column: number): boolean => {
		const at = capi.sqlite3_column_blob(statement, column);
		const heap = wasm.heap8u();
		return at !== 0 && heap[at] === 0xef && heap[at + 1] === 0xbb && heap[at + 2] === 0xbf;
	};
	const values = (statement: PreparedStatement): SqlValue[] => {
		const row = statement.get([]) as SqlValue[];
		for (const [i, value] of row.entries()) {
			if (typeof value === 'string' && hasMark(statement, i)) row[i] = `\uFEFF${value}`;
		}
		return row;
	};

	return {
		run(sql, params) {
			const statement = prepared(sql);
			const before = database.changes(true);
			try {
				bind(statement, params);
				const rows: SqlValue[][] = [];
				while (statement.step()) rows.push(values(statement));
				const columns = distinct(statement.columnCount > 0 ? statement.getColumnNames([]) : []);
				// What changes nothing (DDL, reading) leaves the number of the statement before it.
				return { columns, rows, changes: database.changes(true) === before ? 0 : database.changes() };
			} finally {
				statement.reset(true);
			}
		},
		script: (sql) => {
			database.exec(sql);
		},
		open(sql, params) {
			// Its own statement: the cached one may run meanwhile.
			const statement = database.prepare(sql);
			let columns: readonly string[];
			try {
				bind(statement, params);
				columns = distinct(statement.columnCount > 0 ? statement.getColumnNames([]) : []);
			} catch (thrown) {
				statement.finalize();
				throw thrown;
			}
			let done = false;
			return {
				columns,
				next(limit, ms) {
					const rows: SqlValue[][] = [];
					const until = performance.now() + ms;
					while (!done && rows.length < limit) {
						if (!statement.step()) done = true;
						else rows.push(values(statement));
						if (rows.length % ROWS_PER_CLOCK_CHECK === ROWS_PER_CLOCK_CHECK - 1 && performance.now() > until)
							break;
					}
					return rows;
				},
				close: () => {
					statement.finalize();
				}
			};
		},
		close() {
			for (const statement of cache.values()) statement.finalize();
			cache.clear();
		}
	};
}
