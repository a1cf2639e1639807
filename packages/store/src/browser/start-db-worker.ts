/** The database worker takes longest to be there: a page may start it before what asks it is loaded. */
import type { FromWorker } from './protocol.ts';

interface WorkerListener {
	readonly onMessage: (message: FromWorker) => void;
	readonly onError: (event: ErrorEvent) => void;
}

interface EarlyWorker {
	readonly worker: Worker;
	/** What it has said already, and all it will say, goes to the listener. */
	readonly attach: (listener: WorkerListener) => void;
}

/** Nobody's yet. */
let early: EarlyWorker | null = null;

function start(): EarlyWorker {
	const worker = new Worker(new URL('./db-worker.ts', import.meta.url), { type: 'module' });
	const said: ((listener: WorkerListener) => void)[] = [];
	let listener: WorkerListener | null = null;
	const tell = (event: (to: WorkerListener) => void): void => {
		if (listener) event(listener);
		else said.push(event);
	};
	worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
		tell((to) => {
			to.onMessage(data);
		});
	});
	worker.addEventListener('error', (event) => {
		tell((to) => {
			to.onError(event);
		});
	});
	return {
		worker,
		attach(to) {
			listener = to;
			for (const event of said.splice(0)) event(to);
		}
	};
}

/** For `openBrowserStore`, later in the same page. */
export function startDbWorkerEarly(): void {
	early ??= start();
}

/** The worker that was started early, if it is nobody's, or a new one. */
export function takeDbWorker(): EarlyWorker {
	const taken = early ?? start();
	early = null;
	return taken;
}
