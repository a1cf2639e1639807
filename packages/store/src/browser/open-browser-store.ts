/** The port in a page: everything goes to the tab's database worker, which owns the database or knows who does. */
import { err, ok, type Result } from '@stemma/graph/result';
import type { FileAction, FileResults, StoreFiles } from '../backup/files.ts';
import { unpack, unpackRows } from '../connection.ts';
import { StoreFailure, type Change, type Row, type Store, type StoreError } from '../port.ts';
import { refusal, type FromWorker, type Request, type Response, type ToWorker } from './protocol.ts';

export interface BrowserStoreOptions {
	readonly onRole?: (role: 'owner' | 'follower') => void;
	/** Another tab runs another build of the page: this one should be reloaded. */
	readonly onOtherBuild?: () => void;
}

const DEFAULT_BATCH_ROWS = 500;
const CLOSE_PATIENCE_MS = 2000;
const CLOSED: StoreError = { code: 'closed', message: 'The database is closed.' };

interface Waiting {
	readonly body: Request;
	readonly answer: (response: Response) => void;
}

export interface BrowserStore extends Store {
	readonly files: StoreFiles;
}

export async function openBrowserStore(
	options: BrowserStoreOptions = {}
): Promise<Result<BrowserStore, StoreError>> {
	const missing = await missingCapability();
	if (missing !== null) return err({ code: 'no_storage', message: missing });

	const worker = new Worker(new URL('./db-worker.ts', import.meta.url), { type: 'module' });
	const waiting = new Map<number, Waiting>();
	const listeners = new Set<(change: Change) => void>();
	let nextId = 1;
	let isOpen = true;
	let onReleased: (() => void) | null = null;

	const post = (message: ToWorker): void => {
		worker.postMessage(message);
	};
	const request = <Op extends Request['op']>(
		body: Request & { op: Op }
	): Promise<Extract<Response, { op: Op }>> =>
		new Promise((resolve) => {
			const id = nextId++;
			const answer = (response: Response): void => {
				waiting.delete(id);
				resolve(response as Extract<Response, { op: Op }>);
			};
			waiting.set(id, { body, answer });
			post({ t: 'request', id, body });
		});

	const opened = await new Promise<Result<void, StoreError>>((resolve) => {
		worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
			switch (data.t) {
				case 'status':
					if (!data.error) options.onRole?.(data.role);
					resolve(data.error ? err(data.error) : ok(undefined));
					break;
				case 'response':
					waiting.get(data.id)?.answer(data.body);
					break;
				case 'released':
					onReleased?.();
					break;
				case 'change':
					for (const listener of listeners) listener(data.change);
					break;
				case 'other_build':
					options.onOtherBuild?.();
					break;
			}
		});
		worker.addEventListener('error', (event) => {
			resolve(err({ code: 'no_storage', message: event.message || 'The database worker did not start.' }));
		});
	});
	if (!opened.ok) {
		worker.terminate();
		return opened;
	}

	const release = (): void => {
		post({ t: 'release' });
	};
	const rejoin = (event: PageTransitionEvent): void => {
		if (event.persisted) post({ t: 'rejoin' });
	};
	addEventListener('pagehide', release);
	addEventListener('pageshow', rejoin);

	async function* stream(
		sql: string,
		params: Parameters<Store['stream']>[1] = [],
		{ batchRows = DEFAULT_BATCH_ROWS, signal }: Parameters<Store['stream']>[2] = {}
	): AsyncGenerator<readonly Row[]> {
		if (!isOpen) throw new StoreFailure(CLOSED);
		const throwIfAborted = (): void => {
			if (signal?.aborted === true) throw new StoreFailure({ code: 'aborted', message: 'Cancelled.' });
		};
		throwIfAborted();
		const id = nextId++;
		const arrived: Response[] = [];
		let wake: (() => void) | null = null;
		const body: Request = { op: 'stream', sql, params, batchRows };
		const answer = (response: Response): void => {
			arrived.push(response);
			wake?.();
		};
		waiting.set(id, { body, answer });
		const cancel = (): void => {
			post({ t: 'cancel', id });
		};
		signal?.addEventListener('abort', cancel);
		let hasEnded = false;
		try {
			post({ t: 'request', id, body });
			for (;;) {
				const response = arrived.shift();
				if (!response) {
					await new Promise<void>((resolve) => {
						wake = resolve;
					});
					continue;
				}
				throwIfAborted();
				if (response.op === 'end') {
					hasEnded = true;
					if (response.error) throw new StoreFailure(response.error);
					return;
				}
				if (response.op !== 'rows') continue;
				yield unpackRows(response.columns, response.rows);
				post({ t: 'more', id });
			}
		} finally {
			signal?.removeEventListener('abort', cancel);
			waiting.delete(id);
			if (!hasEnded) cancel();
		}
	}

	return ok({
		async query(sql, params = []) {
			if (!isOpen) return err(CLOSED);
			const { result } = await request({ op: 'query', sql, params });
			return result.ok ? ok(unpack(result.value).rows) : result;
		},
		async batch(statements, batchOptions = {}) {
			if (!isOpen) return err(CLOSED);
			const { result } = await request({ op: 'batch', statements, options: batchOptions });
			return result.ok ? ok(result.value.map(unpack)) : result;
		},
		stream,
		async export() {
			return isOpen ? (await request({ op: 'export' })).result : err(CLOSED);
		},
		files: {
			async run<A extends FileAction>(action: A) {
				if (!isOpen) return err(CLOSED);
				const { result } = await request({ op: 'file', action });
				// The owner answers an action with what belongs to it.
				return result as Result<FileResults[A['act']], StoreError>;
			}
		},
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async info() {
			return isOpen ? (await request({ op: 'info' })).result : err(CLOSED);
		},
		async close() {
			if (!isOpen) return;
			isOpen = false;
			removeEventListener('pagehide', release);
			removeEventListener('pageshow', rejoin);
			await new Promise<void>((resolve) => {
				onReleased = resolve;
				setTimeout(resolve, CLOSE_PATIENCE_MS);
				release();
			});
			worker.terminate();
			for (const { body, answer } of waiting.values()) answer(refusal(body, CLOSED));
		}
	});
}

/** A sentence on what this browser or window lacks, or null. */
async function missingCapability(): Promise<string | null> {
	if (!isSecureContext) return 'The page was not loaded from a secure address (https or localhost).';
	if (!('locks' in navigator)) return 'This browser has no Web Locks.';
	try {
		await navigator.storage.getDirectory();
		return null;
	} catch (thrown) {
		return thrown instanceof Error ? thrown.message : String(thrown);
	}
}
