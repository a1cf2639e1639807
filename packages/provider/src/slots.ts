/** So many requests at once per origin, first come first served: browsers keep six connections, and wait silently. */
export interface Slots {
	/** Null if the signal aborts while waiting. */
	acquire(origin: string, limit: number, signal: AbortSignal): Promise<(() => void) | null>;
}

export function createSlots(): Slots {
	const inUse = new Map<string, number>();
	const queues = new Map<string, (() => void)[]>();

	const release = (origin: string): void => {
		const next = queues.get(origin)?.shift();
		if (next) next();
		else inUse.set(origin, (inUse.get(origin) ?? 1) - 1);
	};

	return {
		acquire(origin, limit, signal) {
			const once = (): (() => void) => {
				let isHeld = true;
				return () => {
					if (isHeld) release(origin);
					isHeld = false;
				};
			};
			if (signal.aborted) return Promise.resolve(null);
			const used = inUse.get(origin) ?? 0;
			if (used < limit) {
				inUse.set(origin, used + 1);
				return Promise.resolve(once());
			}
			return new Promise((resolve) => {
				const queue = queues.get(origin) ?? [];
				queues.set(origin, queue);
				const enter = (): void => {
					signal.removeEventListener('abort', leave);
					resolve(once());
				};
				const leave = (): void => {
					queue.splice(queue.indexOf(enter), 1);
					resolve(null);
				};
				signal.addEventListener('abort', leave, { once: true });
				queue.push(enter);
			});
		}
	};
}
