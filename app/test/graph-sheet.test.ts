import { expect, test } from 'bun:test';
import type { OutlinePage } from '@stemma/store/workspace/workspace';
import {
	arrange,
	foldSheet,
	joinPages,
	keyOf,
	lineOf,
	NO_FILTER,
	rowOf,
	wholeGraph,
	type Arrangement,
	type GraphFilter,
	type Sheet
} from '../src/lib/state/graph-sheet.ts';
import { walk } from '../src/lib/state/graph-walk.ts';

/** 1 ← 2 ← 3 ← 4 … ← 16, and 20 ← 21 as another version of 2's answer. Keys are names. */
const chain = Array.from({ length: 16 }, (_, i) => 16 - i);
const page: OutlinePage = {
	keys: [21, 20, ...chain],
	parents: [20, 1, ...chain.map((key) => key - 1)],
	createdAt: [2100, 2000, ...chain.map((key) => key * 100)],
	roles: 'ua' + chain.map((key) => (key % 2 === 1 ? 'u' : 'a')).join(''),
	kinds: 'm'.repeat(18),
	merges: [],
	answers: [
		[20, 'cheap', 5],
		[16, 'dear', 5000],
		[14, 'dear', null]
	]
};

function sheetOf(
	part: Partial<Omit<Arrangement, 'filter'>> & { filter?: Partial<GraphFilter> },
	areFolded = false
): Sheet {
	const outline = joinPages([page]);
	const steps = arrange(outline, wholeGraph(outline), {
		leaf: 16,
		top: null,
		tags: new Map([[3, ['draft']]]),
		mostLanes: 24,
		...part,
		filter: { ...NO_FILTER, ...part.filter }
	});
	for (;;) {
		const step = steps.next();
		if (step.done === true) return foldSheet(step.value, { areFolded, opened: new Set(), kept: new Set() });
	}
}

const keysIn = (sheet: Sheet): readonly number[] => [...sheet.shown.rows].map((row) => keyOf(sheet, row));

test('pages join to one outline', () => {
	const whole = joinPages([page]);
	const cut = (from: number, to: number): OutlinePage => ({
		keys: page.keys.slice(from, to),
		parents: page.parents.slice(from, to),
		createdAt: page.createdAt.slice(from, to),
		roles: page.roles.slice(from, to),
		kinds: page.kinds.slice(from, to),
		merges: [],
		answers: page.answers.filter(([key]) => page.keys.slice(from, to).includes(key))
	});
	expect(joinPages([cut(0, 5), cut(5, 18)])).toEqual(whole);
});

test.each([
	['role', { role: 'u' }, [21, 15, 13, 11, 9, 7, 5, 3, 1]],
	['model', { model: 'dear' }, [16, 14]],
	['cost', { costFromNano: 6 }, [16]],
	['an unknown cost is not zero', { model: 'dear', costFromNano: 1 }, [16]],
	['dates, the second one excluded', { fromMs: 300, toMs: 500 }, [4, 3]],
	['tag', { tag: 'draft' }, [3]],
	['off the path', { offPath: true }, [21, 20]],
	['text', { matches: new Set([5, 21]) }, [21, 5]],
	['several at once', { role: 'a', fromMs: 1500 }, [20, 16]],
	['nothing passes', { tag: 'none' }, []]
] as const)('filter by %s', (_, filter, keys) => {
	expect(keysIn(sheetOf({ filter }))).toEqual([...keys]);
});

test('what follows from a node, and filters within', () => {
	expect(keysIn(sheetOf({ top: 20 }))).toEqual([21, 20]);
	expect(keysIn(sheetOf({ top: 20, filter: { role: 'u' } }))).toEqual([21]);
});

test('a node is found by its key wherever it is shown', () => {
	const folded = sheetOf({}, true);
	expect(keysIn(folded)).toEqual([21, 20, 16, 15, 1]);
	expect(lineOf(folded, 9), 'in the fold').toBe(3);
	expect(lineOf(folded, 99)).toBe(-1);
	const some = sheetOf({ filter: { role: 'a' } });
	for (const key of keysIn(some)) expect(keyOf(some, rowOf(some, key))).toBe(key);
	expect(rowOf(some, 15), 'filtered out').toBe(-1);
});

test('the arrows lead along rows, to parents over folds, to children on the path, and between versions', () => {
	const sheet = sheetOf({}, true);
	expect(walk(sheet, 16, 'down', 5)).toBe(15);
	expect(walk(sheet, 21, 'up', 5)).toBe(21);
	expect(walk(sheet, 21, 'pageDown', 3)).toBe(15);
	expect(walk(sheet, 16, 'last', 5)).toBe(1);
	expect(walk(sheet, 1, 'first', 5)).toBe(21);
	expect(walk(sheet, 16, 'parent', 5), 'into the fold').toBe(15);
	expect(walk(sheet, 15, 'parent', 5), 'out of the fold').toBe(1);
	expect(walk(sheet, 1, 'parent', 5), 'a root stays').toBe(1);
	expect(walk(sheet, 1, 'child', 5), 'on the path, in its fold').toBe(15);
	expect(walk(sheet, 21, 'child', 5), 'a leaf stays').toBe(21);
	expect(walk(sheet, 20, 'older', 5), 'the other version is in the fold').toBe(15);
	expect(walk(sheet, 20, 'newer', 5)).toBe(20);
});
