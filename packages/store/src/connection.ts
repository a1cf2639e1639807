/** What an engine must bring: one synchronous connection. Everything else of the port is built on it once. */
import type { Row, SqlValue, StatementResult } from './port.ts';

export interface Cursor {
	/** Up to `rows` further rows; an empty list at the end. Stops early after `ms` of stepping. */
	next(rows: number, ms: number): readonly Row[];
	close(): void;
}

export interface Connection {
	/** One statement. Throws what `toStoreError` understands. */
	run(sql: string, params: readonly SqlValue[]): StatementResult;
	/** Several statements without parameters, as in a migration. */
	script(sql: string): void;
	open(sql: string, params: readonly SqlValue[]): Cursor;
	close(): void;
}
