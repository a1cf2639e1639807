import type { ComparedRow, CompareRequest } from './compare-texts.ts';

export type Compared = readonly (readonly ComparedRow[])[];

export interface Comparer {
	/** Off the main thread. Null when a newer request came before this one was begun, or nothing can be told. */
	compare(request: CompareRequest): Promise<Compared | null>;
	close(): void;
}

interface Job {
	readonly request: CompareRequest;
	readonly settle: (compared: Compared | null) => void;
}

/** One request is worked on and one waits: the newest. */
export function startComparer(
	worker = new Worker(new URL('./compare-worker.ts', import.meta.url), { type: 'module' })
): Comparer {
	let running: Job | null = null;
	let waiting: Job | null = null;
	const begin = (job: Job | null): void => {
		running = job;
		waiting = null;
		if (job) worker.postMessage(job.request);
	};
	const end = (compared: Compared | null): void => {
		running?.settle(waiting ? null : compared);
		begin(waiting);
	};
	worker.addEventListener('message', ({ data }: MessageEvent<Compared>) => end(data));
	worker.addEventListener('error', () => end(null));
	return {
		compare: (request) =>
			new Promise((settle) => {
				const job = { request, settle };
				if (!running) begin(job);
				else {
					waiting?.settle(null);
					waiting = job;
				}
			}),
		close() {
			worker.terminate();
			running?.settle(null);
			waiting?.settle(null);
		}
	};
}
