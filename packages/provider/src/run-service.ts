/** All runs of one tab: what the worker does with the page's messages. */
import { startRun, type RunDeps, type RunHandle } from './run.ts';
import type { FromRunWorker, ToRunWorker } from './run-protocol.ts';

export function createRunService(
	deps: RunDeps,
	emit: (message: FromRunWorker) => void
): (message: ToRunWorker) => void {
	const runs = new Map<string, RunHandle>();
	let isHidden = false;
	return (message) => {
		switch (message.type) {
			case 'start':
				if (runs.has(message.runId)) return;
				runs.set(
					message.runId,
					startRun(deps, message, isHidden, (update) => {
						if (update.type === 'end') runs.delete(update.runId);
						emit(update);
					})
				);
				break;
			case 'cancel':
				runs.get(message.runId)?.cancel();
				break;
			case 'retry_now':
				runs.get(message.runId)?.retryNow();
				break;
			case 'retry_never':
				runs.get(message.runId)?.retryNever();
				break;
			case 'visibility':
				isHidden = message.hidden;
				for (const run of runs.values()) run.setHidden(message.hidden);
				break;
			case 'flush':
				for (const run of runs.values()) run.flush();
				break;
		}
	};
}
