/** The port on SQLite in another process: the desktop's. Every window has its own; the process has one database. */
import { err, ok, type Result } from '@stemma/graph/result';
import type { FileAction, FileResults, StoreFiles } from '../backup/files.ts';
import { createRestore } from '../backup/restore.ts';
import type { Migration } from '../migrate.ts';
import { migrations as allMigrations } from '../migrations/migrations.ts';
import { StoreFailure, type Row, type Store, type StoreError, type StoreInfo } from '../port.ts';
import type { NativeBridge } from './bridge.ts';
import {
	readPiece,
	readResults,
	readValue,
	toJsonParams,
	toJsonStatement,
	toRows,
	type FrameRows
} from './frame.ts';
import { createNativeShelf } from './native-shelf.ts';

export interface NativeStoreOptions {
	readonly bridge: NativeBridge;
	readonly migrations?: readonly Migration[];
	readonly nowMs: () => number;
}

const DEFAULT_BATCH_ROWS = 500;
const CLOSED: StoreError = { code: 'closed', message: 'The database is closed.' };
const LOST: StoreError = {
	code: 'owner_lost',
	message: 'The part of the program that keeps the database stopped before it answered.'
};
const READS = /^\s*(select|values|with|explain)\b/i;

export interface NativeStore extends Store {
	readonly files: StoreFiles;
}

export async function openNativeStore(options: NativeStoreOptions): Promise<Result<NativeStore, StoreError>> {
	const { bridge, migrations = allMigrations, nowMs } = options;
	let isOpen = true;
	/** Requests of one page are carried out in its order: a later one waits for what is being written. */
	let written: Promise<unknown> = Promise.resolve();

	const ask = async <T>(
		command: Parameters<NativeBridge['ask']>[0],
		request: object,
		read: (frame: Uint8Array) => Result<T, StoreError>
	): Promise<Result<T, StoreError>> => {
		if (!isOpen) return err(CLOSED);
		let frame: Uint8Array;
		try {
			frame = await bridge.ask(command, request);
		} catch (thrown) {
			return err(lost(thrown));
		}
		return read(frame);
	};
	const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
		const done = written.then(run);
		written = done.catch(() => undefined);
		return done;
	};
	const write = (request: object): Promise<Result<readonly FrameRows[], StoreError>> =>
		inTurn(() => ask('write', request, readResults));
	const afterWriting = async <T>(run: () => Promise<T>): Promise<T> => {
		await written;
		return run();
	};

	const opened = await ask('open', { migrations, nowMs: nowMs() }, readValue);
	if (!opened.ok) return opened;

	async function* stream(request: object, signal?: AbortSignal): AsyncGenerator<readonly Row[]> {
		const throwIfOver = (): void => {
			if (!isOpen) throw new StoreFailure(CLOSED);
			if (signal?.aborted === true) throw new StoreFailure({ code: 'aborted', message: 'Cancelled.' });
		};
		await written;
		throwIfOver();
		const arrived: (FrameRows | Result<unknown, StoreError>)[] = [];
		let hasEnded = false;
		let wake: (() => void) | null = null;
		const arrive = (piece: FrameRows | Result<unknown, StoreError>): void => {
			arrived.push(piece);
			wake?.();
		};
		const native = bridge.stream(request, {
			take: (frame) => {
				arrive(readPiece(frame));
			},
			lost: (reason) => {
				arrive(err(lost(reason)));
			}
		});
		const cancel = (): void => {
			native.cancel();
			wake?.();
		};
		signal?.addEventListener('abort', cancel);
		try {
			for (;;) {
				throwIfOver();
				const piece = arrived.shift();
				if (!piece) {
					await new Promise<void>((resolve) => {
						wake = resolve;
					});
				} else if ('columns' in piece) {
					yield toRows(piece);
					native.more();
				} else {
					hasEnded = true;
					native.more();
					if (!piece.ok) throw new StoreFailure(piece.error);
					return;
				}
			}
		} finally {
			signal?.removeEventListener('abort', cancel);
			if (!hasEnded) native.cancel();
		}
	}

	const restore = createRestore(
		createNativeShelf({
			ask,
			inTurn,
			stream: (sql, of) => stream({ sql, params: [], batchRows: DEFAULT_BATCH_ROWS, of }),
			nowMs
		}),
		nowMs
	);

	return ok({
		async query(sql, params = []) {
			const statements = [toJsonStatement({ sql, params })];
			const results = await (READS.test(sql)
				? afterWriting(() => ask('read', { statements }, readResults))
				: write({ statements }));
			if (!results.ok) return results;
			const [rows] = results.value;
			return ok(rows ? toRows(rows) : []);
		},
		async batch(statements, { touched } = {}) {
			const results = await write({
				statements: statements.map(toJsonStatement),
				...(touched ? { touched } : {})
			});
			if (!results.ok) return results;
			return ok(results.value.map((result) => ({ rows: toRows(result), changes: result.changes })));
		},
		stream: (sql, params = [], { batchRows = DEFAULT_BATCH_ROWS, signal } = {}) =>
			stream({ sql, params: toJsonParams(params), batchRows }, signal),
		files: {
			asks: true,
			run: <A extends FileAction>(action: A) =>
				// What is carried out answers with what belongs to the action.
				restore.run(action) as Promise<Result<FileResults[A['act']], StoreError>>
		},
		async export() {
			const copy = await afterWriting(() => ask('export', {}, readValue));
			return copy.ok ? ok(copy.value.bytes) : copy;
		},
		onChange: (listener) => bridge.onChange(listener),
		async info() {
			const info = await ask('info', {}, readValue);
			return info.ok ? ok(info.value.value as StoreInfo) : info;
		},
		async close() {
			// The process goes on and other windows with it: only this page asks nothing more.
			isOpen = false;
			await written;
		}
	});
}

const lost = (thrown: unknown): StoreError => ({
	...LOST,
	message:
		thrown instanceof Error && thrown.message !== '' ? `${LOST.message} (${thrown.message})` : LOST.message
});
