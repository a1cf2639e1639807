/**
 * SQLocal's driver interface on the `opfs-sahpool` VFS: no COOP/COEP, WAL, one connection.
 * It never falls back to memory: what cannot be kept is refused.
 */
import sqlite3InitModule, { type SAHPoolUtil, type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { SQLiteMemoryDriver } from 'sqlocal';
import type { Connection } from '../connection.ts';
import { createWasmConnection } from './wasm-connection.ts';

const DIRECTORY = '/.stemma';
const DATABASE = '/stemma.sqlite';
const EXPORT = '/export.sqlite';
const BACKUP = '/before-';
/** Handles of a page that was just reloaded may linger. */
const OPEN_PATIENCE_MS = 3000;
const OPEN_RETRY_MS = 100;
const BACKUPS_KEPT = 2;

// Without the last one the first refusal is remembered for good (it is missing from the type).
const poolOptions = { directory: DIRECTORY, initialCapacity: 12, forceReinitIfPreviouslyFailed: true };
const loadSqlite = sqlite3InitModule as unknown as ConstructorParameters<typeof SQLiteMemoryDriver>[0];

export class SahpoolDriver extends SQLiteMemoryDriver {
	override readonly storageType = 'opfs';
	#pool: SAHPoolUtil | undefined;

	constructor() {
		super(loadSqlite);
	}

	override async init(): Promise<void> {
		const sqlite3: Sqlite3Static = await sqlite3InitModule();
		this.sqlite3 = sqlite3;
		this.#pool = await installPool(sqlite3);
		this.db = new this.#pool.OpfsSAHPoolDb(DATABASE);
		// Exclusive first: without shared memory that is the condition for WAL.
		this.db.exec('PRAGMA locking_mode = exclusive;');
	}

	override isDatabasePersisted(): Promise<boolean> {
		return Promise.resolve(true);
	}

	connect(): Connection {
		const { sqlite3, db } = this;
		if (!sqlite3 || !db) throw new Error('the driver is not initialised');
		return createWasmConnection(sqlite3, db);
	}

	/** A compact copy beside the live file, the newest few kept. */
	backUp(fromVersion: number, nowMs: number): void {
		const pool = this.#mustPool();
		this.db?.exec({ sql: 'VACUUM INTO ?', bind: [`${BACKUP}${nowMs}-${fromVersion}.sqlite`] });
		const newestFirst = pool
			.getFileNames()
			.filter((file) => file.startsWith(BACKUP))
			.toSorted((a, b) => takenAt(b) - takenAt(a));
		for (const old of newestFirst.slice(BACKUPS_KEPT)) pool.unlink(old);
	}

	/** Fails while a statement is being stepped: SQLite copies only a database at rest. */
	copy(): Uint8Array<ArrayBuffer> {
		const pool = this.#mustPool();
		pool.unlink(EXPORT);
		try {
			this.db?.exec({ sql: 'VACUUM INTO ?', bind: [EXPORT] });
			return new Uint8Array(pool.exportFile(EXPORT));
		} finally {
			pool.unlink(EXPORT);
		}
	}

	override export(): Promise<{ name: string; data: Uint8Array<ArrayBuffer> }> {
		return Promise.resolve({ name: 'stemma.sqlite', data: this.copy() });
	}

	/** Closes the file and gives its handles back, so that another tab can open it at once. */
	override async destroy(): Promise<void> {
		await super.destroy();
		if (this.#pool && !this.#pool.isPaused()) this.#pool.pauseVfs();
	}

	#mustPool(): SAHPoolUtil {
		if (!this.#pool) throw new Error('the driver is not initialised');
		return this.#pool;
	}
}

const takenAt = (backup: string): number => Number.parseInt(backup.slice(BACKUP.length), 10);

async function installPool(sqlite3: Sqlite3Static): Promise<SAHPoolUtil> {
	const until = performance.now() + OPEN_PATIENCE_MS;
	for (;;) {
		try {
			return await sqlite3.installOpfsSAHPoolVfs(poolOptions);
		} catch (thrown) {
			if (performance.now() > until) throw thrown;
			await new Promise((resolve) => setTimeout(resolve, OPEN_RETRY_MS));
		}
	}
}
