/** sqlite-wasm behind the connection interface, with a cache of prepared statements. */
import type {
	Database,
	PreparedStatement,
	Sqlite3Static,
	SqlValue as WasmValue
} from '@sqlite.org/sqlite-wasm';
import { checkParams, distinct, narrowInteger, type Connection } from '../connection.ts';
import type { SqlValue } from '../port.ts';

const CACHED_STATEMENTS = 100;
const ROWS_PER_CLOCK_CHECK = 64;
/** A byte order mark at the head of a text belongs to it. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Of the WASM module, by pointer of the statement and index of the column. */
interface ColumnFunctions {
	sqlite3_column_type(statement: number, column: number): number;
	sqlite3_column_double(statement: number, column: number): number;
	sqlite3_column_int64(statement: number, column: number): bigint;
	sqlite3_column_text(statement: number, column: number): number;
	sqlite3_column_blob(statement: number, column: number): number;
	sqlite3_column_bytes(statement: number, column: number): number;
}

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
	// The bare exports, not the wrapped functions of capi: those cost more than the step itself.
	const column = wasm.exports as unknown as ColumnFunctions;
	const value = (at: number, i: number): SqlValue => {
		switch (column.sqlite3_column_type(at, i)) {
			case capi.SQLITE_NULL:
				return null;
			case capi.SQLITE_INTEGER: {
				const double = column.sqlite3_column_double(at, i);
				if (Number.isSafeInteger(double)) return double;
				return narrowInteger(column.sqlite3_column_int64(at, i));
			}
			case capi.SQLITE_FLOAT:
				return column.sqlite3_column_double(at, i);
			case capi.SQLITE_TEXT: {
				const from = column.sqlite3_column_text(at, i);
				return utf8.decode(wasm.heap8u().subarray(from, from + column.sqlite3_column_bytes(at, i)));
			}
			default: {
				const from = column.sqlite3_column_blob(at, i);
				return wasm.heap8u().slice(from, from + column.sqlite3_column_bytes(at, i));
			}
		}
	};
	const values = (statement: PreparedStatement, count: number): SqlValue[] => {
		const at = statement.pointer as number;
		const row: SqlValue[] = [];
		for (let i = 0; i < count; i++) row.push(value(at, i));
		return row;
	};

	return {
		run(sql, params) {
			const statement = prepared(sql);
			const before = database.changes(true);
			try {
				bind(statement, params);
				const rows: SqlValue[][] = [];
				const count = statement.columnCount;
				while (statement.step()) rows.push(values(statement, count));
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
						else rows.push(values(statement, columns.length));
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
