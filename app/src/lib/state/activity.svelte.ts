/** What the host is doing, as it changes, and the words of one job. */
import type { HostError, Job, LogLine } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { toast } from '#lib/toast.ts';

export const isOver = ({ state }: Job): boolean => state !== 'running' && state !== 'stopping';

const RETRY_MS = 2_000;
/** The host keeps no more either. */
const LINES_KEPT = 2_000;

export class Activity {
	jobs = $state.raw<readonly Job[]>([]);
	/** Why nothing is known at the moment. */
	problem = $state.raw<HostError | null>(null);
	isLoaded = $state(false);
	readonly #host: Host;
	readonly #closed = new AbortController();

	constructor(host: Host) {
		this.#host = host;
	}

	/** Until closed. A host that went away is asked again. */
	async watch(): Promise<void> {
		const { signal } = this.#closed;
		while (!signal.aborted) {
			const ended = await this.#host.stream(
				'jobs.watch',
				{},
				({ jobs }) => {
					this.jobs = jobs;
					this.problem = null;
					this.isLoaded = true;
				},
				signal
			);
			if (!ended.ok && !signal.aborted) {
				this.problem = ended.error;
				this.isLoaded = true;
				this.jobs = [];
				if (!ended.error.retryable) return;
			}
			await pause(RETRY_MS, signal);
		}
	}

	async stop(job: Job): Promise<void> {
		const stopped = await this.#host.call('jobs.cancel', { job: job.id });
		if (!stopped.ok) toast.error('The job could not be stopped.', { description: stopped.error.message });
	}

	log(job: Job): JobLog {
		return new JobLog(this.#host, job.id);
	}

	close(): void {
		this.#closed.abort();
	}
}

export class JobLog {
	lines = $state.raw<readonly LogLine[]>([]);
	/** Lines that were said before the first one here, and are not kept. */
	skipped = $state(0);
	problem = $state<string | null>(null);
	isLoaded = $state(false);
	readonly #host: Host;
	readonly #job: string;
	readonly #closed = new AbortController();

	constructor(host: Host, job: string) {
		this.#host = host;
		this.#job = job;
	}

	/** Until the job has ended, or closed. */
	async follow(): Promise<void> {
		const { signal } = this.#closed;
		const ended = await this.#host.stream(
			'jobs.log',
			{ job: this.#job },
			(batch) => {
				const all = [...this.lines, ...batch.lines];
				this.lines = all.slice(-LINES_KEPT);
				this.skipped = batch.first + batch.lines.length - this.lines.length;
				this.isLoaded = true;
			},
			signal
		);
		if (signal.aborted) return;
		this.problem = ended.ok ? null : ended.error.message;
		this.isLoaded = true;
	}

	close(): void {
		this.#closed.abort();
	}
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	if (signal.aborted) return Promise.resolve();
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener(
			'abort',
			() => {
				clearTimeout(timer);
				resolve();
			},
			{ once: true }
		);
	});
}
