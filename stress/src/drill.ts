/** A fault that is repeated at random moments, and how each repetition went. */
export interface Drill {
	readonly name: string;
	/** Repetitions of a full run. */
	readonly times: number;
	run(times: number, report: Report): Promise<void>;
}

export interface Report {
	/** From 0 to 1, the same for the same seed. */
	readonly random: () => number;
	/** One repetition ended; without faults it passed. */
	ended(what: string, faults: readonly string[]): void;
	/** For the reader, counted as nothing. */
	note(text: string): void;
}

export function between(random: () => number, from: number, to: number): number {
	return from + random() * (to - from);
}

export function pick<T>(random: () => number, choices: readonly [T, ...T[]]): T {
	return choices[Math.floor(random() * choices.length)] ?? choices[0];
}
