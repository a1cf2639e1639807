/** Reads of which only the newest counts: it ends the one before, and says so when it takes its time. */

/** Nothing is said of what is there sooner. */
const QUIET_MS = 150;

export class NewestRead {
	isSlow = $state(false);
	#abort = new AbortController();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @returns null when it was ended, by a newer one or by `stop` */
	async run<T>(read: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
		this.stop();
		this.#abort = new AbortController();
		const { signal } = this.#abort;
		this.#timer = setTimeout(() => (this.isSlow = true), QUIET_MS);
		const value = await read(signal);
		if (signal.aborted) return null;
		this.stop();
		return value;
	}

	stop(): void {
		this.#abort.abort();
		clearTimeout(this.#timer);
		this.isSlow = false;
	}
}
