/** bun:sqlite behind the connection interface. */
import { Database, type SQLQueryBindings } from 'bun:sqlite';
import { narrowInteger, type Connection } from '../connection.ts';
import type { SqlValue } from '../port.ts';

const bind = (params: readonly SqlValue[]): SQLQueryBindings[] => params as SQLQueryBindings[];

export function openBunConnection(path: string): Connection {
	const database = new Database(path, { create: true, safeIntegers: true, strict: true });
	return {
		run(sql, params) {
			const statement = database.query(sql);
			const columns = statement.columnNames;
			if (columns.length === 0) return { columns, rows: [], changes: statement.run(...bind(params)).changes };
			const rows = (statement.values(...bind(params)) as SqlValue[][]).map((row) => row.map(narrowInteger));
			const writes = !/^\s*(select|values|pragma)/i.test(sql) && /\breturning\b/i.test(sql);
			return { columns, rows, changes: writes ? rows.length : 0 };
		},
		script: (sql) => {
			database.run(sql);
		},
		open(sql, params) {
			const statement = database.prepare(sql);
			const columns = statement.columnNames;
			const iterator = statement.iterate(...bind(params)) as IterableIterator<Record<string, SqlValue>>;
			let done = false;
			return {
				columns,
				next(limit, ms) {
					const rows: SqlValue[][] = [];
					const until = performance.now() + ms;
					while (!done && rows.length < limit) {
						const step = iterator.next();
						if (step.done === true) done = true;
						else rows.push(Object.values(step.value).map(narrowInteger));
						if (rows.length % 64 === 63 && performance.now() > until) break;
					}
					return rows;
				},
				close() {
					iterator.return?.();
					statement.finalize();
				}
			};
		},
		close: () => {
			database.close();
		}
	};
}
