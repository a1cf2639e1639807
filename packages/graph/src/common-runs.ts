/** What two lists have in common, in order: Myers' greedy comparison, bounded. */

export interface CommonRun {
	/** Index in the first list, and in the second. */
	readonly a: number;
	readonly b: number;
	readonly length: number;
}

/** Lists further apart than this count as having only their beginning and their end in common. */
const MOST_CHANGES = 2000;

/** The longest common subsequence as runs, unless the lists differ in more than 2,000 places. */
export function commonRuns(a: readonly string[], b: readonly string[]): readonly CommonRun[] {
	const most = Math.min(a.length, b.length);
	let start = 0;
	while (start < most && a[start] === b[start]) start++;
	let end = 0;
	while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
	const middle = compare(a.slice(start, a.length - end), b.slice(start, b.length - end));
	const runs: CommonRun[] = [];
	const add = (run: CommonRun): void => {
		const last = runs.at(-1);
		if (last && last.a + last.length === run.a && last.b + last.length === run.b)
			runs[runs.length - 1] = { ...last, length: last.length + run.length };
		else if (run.length > 0) runs.push(run);
	};
	add({ a: 0, b: 0, length: start });
	for (const run of middle) add({ a: run.a + start, b: run.b + start, length: run.length });
	add({ a: a.length - end, b: b.length - end, length: end });
	return runs;
}

function compare(a: readonly string[], b: readonly string[]): readonly CommonRun[] {
	if (a.length === 0 || b.length === 0) return [];
	const most = Math.min(MOST_CHANGES, a.length + b.length);
	/** The furthest place in `a` on each diagonal (a − b), per number of changes. */
	const trace: Int32Array[] = [];
	let furthest = new Int32Array(2 * most + 3);
	const at = (values: Int32Array, diagonal: number): number => values[diagonal + most + 1] ?? 0;
	for (let changes = 0; changes <= most; changes++) {
		const next = furthest.slice();
		for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
			const isDown =
				diagonal === -changes ||
				(diagonal !== changes && at(furthest, diagonal - 1) < at(furthest, diagonal + 1));
			let x = isDown ? at(furthest, diagonal + 1) : at(furthest, diagonal - 1) + 1;
			while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
			next[diagonal + most + 1] = x;
			if (x >= a.length && x - diagonal >= b.length) return runsBack(trace, a.length, b.length, at);
		}
		trace.push(next);
		furthest = next;
	}
	return [];
}

/** From the end along the places that were reached, each one change earlier. */
function runsBack(
	trace: readonly Int32Array[],
	aLength: number,
	bLength: number,
	at: (values: Int32Array, diagonal: number) => number
): readonly CommonRun[] {
	const runs: CommonRun[] = [];
	let x = aLength;
	let y = bLength;
	for (let changes = trace.length; changes > 0; changes--) {
		const before = trace[changes - 1];
		if (!before) break;
		const diagonal = x - y;
		const isDown =
			diagonal === -changes || (diagonal !== changes && at(before, diagonal - 1) < at(before, diagonal + 1));
		const from = isDown ? diagonal + 1 : diagonal - 1;
		const fromX = at(before, from);
		const startX = isDown ? fromX : fromX + 1;
		if (x > startX) runs.push({ a: startX, b: startX - diagonal, length: x - startX });
		x = fromX;
		y = fromX - from;
	}
	if (x > 0) runs.push({ a: 0, b: 0, length: x });
	return runs.toReversed();
}
