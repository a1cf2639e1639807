/** The one open database: answers requests of its own page and of other tabs, streams in slices. */
import { err, ok, type Result } from '@stemma/graph/result';
import type { FileAction } from '../backup/files.ts';
import { createLocalShelf } from '../backup/local-shelf.ts';
import { createRestore } from '../backup/restore.ts';
import type { Connection, Cursor } from '../connection.ts';
import { migrate, pragma, prepareConnection, prepareFile, type Migration } from '../migrate.ts';
import { EVERYTHING, type Change, type StoreError, type StoreInfo } from '../port.ts';
import { toStoreError } from '../sql-error.ts';
import { openCursor, runQuery, runTransaction } from '../transaction.ts';
import type { Request, Response } from './protocol.ts';
import { SahpoolDriver } from './sahpool-driver.ts';

const STEP_MS = 8;
/** Batches on their way that nobody has consumed yet. */
const STREAM_WINDOW = 4;
/** A stream nobody reads from for so long belongs to a tab that is gone. */
const STREAM_IDLE_MS = 30_000;
const PAGE_SIZE = 8192;

export interface DatabaseOwner {
	readonly epoch: number;
	/** `key` names the stream for `more` and `cancel`. */
	handle(key: string, origin: string, request: Request, reply: (response: Response) => void): void;
	more(key: string): void;
	cancel(key: string): void;
	close(): Promise<void>;
}

export interface DatabaseOwnerOptions {
	readonly migrations: readonly Migration[];
	readonly nowMs: () => number;
	readonly onCommit: (change: Change) => void;
}

export async function openDatabaseOwner(
	options: DatabaseOwnerOptions
): Promise<Result<DatabaseOwner, StoreError>> {
	const driver = new SahpoolDriver();
	try {
		await driver.init();
	} catch (thrown) {
		return err({
			code: 'no_storage',
			message: thrown instanceof Error ? thrown.message : 'The browser gives this page no storage.'
		});
	}
	try {
		const connection = driver.connect();
		prepareFile(connection);
		const migrated = migrate(connection, options.migrations, options.nowMs(), () => {
			driver.backUp('migration', options.nowMs());
			return ok(undefined);
		});
		if (!migrated.ok) {
			connection.close();
			await driver.destroy();
			return migrated;
		}
		prepareConnection(connection);
		const epoch = Number(
			connection.run(
				`INSERT INTO meta (key, value) VALUES ('epoch', 1)
				ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value`,
				[]
			).rows[0]?.[0]
		);
		return ok(createOwner(driver, connection, epoch, migrated.value, options));
	} catch (thrown) {
		await driver.destroy();
		return err(toStoreError(thrown));
	}
}

interface OpenStream {
	readonly cursor: Cursor;
	readonly reply: (response: Response) => void;
	readonly batchRows: number;
	credit: number;
	isScheduled: boolean;
	idle: ReturnType<typeof setTimeout>;
}

function createOwner(
	driver: SahpoolDriver,
	connection: Connection,
	epoch: number,
	schemaVersion: number,
	{ migrations, nowMs, onCommit }: DatabaseOwnerOptions
): DatabaseOwner {
	const streams = new Map<string, OpenStream>();
	/** What SQLite refuses while a cursor is open. */
	const untilQuiet: (() => void)[] = [];

	const endStream = (key: string, error: StoreError | null): void => {
		const stream = streams.get(key);
		if (!stream) return;
		streams.delete(key);
		clearTimeout(stream.idle);
		stream.cursor.close();
		stream.reply({ op: 'end', error });
		if (streams.size === 0) for (const run of untilQuiet.splice(0)) run();
	};

	const attempt = <T>(run: () => T): Result<T, StoreError> => {
		try {
			return ok(run());
		} catch (thrown) {
			return err(toStoreError(thrown));
		}
	};

	const idleTimer = (key: string): ReturnType<typeof setTimeout> =>
		setTimeout(() => {
			endStream(key, { code: 'aborted', message: 'Nobody read on.' });
		}, STREAM_IDLE_MS);

	/** One slice each. A message to itself is a macrotask that, unlike a nested timer, is not held up for 4 ms. */
	const slices = new MessageChannel();
	slices.port1.onmessage = ({ data: key }: MessageEvent<string>) => {
		const stream = streams.get(key);
		if (!stream) return;
		stream.isScheduled = false;
		try {
			const rows = stream.cursor.next(stream.batchRows, STEP_MS);
			if (rows.length === 0) {
				endStream(key, null);
				return;
			}
			stream.credit--;
			stream.reply({ op: 'rows', columns: stream.cursor.columns, rows });
			schedule(key, stream);
		} catch (thrown) {
			endStream(key, toStoreError(thrown));
		}
	};

	/** The next slice of a stream, after what has arrived meanwhile: a cancel gets in between. */
	const schedule = (key: string, stream: OpenStream): void => {
		if (stream.isScheduled || stream.credit === 0) return;
		stream.isScheduled = true;
		slices.port2.postMessage(key);
	};

	const files = driver.files(nowMs);
	const restore = createRestore(createLocalShelf({ live: connection, files, migrations, nowMs }), nowMs);

	/** SQLite neither copies nor attaches while a cursor is open; streams that nobody reads end by themselves. */
	const quiet = (): Promise<void> =>
		new Promise((resolve) => {
			if (streams.size === 0) resolve();
			else untilQuiet.push(resolve);
		});

	const handleFile = async (
		action: FileAction,
		origin: string,
		reply: (response: Response) => void
	): Promise<void> => {
		await quiet();
		const result = await restore.run(action);
		reply({ op: 'file', result });
		if (!result.ok) return;
		// What was merged is everywhere; what was replaced is another database.
		if (action.act === 'merge') onCommit({ tables: EVERYTHING, epoch, origin });
		if (action.act === 'replace') onCommit({ tables: ['database'], epoch, origin });
	};

	const info = (): StoreInfo => ({
		engine: 'opfs-sahpool',
		sqliteVersion: String(connection.run('SELECT sqlite_version()', []).rows[0]?.[0]),
		schemaVersion,
		journalMode: String(pragma(connection, 'journal_mode')),
		persistent: true,
		role: 'owner',
		epoch,
		sizeBytes: Number(pragma(connection, 'page_count')) * PAGE_SIZE
	});

	return {
		epoch,
		handle(key, origin, request, reply) {
			switch (request.op) {
				case 'query':
					reply({ op: 'query', result: runQuery(connection, request.sql, request.params) });
					break;
				case 'batch': {
					const result = runTransaction(connection, request.statements);
					reply({ op: 'batch', result });
					if (result.ok && request.options.touched) onCommit({ ...request.options.touched, epoch, origin });
					break;
				}
				case 'stream':
					try {
						const cursor = openCursor(connection, request.sql, request.params);
						const stream: OpenStream = {
							cursor,
							reply,
							batchRows: request.batchRows,
							credit: STREAM_WINDOW,
							isScheduled: false,
							idle: idleTimer(key)
						};
						streams.set(key, stream);
						schedule(key, stream);
					} catch (thrown) {
						reply({ op: 'end', error: toStoreError(thrown) });
					}
					break;
				case 'file':
					void handleFile(request.action, origin, reply);
					break;
				case 'info':
					reply({ op: 'info', result: attempt(info) });
					break;
				case 'export': {
					const copy = (): void => {
						reply({ op: 'export', result: attempt(() => driver.copy()) });
					};
					// Streams that nobody reads end by themselves, so this does not wait for ever.
					if (streams.size === 0) copy();
					else untilQuiet.push(copy);
					break;
				}
			}
		},
		more(key) {
			const stream = streams.get(key);
			if (!stream) return;
			stream.credit++;
			clearTimeout(stream.idle);
			stream.idle = idleTimer(key);
			schedule(key, stream);
		},
		cancel(key) {
			endStream(key, { code: 'aborted', message: 'Cancelled.' });
		},
		async close() {
			// No answer to what is open: each tab asks the next owner again, or knows that it cannot.
			untilQuiet.length = 0;
			for (const stream of streams.values()) {
				clearTimeout(stream.idle);
				stream.cursor.close();
			}
			streams.clear();
			slices.port1.close();
			try {
				connection.script('PRAGMA optimize;');
				connection.close();
			} finally {
				await driver.destroy();
			}
		}
	};
}
