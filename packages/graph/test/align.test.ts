import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { alignParagraphs, alike, RELATED } from '../src/align.ts';

/** Few words, so that paragraphs are often alike. */
const paragraph = fc
	.array(fc.constantFrom('red', 'blue', 'green', 'tree', 'river'), { minLength: 1, maxLength: 4 })
	.map((words) => words.join(' '));
const column = fc.array(paragraph, { maxLength: 6 });

/** All ways to pair two columns in order, the best of them: said without tables. */
function mostAlike(a: readonly string[], b: readonly string[]): number {
	const [first, ...others] = a;
	if (first === undefined) return 0;
	let best = mostAlike(others, b);
	for (const [i, other] of b.entries()) {
		const value = alike(first, other);
		if (value >= RELATED) best = Math.max(best, value + mostAlike(others, b.slice(i + 1)));
	}
	return best;
}

/** Rows as text: one column a text, a dot for nothing. */
const drawn = (texts: readonly (readonly string[])[]): string =>
	alignParagraphs(texts)
		.map((row) => row.map((index, i) => (index === null ? '·' : texts[i]?.[index])).join(' | '))
		.join('\n');

describe('[G61] likeness', () => {
	test('is symmetric, whole only for the same text, nothing without a common word', () => {
		fc.assert(
			fc.property(paragraph, paragraph, (a, b) => {
				expect(alike(a, b)).toBe(alike(b, a));
				expect(alike(a, b) === 1000).toBe(a === b);
			})
		);
		expect(alike('red', 'blue')).toBe(0);
		expect(alike('— — —', '…')).toBe(0);
		expect(alike('a b', 'b, a')).toBe(999);
	});
});

describe('[G62] aligned paragraphs', () => {
	test('what is the same stands side by side, an insertion has a row of its own', () => {
		expect(
			drawn([
				['the red tree', 'the river', 'the end'],
				['the red tree', 'something else entirely', 'the river', 'the end']
			])
		).toBe(
			[
				'the red tree | the red tree',
				'· | something else entirely',
				'the river | the river',
				'the end | the end'
			].join('\n')
		);
	});
	test('what has nothing in common stands side by side in order', () => {
		expect(drawn([['one', 'two'], ['red', 'blue', 'green'], ['tree']])).toBe(
			['one | red | tree', 'two | blue | ·', '· | green | ·'].join('\n')
		);
	});
	test('every paragraph is in one row, in its own order', () => {
		fc.assert(
			fc.property(fc.array(column, { minLength: 1, maxLength: 6 }), (texts) => {
				const rows = alignParagraphs(texts);
				for (const [i, paragraphs] of texts.entries()) {
					const seen = rows.flatMap((row) => row[i] ?? []);
					expect(seen).toEqual(paragraphs.map((_, index) => index));
				}
				for (const row of rows) {
					expect(row).toHaveLength(texts.length);
					expect(row.some((index) => index !== null)).toBe(true);
				}
			})
		);
	});
	test('two columns share as much as any pairing in order can', () => {
		fc.assert(
			fc.property(column, column, (a, b) => {
				const total = alignParagraphs([a, b]).reduce((sum, [left = null, right = null]) => {
					const value = left === null || right === null ? 0 : alike(a[left] ?? '', b[right] ?? '');
					return sum + (value >= RELATED ? value : 0);
				}, 0);
				expect(total).toBe(mostAlike(a, b));
			}),
			{ numRuns: 300 }
		);
	});
	test('equal texts fill the same rows, however many there are', () => {
		fc.assert(
			fc.property(column, fc.integer({ min: 1, max: 6 }), (paragraphs, copies) => {
				expect(alignParagraphs(Array.from({ length: copies }, () => paragraphs))).toEqual(
					paragraphs.map((_, index) => Array.from({ length: copies }, () => index))
				);
			})
		);
	});
	test('very many paragraphs stand side by side as they come', () => {
		const many = Array.from({ length: 1000 }, (_, i) => `paragraph ${i}`);
		expect(alignParagraphs([many, many.toReversed()])[0]).toEqual([0, 0]);
	});
});
