/** sqlite-wasm behind the connection interface, with a cache of prepared statements. */
import type { Database, PreparedStatement, SqlValue as WasmValue } from '@sqlite.org/sqlite-wasm';
import { checkParams, distinct, type Connection } from '../connection.ts';
import type { SqlValue } from '../port.ts';

const CACHED_STATEMENTS = 100;
const ROWS_PER_CLOCK_CHECK = 64;

export function createWasmConnection(
	database: Database,
	isReadOnly: (statement: PreparedStatement) => boolean
): Connection {
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
	const values = (statement: PreparedStatement): SqlValue[] => statement.get([]) as SqlValue[];

	return {
		run(sql, params) {
			const statement = prepared(sql);
			try {
				bind(statement, params);
				const rows: SqlValue[][] = [];
				while (statement.step()) rows.push(values(statement));
				const columns = distinct(statement.columnCount > 0 ? statement.getColumnNames([]) : []);
				return { columns, rows, changes: isReadOnly(statement) ? 0 : database.changes() };
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
