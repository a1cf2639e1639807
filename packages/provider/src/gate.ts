/** One server's "not before" for everyone who asks it the same: runs, and tabs by way of a channel. */
export interface Gate {
	/** Milliseconds since 1970 before which nothing should be sent. */
	notBefore(key: string): number;
	close(key: string, until: number): void;
	/** The server answers after all. */
	open(key: string): void;
}

/** @param tellOthers called when this tab learns of a wait, or (0) of its end; `hear` is what others' news goes to */
export function createGate(tellOthers: (key: string, until: number) => void): Gate & {
	hear(key: string, until: number): void;
} {
	const untilByKey = new Map<string, number>();
	const hear = (key: string, until: number): void => {
		if (until === 0) untilByKey.delete(key);
		else untilByKey.set(key, Math.max(until, untilByKey.get(key) ?? 0));
	};
	return {
		notBefore: (key) => untilByKey.get(key) ?? 0,
		close(key, until) {
			hear(key, until);
			tellOthers(key, until);
		},
		open(key) {
			if (!untilByKey.delete(key)) return;
			tellOthers(key, 0);
		},
		hear
	};
}
