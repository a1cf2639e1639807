import { expect, test } from 'bun:test';
import type { PathEntry, PathWindow } from '@stemma/store/workspace/workspace';
import fc from 'fast-check';
import {
	hasNewer,
	hasOlder,
	NOTHING,
	readAgain,
	readAround,
	readEnd,
	readNewer,
	readOlder,
	trimmed
} from '../src/lib/state/path-window.ts';

/** A path of a given length; the leaf's name is its length. */
const reader = {
	path: (
		leaf: string,
		{ limit, before = Infinity, from = 0 }: { limit: number; before?: number; from?: number }
	) => {
		const total = Number(leaf);
		const end = Math.min(total, before);
		const start = Math.max(from, end - limit);
		const entries = Array.from({ length: Math.max(0, end - start) }, (_, i) => ({
			pos: start + i
		})) as unknown as PathEntry[];
		return Promise.resolve({ ok: true as const, value: { entries, total } });
	}
};
const read = async (outcome: Promise<{ ok: boolean }>): Promise<PathWindow> => {
	const result = (await outcome) as { ok: true; value: PathWindow };
	return result.value;
};
const places = ({ entries }: PathWindow): readonly number[] => entries.map(({ pos }) => pos);
const isUnbroken = (window: PathWindow): boolean =>
	places(window).every((pos, i, all) => i === 0 || pos === (all[i - 1] ?? 0) + 1);

type Step = 'older' | 'newer' | 'again' | { readonly grow: number } | { readonly around: number };

test('however one moves, the window is an unbroken, bounded stretch that never steps over a message', async () => {
	const step: fc.Arbitrary<Step> = fc.oneof(
		fc.constantFrom<Step>('older', 'newer', 'again'),
		fc.record({ grow: fc.integer({ min: -500, max: 500 }) }),
		fc.record({ around: fc.nat(2000) })
	);
	await fc.assert(
		fc.asyncProperty(
			fc.integer({ min: 1, max: 2000 }),
			fc.array(step, { maxLength: 20 }),
			async (length, steps) => {
				let total = length;
				let window = await read(readEnd(reader, String(total)));
				for (const move of steps) {
					const leaf = String(total);
					if (move === 'older' && hasOlder(window)) {
						const more = await read(readOlder(reader, leaf, window));
						window = { ...window, entries: [...more.entries, ...window.entries] };
						expect(isUnbroken(window)).toBe(true);
						window = trimmed(window, 'end') ?? window;
					} else if (move === 'newer' && hasNewer(window)) {
						const more = await read(readNewer(reader, leaf, window));
						window = { ...window, entries: [...window.entries, ...more.entries] };
						expect(isUnbroken(window)).toBe(true);
						window = trimmed(window, 'start') ?? window;
					} else if (move === 'again') window = await read(readAgain(reader, leaf, window));
					else if (typeof move === 'object' && 'grow' in move) {
						total = Math.max(1, total + move.grow);
						window = await read(readAgain(reader, String(total), window));
					} else if (typeof move === 'object') window = await read(readAround(reader, leaf, move.around));
					expect(isUnbroken(window)).toBe(true);
					expect(window.entries.length).toBeGreaterThan(0);
					expect(window.entries.length).toBeLessThanOrEqual(400);
					expect(window.total).toBe(total);
					expect(hasNewer(window)).toBe((places(window).at(-1) ?? 0) < total - 1);
				}
			}
		)
	);
});

test('what grows at the end keeps its first row, so nothing above the reader moves', async () => {
	const before = await read(readEnd(reader, '1000'));
	const after = await read(readAgain(reader, '1001', before));
	expect(places(after)[0]).toBe(places(before)[0]);
	expect(hasNewer(after)).toBe(false);
});

test('who reads far above the end stays there when it grows', async () => {
	const before = await read(readAround(reader, '1000', 300));
	const after = await read(readAgain(reader, '1002', before));
	expect(places(after)).toEqual(places(before));
	expect(hasNewer(after)).toBe(true);
});

test('a message is in the page around it, and a fresh window shows the end', async () => {
	expect(places(await read(readAround(reader, '5000', 2500)))).toContain(2500);
	expect(places(await read(readAround(reader, '5000', 0)))).toContain(0);
	expect(places(await read(readAround(reader, '5000', 4999)))).toContain(4999);
	expect(places(await read(readAgain(reader, '1000', NOTHING))).at(-1)).toBe(999);
});
