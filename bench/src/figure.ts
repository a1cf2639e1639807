/** One line of the benchmark table: what was measured, against what, and whether it is good enough. */
export interface Figure {
	readonly name: string;
	/** The figure in its unit, the median of the repetitions. */
	readonly value: number;
	readonly unit: 'ms' | 'CPU s' | 'rows/s' | 'kB';
	/** What the ratio is taken against, in the same unit and run; null for absolute targets. */
	readonly baseline: number | null;
	/** value / baseline. */
	readonly ratio: number | null;
	readonly target: string;
	readonly ok: boolean;
}

export interface Benchmark {
	readonly name: string;
	readonly run: () => Promise<readonly Figure[]>;
}

export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted[sorted.length >> 1];
	if (middle === undefined) throw new Error('median of nothing');
	return middle;
}

/** Median of the repetitions, in ms. */
export async function timed(repetitions: number, work: () => unknown): Promise<number> {
	const times: number[] = [];
	for (let i = 0; i < repetitions; i++) {
		const start = performance.now();
		await work();
		times.push(performance.now() - start);
	}
	return median(times);
}

export const rounded = (value: number): number => Math.round(value * 1000) / 1000;
