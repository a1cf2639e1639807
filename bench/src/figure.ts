/** One line of the benchmark table: what was measured, against what, and whether it is good enough. */
export interface Figure {
	readonly name: string;
	/** The figure in its unit, the median of the repetitions. */
	readonly value: number;
	readonly unit: 'ms' | 'CPU s' | 'rows/s' | 'MB/s' | 'kB' | 'MB' | 'elements' | 'tasks' | 'px';
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

/** Two medians of runs taken in turns, so that a busy moment of the machine meets both. */
export async function timedInTurns(
	repetitions: number,
	work: () => unknown,
	baseline: () => unknown
): Promise<{ readonly value: number; readonly baseline: number }> {
	const times: { value: number[]; baseline: number[] } = { value: [], baseline: [] };
	for (let i = 0; i < repetitions; i++) {
		// What one leaves in memory, the other must not have to clean up.
		Bun.gc(true);
		times.baseline.push(await timed(1, baseline));
		Bun.gc(true);
		times.value.push(await timed(1, work));
	}
	return { value: median(times.value), baseline: median(times.baseline) };
}

export interface Target {
	readonly atMost?: number;
	readonly atLeast?: number;
	/** Of the ratio. */
	readonly ratioAtMost?: number;
	readonly ratioAtLeast?: number;
}

export function figure(
	name: string,
	unit: Figure['unit'],
	value: number,
	target: Target,
	baseline: number | null = null
): Figure {
	const ratio = baseline === null ? null : value / baseline;
	const bounds: readonly (readonly [number | undefined, (limit: number) => boolean, string])[] = [
		[target.atMost, (limit) => value <= limit, '≤'],
		[target.atLeast, (limit) => value >= limit, '≥'],
		[target.ratioAtMost, (limit) => ratio !== null && ratio <= limit, 'ratio ≤'],
		[target.ratioAtLeast, (limit) => ratio !== null && ratio >= limit, 'ratio ≥']
	];
	const given = bounds.flatMap(([limit, holds, sign]) =>
		limit === undefined ? [] : [{ limit, holds, sign }]
	);
	return {
		name,
		value: rounded(value),
		unit,
		baseline: baseline === null ? null : rounded(baseline),
		ratio: ratio === null ? null : rounded(ratio),
		target: given.map(({ limit, sign }) => `${sign} ${limit}`).join(', '),
		ok: given.every(({ limit, holds }) => holds(limit))
	};
}

/** What is small keeps its digits. */
const rounded = (value: number): number =>
	Math.abs(value) >= 1 ? Math.round(value * 1000) / 1000 : Number(value.toPrecision(3));
