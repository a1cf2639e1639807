/** A list of statements as one transaction, with compare-and-set; and one statement alone. */
import { err, ok, type Result } from '@stemma/graph/result';
import type { Connection, Cursor, PackedResult } from './connection.ts';
import type { SqlValue, Statement, StoreError } from './port.ts';
import { ExpectationFailed, toStoreError } from './sql-error.ts';

/** On a connection all tabs share, a transaction left open would shut everybody out; one ended early is half done. */
const TRANSACTION_CONTROL = /^\s*(begin|commit|end|rollback|savepoint|release)\b/i;

function refuseControl(sql: string): void {
	if (TRANSACTION_CONTROL.test(sql)) throw new Error(`a transaction is a batch: ${sql.slice(0, 80)}`);
}

export function runQuery(
	connection: Connection,
	sql: string,
	params: readonly SqlValue[]
): Result<PackedResult, StoreError> {
	try {
		refuseControl(sql);
		return ok(connection.run(sql, params));
	} catch (thrown) {
		return err(toStoreError(thrown));
	}
}

export function openCursor<C extends Cursor>(
	connection: { open(sql: string, params: readonly SqlValue[]): C },
	sql: string,
	params: readonly SqlValue[]
): C {
	refuseControl(sql);
	return connection.open(sql, params);
}

export function runTransaction(
	connection: Connection,
	statements: readonly Statement[]
): Result<readonly PackedResult[], StoreError> {
	const readsOnly = statements.every(({ sql }) => isRead(sql));
	try {
		connection.run(readsOnly ? 'BEGIN' : 'BEGIN IMMEDIATE', []);
	} catch (thrown) {
		return err(toStoreError(thrown));
	}
	try {
		const results = statements.map((statement) => {
			refuseControl(statement.sql);
			const result = connection.run(statement.sql, statement.params ?? []);
			if (statement.expect !== undefined) {
				const count = isRead(statement.sql) ? result.rows.length : result.changes;
				if (count !== statement.expect) {
					throw new ExpectationFailed(
						`expected ${statement.expect} rows, got ${count}: ${statement.sql.slice(0, 80)}`
					);
				}
			}
			return result;
		});
		connection.run('COMMIT', []);
		return ok(results);
	} catch (thrown) {
		try {
			connection.run('ROLLBACK', []);
		} catch {
			// SQLite has rolled back by itself (disk full, corruption): the first error is the one to tell.
		}
		return err(toStoreError(thrown));
	}
}

/** RETURNING rows come from a write: what it changed counts. */
function isRead(sql: string): boolean {
	const head = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase();
	if (head === 'SELECT' || head === 'VALUES') return true;
	return head === 'WITH' && !/\b(insert|update|delete|replace)\b/i.test(sql);
}
