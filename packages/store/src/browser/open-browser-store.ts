/** The port in a page: everything goes to the tab's database worker, which owns the database or knows who does. */
import { err, ok, type Result } from '@stemma/graph/result';
import type { FileAction, FileResults, StoreFiles } from '../backup/files.ts';
import { unpack, unpackRows } from '../connection.ts';
import { EVERYTHING, StoreFailure, type Change, type Row, type Store, type StoreError } from '../port.ts';
import { refusal, type FromWorker, type Request, type Response, type ToWorker } from './protocol.ts';
import { takeDbWorker } from './start-db-worker.ts';

export interface BrowserStoreOptions {
	readonly onRole?: (role: 'owner' | 'follower') => void;
	/** Another tab runs another build of the page: this one should be reloaded. */
	readonly onOtherBuild?: () => void;
	/** The tab that holds the database does not answer, or answers again. What was asked is kept meanwhile. */
	readonly onSilence?: (isSilent: boolean) => void;
	/** The database cannot be reached any more, and no further request will be. */
	readonly onLost?: (error: StoreError) => void;
}

const DEFAULT_BATCH_ROWS = 500;
const CLOSE_PATIENCE_MS = 2000;
const MOST_RESTARTS = 5;
const WORKER_LOST: StoreError = {
	code: 'owner_lost',
	message: 'The part of the page that keeps the database stopped before it answered.'
};
const CLOSED: StoreError = { code: 'closed', message: 'The database is closed.' };

interface Waiting {
	readonly body: Request;
	readonly answer: (response: Response) => void;
	/** Of a stream: what has arrived cannot be told apart from what would come again. */
	hasRows?: boolean;
}

export interface BrowserStore extends Store {
	readonly files: StoreFiles;
}

export async function openBrowserStore(
	options: BrowserStoreOptions = {}
): Promise<Result<BrowserStore, StoreError>> {
	const waiting = new Map<number, Waiting>();
	const listeners = new Set<(change: Change) => void>();
	let worker: Worker | null = null;
	let nextId = 1;
	let isOpen = true;
	let isOwner = false;
	let restarts = 0;
	let onReleased: (() => void) | null = null;

	const post = (message: ToWorker): void => {
		worker?.postMessage(message);
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
	const terminate = (): void => {
		worker?.terminate();
	};
	const refuseAll = (error: StoreError): void => {
		for (const { body, answer } of waiting.values()) answer(refusal(body, error));
	};

	const start = (): Promise<Result<void, StoreError>> =>
		new Promise((resolve) => {
			const { worker: started, attach } = takeDbWorker();
			worker = started;
			const onMessage = (data: FromWorker): void => {
				switch (data.t) {
					case 'status':
						isOwner = data.role === 'owner' && !data.error;
						if (!data.error) options.onRole?.(data.role);
						resolve(data.error ? err(data.error) : ok(undefined));
						break;
					case 'alive':
						void navigator.locks.request(data.lock, () => {
							if (isOpen && worker === started) void revive();
						});
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
					case 'silence':
						options.onSilence?.(data.isSilent);
						break;
				}
			};
			const onError = ({ message }: ErrorEvent): void => {
				resolve(err({ code: 'no_storage', message: message || 'The database worker did not start.' }));
			};
			attach({ onMessage, onError });
		});

	/** The worker is gone: another takes its place, and what may be asked twice is asked again. */
	const revive = async (): Promise<void> => {
		terminate();
		for (const { body, answer, hasRows } of waiting.values()) {
			const isSafe =
				body.op === 'batch' ? body.options.idempotent !== false : body.op !== 'file' && hasRows !== true;
			if (!isSafe) answer(refusal(body, WORKER_LOST));
		}
		const again = [...waiting];
		restarts++;
		const started = restarts > MOST_RESTARTS ? err(WORKER_LOST) : start();
		if (restarts <= MOST_RESTARTS) for (const [id, { body }] of again) post({ t: 'request', id, body });
		const opened = await started;
		if (opened.ok) {
			// What was committed meanwhile by others was told to nobody here.
			for (const listener of listeners) listener({ tables: EVERYTHING, epoch: 0, origin: 'revived' });
			return;
		}
		isOpen = false;
		refuseAll(opened.error);
		options.onLost?.(opened.error);
	};

	// Meanwhile the worker opens the file.
	const starting = start();
	const missing = await missingCapability();
	const opened = missing === null ? await starting : err({ code: 'no_storage' as const, message: missing });
	if (!opened.ok) {
		isOpen = false;
		terminate();
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
	// A frozen tab answers nobody, and no other can break its hold on the file. There is no time to close it:
	// the worker is ended, as if it had crashed, and once the tab runs again another takes its place.
	const letGo = (): void => {
		if (!isOwner) return;
		isOwner = false;
		restarts--;
		terminate();
	};
	document.addEventListener('freeze', letGo);

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
		const entry: Waiting = { body, answer };
		waiting.set(id, entry);
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
				entry.hasRows = true;
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
			asks: false,
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
			document.removeEventListener('freeze', letGo);
			await new Promise<void>((resolve) => {
				onReleased = resolve;
				setTimeout(resolve, CLOSE_PATIENCE_MS);
				release();
			});
			terminate();
			refuseAll(CLOSED);
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
