/**
 * Brings a database file to the newest schema, or refuses it and leaves it as it was.
 * Migrations are SQL with a number; each runs in one transaction and is remembered with its checksum.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '@stemma/graph/result';
import { unpack, type Connection } from './connection.ts';
import type { StoreError } from './port.ts';

export interface Migration {
	/** 1, 2, 3 …; the last one is the file's `user_version`. */
	readonly version: number;
	readonly name: string;
	readonly sql: string;
	/** SHA-256 of the SQL where it is known beforehand: every start compares it. */
	readonly checksum?: string;
}

/** "STEM": tells the file from any other SQLite database. */
export const APPLICATION_ID = 0x5354454d;

const countTables = (connection: Connection): number =>
	Number(connection.run('SELECT count(*) FROM sqlite_schema', []).rows[0]?.[0]);

/** Sets what must be set before the first table. A file that has tables is not touched: it may be refused yet. */
export function prepareFile(connection: Connection): void {
	if (countTables(connection) > 0) return;
	connection.script('PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;');
}

/** Sets what holds for a connection: what is deleted is overwritten, too. Call after `prepareFile`. */
export function prepareConnection(connection: Connection): void {
	connection.script(
		`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
		PRAGMA trusted_schema = OFF; PRAGMA recursive_triggers = OFF; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;`
	);
}

export function pragma(connection: Connection, name: string): number | string {
	const value = connection.run(`PRAGMA ${name}`, []).rows[0]?.[0];
	return typeof value === 'string' ? value : Number(value ?? 0);
}

/**
 * @param backUp called once before the first change to a file that has data; returning an error stops everything
 * @returns the schema version the file now has
 */
export function migrate(
	connection: Connection,
	migrations: readonly Migration[],
	nowMs: number,
	backUp: (fromVersion: number) => Result<void, StoreError>
): Result<number, StoreError> {
	const newest = migrations.at(-1)?.version ?? 0;
	const current = Number(pragma(connection, 'user_version'));
	const application = Number(pragma(connection, 'application_id'));
	if (countTables(connection) > 0 && application !== APPLICATION_ID) {
		return err({ code: 'migration_failed', message: 'This file is not a Stemma database.' });
	}
	if (current > newest) {
		return err({
			code: 'newer_schema',
			message: `The database was written by a newer version of Stemma (schema ${current}, this one knows ${newest}).`
		});
	}
	const altered = alteredMigration(connection, migrations, current);
	if (altered) return err({ code: 'migration_failed', message: altered });

	const pending = migrations.filter(({ version }) => version > current);
	if (pending.length === 0) return ok(current);
	if (current > 0) {
		const backedUp = backUp(current);
		if (!backedUp.ok) return backedUp;
	}
	for (const migration of pending) {
		try {
			connection.run('BEGIN IMMEDIATE', []);
			if (migration.version === 1) {
				connection.script(
					`CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
					PRAGMA application_id = ${APPLICATION_ID};`
				);
			}
			connection.script(migration.sql);
			connection.run('INSERT INTO migration (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)', [
				migration.version,
				migration.name,
				checksum(migration),
				nowMs
			]);
			connection.script(`PRAGMA user_version = ${migration.version};`);
			connection.run('COMMIT', []);
		} catch (thrown) {
			try {
				connection.run('ROLLBACK', []);
			} catch {
				// Already rolled back by SQLite; the cause below is what matters.
			}
			const cause = thrown instanceof Error ? thrown.message : String(thrown);
			return err({
				code: 'migration_failed',
				message: `Migration ${migration.version} (${migration.name}) failed: ${cause}`
			});
		}
	}
	return ok(newest);
}

const checksum = ({ sql, checksum: known }: Migration): string =>
	known ?? bytesToHex(sha256(utf8ToBytes(sql)));

/** A sentence when what was applied to the file is not what this program would have applied. */
function alteredMigration(
	connection: Connection,
	migrations: readonly Migration[],
	current: number
): string | null {
	if (current === 0) return null;
	const find = `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'`;
	if (connection.run(find, []).rows.length === 0) return 'This file does not say which migrations made it.';
	const applied = unpack(connection.run('SELECT version, checksum FROM migration', []));
	const checksums = new Map(applied.rows.map((row) => [row['version'], row['checksum']]));
	const altered = migrations.find(
		(migration) => migration.version <= current && checksums.get(migration.version) !== checksum(migration)
	);
	return altered
		? `Migration ${altered.version} (${altered.name}) of this file differs from the one this version knows.`
		: null;
}
