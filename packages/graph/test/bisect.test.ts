import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { bisect, type BisectMark, type BisectState } from '../src/bisect.ts';

/** Answers every question truthfully; some are skipped. */
function play(
	length: number,
	firstBad: number,
	skips: ReadonlySet<number> = new Set()
): { state: BisectState; marks: readonly BisectMark[] } {
	const marks: BisectMark[] = [];
	for (let asked = 0; asked <= length; asked++) {
		const state = bisect(length, marks);
		if (state.kind !== 'asking') return { state, marks };
		const { pos } = state;
		marks.push({ pos, mark: skips.has(pos) ? 'skip' : pos >= firstBad ? 'bad' : 'good' });
	}
	throw new Error('more questions than messages');
}

test('[G85] finds the first bad message of any path, with as many questions as halving takes', () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(), (length, pick) => {
			const firstBad = pick % length;
			const { state, marks } = play(length, firstBad);
			expect(state).toMatchObject({ kind: 'found', from: firstBad, to: firstBad });
			expect(marks.length).toBeLessThanOrEqual(Math.ceil(Math.log2(length + 1)));
		})
	);
});

test('[G85] the number of questions told is never too small', () => {
	fc.assert(
		fc.property(fc.integer({ min: 2, max: 5000 }), fc.nat(), (length, pick) => {
			const first = bisect(length, []);
			const { marks } = play(length, pick % length);
			expect(first.kind === 'asking' && marks.length <= first.steps).toBe(true);
		})
	);
});

test('[G86] skipped messages leave a stretch that holds the first bad one, found by trying all', () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 60 }),
			fc.nat(),
			fc.uniqueArray(fc.nat({ max: 59 })),
			(length, pick, skipped) => {
				const firstBad = pick % length;
				const { state, marks } = play(length, firstBad, new Set(skipped));
				if (state.kind !== 'found') throw new Error(state.kind);
				expect(state.from).toBeLessThanOrEqual(firstBad);
				expect(state.to).toBeGreaterThanOrEqual(firstBad);
				// Nothing in the stretch but what was skipped (and its end, which is bad).
				const naive = Array.from({ length }, (_, pos) => pos).filter((pos) => {
					const good = Math.max(-1, ...marks.filter(({ mark }) => mark === 'good').map((mark) => mark.pos));
					const bad = Math.min(
						length - 1,
						...marks.filter(({ mark }) => mark === 'bad').map((mark) => mark.pos)
					);
					return pos > good && pos <= bad;
				});
				expect([state.from, state.to]).toEqual([naive[0] ?? -1, naive.at(-1) ?? -1]);
			}
		)
	);
});

test('[G86] the state does not depend on the order of marks on different messages', () => {
	const marks = fc.uniqueArray(
		fc.record({ pos: fc.nat({ max: 40 }), mark: fc.constantFrom<BisectMark['mark']>('good', 'bad', 'skip') }),
		{ selector: ({ pos }) => pos, maxLength: 12 }
	);
	fc.assert(
		fc.property(marks, (given) => {
			expect(bisect(41, given.toReversed())).toEqual(bisect(41, given));
		})
	);
});

test('[G87] a good message after a bad one is told as what it is, and a new mark on either settles it', () => {
	const marks: BisectMark[] = [
		{ pos: 3, mark: 'bad' },
		{ pos: 7, mark: 'good' }
	];
	expect(bisect(10, marks)).toEqual({ kind: 'contradiction', good: 7, bad: 3 });
	expect(bisect(10, [...marks, { pos: 3, mark: 'good' }])).toMatchObject({ kind: 'asking', good: 7, bad: 9 });
	expect(bisect(10, [...marks, { pos: 7, mark: 'skip' }])).toMatchObject({
		kind: 'asking',
		good: -1,
		bad: 3
	});
});

test('[G87] without a bad mark the end is only taken to be bad; if it is good, nothing is', () => {
	expect(bisect(2, [{ pos: 0, mark: 'good' }])).toEqual({ kind: 'found', from: 1, to: 1, isAssumed: true });
	expect(bisect(2, [{ pos: 1, mark: 'good' }])).toEqual({ kind: 'clean' });
	expect(bisect(1, [])).toEqual({ kind: 'found', from: 0, to: 0, isAssumed: true });
	expect(bisect(5, [{ pos: 9, mark: 'good' }])).toMatchObject({ kind: 'asking', good: -1 });
});
