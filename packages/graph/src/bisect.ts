/**
 * The search for the first bad message of a path, by halves. The state follows from the marks alone, in whatever
 * order they were made; no message is needed but the one that is asked about.
 */

export type Mark = 'good' | 'bad' | 'skip';

export interface BisectMark {
	/** Position on the path. */
	readonly pos: number;
	readonly mark: Mark;
}

export type BisectState =
	| {
			readonly kind: 'asking';
			/** The message to look at. */
			readonly pos: number;
			/** Known good (-1: the time before the first message) and known bad. */
			readonly good: number;
			readonly bad: number;
			/** Questions still to answer, at most, if nothing is skipped. */
			readonly steps: number;
	  }
	| {
			readonly kind: 'found';
			/** The first bad message is one of these; more than one if those before the last were skipped. */
			readonly from: number;
			readonly to: number;
			/** Nothing was marked bad: the end of the path was taken to be. */
			readonly isAssumed: boolean;
	  }
	/** The end was marked good, and nothing bad. */
	| { readonly kind: 'clean' }
	/** Something good lies after something bad: one of the two marks is wrong, or it was bad more than once. */
	| { readonly kind: 'contradiction'; readonly good: number; readonly bad: number };

/**
 * @param length of the path; its last message is taken to be bad until something earlier is marked so
 * @param marks a later one on the same message replaces the one before
 */
export function bisect(length: number, marks: readonly BisectMark[]): BisectState {
	const markAt = new Map<number, Mark>();
	for (const { pos, mark } of marks) if (pos >= 0 && pos < length) markAt.set(pos, mark);
	let good = -1;
	let firstBad = length;
	for (const [pos, mark] of markAt) {
		if (mark === 'good') good = Math.max(good, pos);
		if (mark === 'bad') firstBad = Math.min(firstBad, pos);
	}
	if (good > firstBad) return { kind: 'contradiction', good, bad: firstBad };
	if (good === length - 1) return { kind: 'clean' };
	const bad = Math.min(firstBad, length - 1);
	const isAssumed = firstBad === length;
	const pos = nearestOpen(good, bad, markAt);
	if (pos !== null) return { kind: 'asking', pos, good, bad, steps: Math.ceil(Math.log2(bad - good)) };
	return { kind: 'found', from: good + 1, to: bad, isAssumed };
}

/** The unmarked position nearest to the middle of the two; null when all between them are skipped. */
function nearestOpen(good: number, bad: number, markAt: ReadonlyMap<number, Mark>): number | null {
	const middle = Math.floor((good + bad) / 2);
	for (let off = 0; off <= bad - good; off++) {
		for (const pos of [middle + off, middle - off])
			if (pos > good && pos < bad && !markAt.has(pos)) return pos;
	}
	return null;
}
