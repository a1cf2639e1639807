/** What an engine must bring: one synchronous connection. Everything else of the port is built on it once. */
import type { Row, SqlValue, StatementResult } from './port.ts';

/** Rows as arrays under one list of names: a tenth of the cost of objects where they cross threads. */
export interface PackedResult {
	readonly columns: readonly string[];
	readonly rows: readonly (readonly SqlValue[])[];
	readonly changes: number;
}

export interface Cursor {
	readonly columns: readonly string[];
	/** Up to `rows` further rows; an empty list at the end. Stops early after `ms` of stepping. */
	next(rows: number, ms: number): readonly (readonly SqlValue[])[];
	close(): void;
}

export interface Connection {
	/** One statement. Throws what `toStoreError` understands. */
	run(sql: string, params: readonly SqlValue[]): PackedResult;
	/** Several statements without parameters, as in a migration. */
	script(sql: string): void;
	open(sql: string, params: readonly SqlValue[]): Cursor;
	close(): void;
}

/** Throws where a row as an object would lose a column. For engines, before their result leaves the transaction. */
export function distinct(columns: readonly string[]): readonly string[] {
	if (new Set(columns).size !== columns.length) {
		throw new Error(`two columns of one name would become one: ${columns.join(', ')}`);
	}
	return columns;
}

/** SQLite takes missing values for NULL: a slip that must not write. */
export function checkParams(expected: number, params: readonly SqlValue[]): void {
	if (params.length !== expected) {
		throw new Error(`the statement has ${expected} parameters, ${params.length} values were given`);
	}
}

export function unpackRows(
	columns: readonly string[],
	rows: readonly (readonly SqlValue[])[]
): readonly Row[] {
	const unpacked: Row[] = [];
	for (const values of rows) {
		const row: Record<string, SqlValue> = {};
		let i = 0;
		for (const column of columns) row[column] = values[i++] ?? null;
		unpacked.push(row);
	}
	return unpacked;
}

export const unpack = ({ columns, rows, changes }: PackedResult): StatementResult => ({
	rows: unpackRows(columns, rows),
	changes
});

/** Every integer arrives as bigint from some engines; those that fit become numbers. */
export function narrowInteger(value: SqlValue): SqlValue {
	if (typeof value !== 'bigint') return value;
	const narrowed = Number(value);
	return Number.isSafeInteger(narrowed) ? narrowed : value;
}
