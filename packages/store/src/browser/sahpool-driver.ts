/**
 * SQLocal's driver interface on the `opfs-sahpool` VFS: no COOP/COEP, WAL, one connection.
 * It never falls back to memory: what cannot be kept is refused.
 */
import sqlite3InitModule, { type SAHPoolUtil, type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { SQLiteMemoryDriver } from 'sqlocal';
import type { KeptCopy } from '../backup/files.ts';
import type { LocalFiles } from '../backup/local-shelf.ts';
import type { Connection } from '../connection.ts';
import { createWasmConnection } from './wasm-connection.ts';

const DIRECTORY = '/.stemma';
const DATABASE = '/stemma.sqlite';
const EXPORT = '/export.sqlite';
const INCOMING = '/incoming.sqlite';
const FRESH = '/fresh.sqlite';
const BACKUP = '/before-';
/** Handles of a page that was just reloaded may linger. */
const OPEN_PATIENCE_MS = 3000;
const OPEN_RETRY_MS = 100;
const BACKUPS_KEPT = 3;
const CHUNK_BYTES = 1 << 20;
/** A miss is a read from OPFS: a walk over 100,000 nodes (38 MB) takes 0.8 s with 16 MiB, 40 ms with this. */
const CACHE_KIB = 65_536;

// Without the last one the first refusal is remembered for good (it is missing from the type).
const poolOptions = { directory: DIRECTORY, initialCapacity: 20, forceReinitIfPreviouslyFailed: true };
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
		this.db.exec(`PRAGMA locking_mode = exclusive; PRAGMA cache_size = -${CACHE_KIB};`);
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
	backUp(why: KeptCopy['why'], nowMs: number): KeptCopy {
		const pool = this.#mustPool();
		const name = `${BACKUP}${nowMs}-${why}.sqlite`;
		this.db?.exec({ sql: 'VACUUM INTO ?', bind: [name] });
		// By name, not by age: a clock set back must not drop the copy just made.
		const others = copyNames(pool).filter((other) => other !== name);
		for (const old of others.slice(BACKUPS_KEPT - 1)) pool.unlink(old);
		return this.#copyOf(name);
	}

	/** Newest first. */
	copies(): readonly KeptCopy[] {
		return copyNames(this.#mustPool()).map((name) => this.#copyOf(name));
	}

	/** Asks SQLite for the size: the pool could only tell by reading the whole file. */
	#copyOf(name: string): KeptCopy {
		const copy = new (this.#mustPool().OpfsSAHPoolDb)(name);
		try {
			const pages = Number(copy.selectValue('PRAGMA page_count'));
			const pageBytes = Number(copy.selectValue('PRAGMA page_size'));
			return { name, ...partsOf(name), sizeBytes: pages * pageBytes };
		} finally {
			copy.close();
		}
	}

	/** Places for files beside the live one, whose connection is `live`. */
	files(nowMs: () => number): LocalFiles {
		const pool = this.#mustPool();
		const open = (name: string): Connection => {
			const database = new pool.OpfsSAHPoolDb(name);
			const connection = createWasmConnection(this.#mustSqlite(), database);
			return {
				...connection,
				close: () => {
					connection.close();
					database.close();
				}
			};
		};
		const drop = (name: string): void => {
			for (const file of [name, `${name}-journal`, `${name}-wal`]) pool.unlink(file);
		};
		return {
			incomingPath: INCOMING,
			async takeIn(file) {
				drop(INCOMING);
				let at = 0;
				await pool.importDb(INCOMING, async () => {
					if (at >= file.size) return undefined;
					const chunk = await file.slice(at, at + CHUNK_BYTES).arrayBuffer();
					at += CHUNK_BYTES;
					return new Uint8Array(chunk);
				});
			},
			async takeInCopy(name) {
				drop(INCOMING);
				await pool.importDb(INCOMING, pool.exportFile(name));
			},
			openIncoming: () => open(INCOMING),
			dropIncoming() {
				drop(INCOMING);
				drop(FRESH);
			},
			openFresh() {
				drop(FRESH);
				return open(FRESH);
			},
			overwriteLive: () => {
				this.#overwriteWith(FRESH);
			},
			keepCopy: (why) => this.backUp(why, nowMs()),
			copies: () => this.copies(),
			readCopy: (name) => pool.exportFile(name)
		};
	}

	/** By SQLite's own backup: one transaction on the live file. */
	#overwriteWith(name: string): void {
		const { capi } = this.#mustSqlite();
		const source = new (this.#mustPool().OpfsSAHPoolDb)(name);
		try {
			const target = this.db?.pointer;
			const from = source.pointer;
			if (target === undefined || from === undefined) throw new Error('the database is not open');
			const backup = capi.sqlite3_backup_init(target, 'main', from, 'main');
			if (!backup) throw new Error(capi.sqlite3_errmsg(target));
			const stepped = capi.sqlite3_backup_step(backup, -1);
			const finished = capi.sqlite3_backup_finish(backup);
			if (stepped !== capi.SQLITE_DONE) throw new Error(`the copy failed (${stepped})`);
			if (finished !== capi.SQLITE_OK) throw new Error(`the copy failed (${finished})`);
		} finally {
			source.close();
		}
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

	#mustSqlite(): Sqlite3Static {
		if (!this.sqlite3) throw new Error('the driver is not initialised');
		return this.sqlite3;
	}

	#mustPool(): SAHPoolUtil {
		if (!this.#pool) throw new Error('the driver is not initialised');
		return this.#pool;
	}
}

/** Newest first. */
function copyNames(pool: SAHPoolUtil): readonly string[] {
	return pool
		.getFileNames()
		.filter((file) => file.startsWith(BACKUP))
		.toSorted((a, b) => partsOf(b).takenAt - partsOf(a).takenAt);
}

/** "/before-1700000000000-merge.sqlite"; older ones end in a number, that of the schema they had. */
function partsOf(name: string): Pick<KeptCopy, 'takenAt' | 'why'> {
	const why = /-(merge|replace)\.sqlite$/.exec(name)?.[1];
	return {
		takenAt: Number.parseInt(name.slice(BACKUP.length), 10),
		why: why === 'merge' || why === 'replace' ? why : 'migration'
	};
}

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
