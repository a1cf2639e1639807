/** Time as a dependency: the wall clock in the worker, a hand-turned one in tests. */
export interface Timers {
	/** Milliseconds since 1970. */
	now(): number;
	/** Calls back once; the returned function prevents it. */
	after(ms: number, callback: () => void): () => void;
}

export const systemTimers: Timers = {
	now: () => Date.now(),
	after(ms, callback) {
		const timer = setTimeout(callback, ms);
		return () => {
			clearTimeout(timer);
		};
	}
};
