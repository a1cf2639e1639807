/** bun:sqlite behind the connection interface. */
import { Database, type SQLQueryBindings } from 'bun:sqlite';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkParams, distinct, narrowInteger, type Connection, type Cursor } from '../connection.ts';
import type { Row, SqlValue } from '../port.ts';

const bind = (params: readonly SqlValue[]): SQLQueryBindings[] => params as SQLQueryBindings[];

/** Rows as the objects they are made of here: nothing is packed where nothing crosses threads. */
export interface BunCursor extends Cursor {
	nextRows(rows: number, ms: number): readonly Row[];
}

export interface BunConnection extends Connection {
	open(sql: string, params: readonly SqlValue[]): BunCursor;
	/** The whole database as a file, also while cursors are open (which VACUUM INTO refuses). */
	copy(): Uint8Array;
}

export function openBunConnection(path: string): BunConnection {
	const database = new Database(path, { create: true, safeIntegers: true, strict: true });
	return {
		run(sql, params) {
			const statement = database.query(sql);
			checkParams(statement.paramsCount, params);
			const columns = distinct(statement.columnNames);
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
			checkParams(statement.paramsCount, params);
			const columns = distinct(statement.columnNames);
			const iterator = statement.iterate(...bind(params)) as IterableIterator<Record<string, SqlValue>>;
			let done = false;
			const nextRows = (limit: number, ms: number): readonly Row[] => {
				const rows: Row[] = [];
				const until = performance.now() + ms;
				while (!done && rows.length < limit) {
					const step = iterator.next();
					if (step.done === true) done = true;
					else rows.push(narrowed(step.value, columns));
					if (rows.length % 64 === 63 && performance.now() > until) break;
				}
				return rows;
			};
			return {
				columns,
				nextRows,
				next: (limit, ms) => nextRows(limit, ms).map((row) => columns.map((column) => row[column] ?? null)),
				close() {
					iterator.return?.();
					statement.finalize();
				}
			};
		},
		copy() {
			if (path === ':memory:') return new Uint8Array(database.serialize());
			const folder = mkdtempSync(join(tmpdir(), 'stemma-'));
			const reader = new Database(path, { readonly: true });
			try {
				reader.run('VACUUM INTO ?', [join(folder, 'copy.sqlite')]);
				return new Uint8Array(readFileSync(join(folder, 'copy.sqlite')));
			} finally {
				reader.close();
				rmSync(folder, { recursive: true });
			}
		},
		close: () => {
			database.close();
		}
	};
}

/** In place: the object was made for this row. */
function narrowed(row: Record<string, SqlValue>, columns: readonly string[]): Row {
	for (const column of columns) {
		const value = row[column];
		if (typeof value === 'bigint') row[column] = narrowInteger(value);
	}
	return row;
}
