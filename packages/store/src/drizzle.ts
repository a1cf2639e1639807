/**
 * Drizzle as a typed query builder over the port. It never owns a transaction: its own would not be isolated
 * over an asynchronous driver, so queries become statements and go through `batch`.
 */
import { ok, type Result } from '@stemma/graph/result';
import { drizzle } from 'drizzle-orm/sqlite-proxy';
import { StoreFailure, type SqlValue, type Statement, type Store, type StoreError } from './port.ts';

export type Db = Omit<
	ReturnType<typeof createDrizzle>,
	'transaction' | 'batch' | 'run' | 'all' | 'get' | 'values'
>;

function createDrizzle(store: Store) {
	return drizzle(async (sql, params, method) => {
		const result = await store.query(sql, params as readonly SqlValue[]);
		if (!result.ok) throw new StoreFailure(result.error);
		const rows = result.value.map((row) => Object.values(row));
		// For `get` Drizzle wants the row itself; undefined rows make it answer undefined for a missing one.
		return method === 'get' ? ({ rows: rows[0] } as unknown as { rows: unknown[] }) : { rows };
	});
}

export const createDb = (store: Store): Db => createDrizzle(store);

interface HasSql {
	toSQL(): { readonly sql: string; readonly params: readonly unknown[] };
}

/** A Drizzle query as data for `batch`. */
export function toStatement(query: HasSql, expect?: number): Statement {
	const { sql, params } = query.toSQL();
	return { sql, params: params as readonly SqlValue[], ...(expect === undefined ? {} : { expect }) };
}

/** Awaits a Drizzle query; what the store refuses comes back as a value. */
export async function attempt<T>(query: PromiseLike<T>): Promise<Result<T, StoreError>> {
	try {
		return ok(await query);
	} catch (thrown) {
		const failure = thrown instanceof Error && thrown.cause instanceof StoreFailure ? thrown.cause : thrown;
		if (failure instanceof StoreFailure) return { ok: false, error: failure.error };
		throw thrown;
	}
}
