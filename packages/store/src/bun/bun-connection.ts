/** bun:sqlite behind the connection interface. */
import { Database, type SQLQueryBindings } from 'bun:sqlite';
import type { Connection } from '../connection.ts';
import type { Row, SqlValue } from '../port.ts';

/** `safeIntegers` hands out every integer as bigint; those that fit become numbers again. */
function toRow(raw: unknown): Row {
	const row = raw as Record<string, SqlValue>;
	for (const key in row) {
		const value = row[key];
		if (typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
			row[key] = Number(value);
		}
	}
	return row;
}

const bind = (params: readonly SqlValue[]): SQLQueryBindings[] => params as SQLQueryBindings[];

export function openBunConnection(path: string): Connection & { readonly database: Database } {
	const database = new Database(path, { create: true, safeIntegers: true, strict: true });
	return {
		database,
		run(sql, params) {
			const statement = database.query(sql);
			if (statement.columnNames.length > 0) {
				const rows = statement.all(...bind(params)).map(toRow);
				return { rows, changes: /^\s*(select|with|values|pragma)/i.test(sql) ? 0 : rows.length };
			}
			return { rows: [], changes: statement.run(...bind(params)).changes };
		},
		script: (sql) => {
			database.exec(sql);
		},
		open(sql, params) {
			const statement = database.prepare(sql);
			const iterator = statement.iterate(...bind(params));
			let done = false;
			return {
				next(limit, ms) {
					const rows: Row[] = [];
					const until = performance.now() + ms;
					while (!done && rows.length < limit) {
						const step = iterator.next();
						if (step.done === true) done = true;
						else rows.push(toRow(step.value));
						if (rows.length % 64 === 0 && performance.now() > until) break;
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
