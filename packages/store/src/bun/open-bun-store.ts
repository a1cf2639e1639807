/** The port on bun:sqlite: tests, tools and benchmarks, in memory or on a file. */
import { existsSync, statSync } from 'node:fs';
import { err, ok, type Result } from '@stemma/graph/result';
import { unpack } from '../connection.ts';
import { migrate, pragma, prepareConnection, prepareFile, type Migration } from '../migrate.ts';
import { migrations as allMigrations } from '../migrations/migrations.ts';
import { StoreFailure, type Change, type Store, type StoreError } from '../port.ts';
import { toStoreError } from '../sql-error.ts';
import { openCursor, runQuery, runTransaction } from '../transaction.ts';
import { openBunConnection, type BunConnection } from './bun-connection.ts';

export interface BunStoreOptions {
	readonly path: string;
	readonly migrations?: readonly Migration[];
	readonly nowMs: number;
}

const STEP_MS = 8;
const CLOSED: StoreError = { code: 'closed', message: 'The database is closed.' };

export function openBunStore(options: BunStoreOptions): Result<Store, StoreError> {
	const { path, migrations = allMigrations, nowMs } = options;
	let connection: BunConnection;
	let version: number;
	try {
		connection = openBunConnection(path);
	} catch (thrown) {
		return err(toStoreError(thrown));
	}
	try {
		prepareFile(connection);
		const migrated = migrate(connection, migrations, nowMs, (from) => {
			connection.run('VACUUM INTO ?', [`${path}.before-${from}-${nowMs}`]);
			return ok(undefined);
		});
		if (!migrated.ok) {
			connection.close();
			return migrated;
		}
		version = migrated.value;
		prepareConnection(connection);
	} catch (thrown) {
		connection.close();
		return err(toStoreError(thrown));
	}

	const listeners = new Set<(change: Change) => void>();
	let isOpen = true;

	const store: Store = {
		query(sql, params = []) {
			if (!isOpen) return Promise.resolve(err(CLOSED));
			const result = runQuery(connection, sql, params);
			return Promise.resolve(result.ok ? ok(unpack(result.value).rows) : result);
		},
		batch(statements, batchOptions) {
			if (!isOpen) return Promise.resolve(err(CLOSED));
			const result = runTransaction(connection, statements);
			const touched = batchOptions?.touched;
			if (result.ok && touched) {
				const change: Change = { ...touched, epoch: 1, origin: 'bun' };
				queueMicrotask(() => {
					for (const listener of listeners) listener(change);
				});
			}
			return Promise.resolve(result.ok ? ok(result.value.map(unpack)) : result);
		},
		async *stream(sql, params = [], { batchRows = 500, signal } = {}) {
			const throwIfOver = (): void => {
				if (!isOpen) throw new StoreFailure(CLOSED);
				if (signal?.aborted === true) throw new StoreFailure({ code: 'aborted', message: 'Cancelled.' });
			};
			throwIfOver();
			const fail = (thrown: unknown): never => {
				throw new StoreFailure(toStoreError(thrown));
			};
			let cursor: ReturnType<typeof connection.open> | undefined;
			try {
				try {
					cursor = openCursor(connection, sql, params);
				} catch (thrown) {
					return fail(thrown);
				}
				let turnAt = performance.now();
				for (;;) {
					throwIfOver();
					let rows;
					try {
						rows = cursor.nextRows(batchRows, STEP_MS);
					} catch (thrown) {
						return fail(thrown);
					}
					if (rows.length === 0) return;
					yield rows;
					// A macrotask now and then, so that whoever wants to cancel gets a turn.
					if (performance.now() - turnAt < STEP_MS) continue;
					await new Promise<void>((resolve) => setImmediate(resolve));
					turnAt = performance.now();
				}
			} finally {
				cursor?.close();
			}
		},
		export() {
			if (!isOpen) return Promise.resolve(err(CLOSED));
			try {
				return Promise.resolve(ok(connection.copy()));
			} catch (thrown) {
				return Promise.resolve(err(toStoreError(thrown)));
			}
		},
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		info() {
			if (!isOpen) return Promise.resolve(err(CLOSED));
			return Promise.resolve(
				ok({
					engine: 'bun',
					sqliteVersion: String(connection.run('SELECT sqlite_version() AS v', []).rows[0]?.[0]),
					schemaVersion: version,
					journalMode: String(pragma(connection, 'journal_mode')),
					persistent: path !== ':memory:',
					role: 'owner',
					epoch: 1,
					sizeBytes: existsSync(path) ? statSync(path).size : Number(pragma(connection, 'page_count')) * 8192
				})
			);
		},
		close() {
			if (isOpen) {
				isOpen = false;
				connection.script('PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);');
				connection.close();
			}
			return Promise.resolve();
		}
	};
	return ok(store);
}
