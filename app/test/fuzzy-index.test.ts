import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { FuzzyIndex } from '../src/lib/state/fuzzy-index.ts';

const indexOf = (texts: readonly string[]): FuzzyIndex => {
	const index = new FuzzyIndex();
	for (const text of texts) index.add(text);
	return index;
};
const found = (texts: readonly string[], query: string, most = 50): readonly string[] =>
	indexOf(texts)
		.search(query, most)
		.map(({ index }) => texts[index] ?? '');

/** The naive way. */
function has(text: string, query: string): boolean {
	let at = -1;
	for (const unit of query.toLowerCase().split('')) {
		at = text.toLowerCase().indexOf(unit, at + 1);
		if (at === -1) return false;
	}
	return true;
}

/** Few different characters, so that much matches; some that change their length or are two units. */
const letter = fc.constantFrom('a', 'b', 'B', 'c', '/', '.', '-', '1', 'é', 'İ', '木', '🌳', '\ud800');
const text = fc.string({ unit: letter, maxLength: 14 });
const query = fc.string({ unit: letter, minLength: 1, maxLength: 5 });

test('what matches is what a naive search finds, however many there are', () => {
	fc.assert(
		fc.property(fc.array(text, { maxLength: 60 }), query, (texts, typed) => {
			const matches = indexOf(texts).search(typed, texts.length);
			expect(matches.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(
				texts.flatMap((each, i) => (has(each, typed) ? [i] : []))
			);
		})
	);
});

test('the best come first; of equals the shorter one, then the one added first', () => {
	fc.assert(
		fc.property(fc.array(text, { maxLength: 60 }), query, fc.nat(10), (texts, typed, most) => {
			const all = indexOf(texts).search(typed, texts.length);
			const lengthOf = (i: number): number => (texts[i] ?? '').toLowerCase().length;
			const inOrder = all.toSorted(
				(a, b) => b.score - a.score || lengthOf(a.index) - lengthOf(b.index) || a.index - b.index
			);
			expect(all).toEqual(inOrder);
			expect(indexOf(texts).search(typed, most), 'fewer are the first of all').toEqual(all.slice(0, most));
		})
	);
});

test('typing on, going back and texts that come meanwhile find what a fresh search finds', () => {
	const step = fc.oneof(
		fc.record({ add: fc.array(text, { maxLength: 20 }) }),
		fc.record({ query: fc.string({ unit: letter, maxLength: 4 }) }),
		fc.record({ typed: letter })
	);
	fc.assert(
		fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
			const texts: string[] = [];
			const index = new FuzzyIndex();
			let now = '';
			for (const each of steps) {
				if ('add' in each) {
					texts.push(...each.add);
					for (const added of each.add) index.add(added);
				} else now = 'query' in each ? each.query : now + each.typed;
				expect(index.search(now, 10)).toEqual(indexOf(texts).search(now, 10));
			}
		})
	);
});

test('a name that begins so comes before one that has it within, and before a folder that has it', () => {
	expect(found(['state/a.ts', 'estate.ts', 'state.ts', 'lib/state.ts'], 'state')).toEqual([
		'state.ts',
		'lib/state.ts',
		'estate.ts',
		'state/a.ts'
	]);
});

test('a piece at the start comes first, then beginnings of words, then what is within one, then scattered letters', () => {
	expect(found(['gorvieu.ts', 'graph-view.ts', 'agvie.ts', 'gvie.ts'], 'gvie')).toEqual([
		'gvie.ts',
		'graph-view.ts',
		'agvie.ts',
		'gorvieu.ts'
	]);
	expect(found(['fuzzyboxindex.ts', 'FuzzyBoxIndex.ts'], 'fbi')[0], 'capitals begin words').toBe(
		'FuzzyBoxIndex.ts'
	);
});

test('a slash looks at the folders as well', () => {
	expect(found(['app/src/main.ts', 'src/app/main.ts', 'main-app.ts'], 'app/ma')[0]).toBe('src/app/main.ts');
	expect(found(['src/lib/', 'src/lib/a.ts'], 'lib')[0], 'a folder is found by its name').toBe('src/lib/');
});
