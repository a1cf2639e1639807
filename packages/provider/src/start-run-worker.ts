import type { FromRunWorker, ToRunWorker } from './run-protocol.ts';

export interface RunWorker {
	post(message: ToRunWorker): void;
}

/** @param onCrash the worker is gone, and with it all running answers */
export function startRunWorker(
	onMessage: (message: FromRunWorker) => void,
	onCrash: (message: string) => void
): RunWorker {
	const worker = new Worker(new URL('./run-worker.ts', import.meta.url), { type: 'module' });
	worker.addEventListener('message', ({ data }: MessageEvent<FromRunWorker>) => {
		onMessage(data);
	});
	worker.addEventListener('error', (event) => {
		onCrash(event.message);
	});
	return {
		post: (message) => {
			worker.postMessage(message);
		}
	};
}
