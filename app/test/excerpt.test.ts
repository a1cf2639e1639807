import { expect, test } from 'bun:test';
import { findTerms } from '@stemma/graph/find-text';
import { excerptOf } from '#lib/state/excerpt.ts';

const told = (text: string, query: string): string =>
	excerptOf(text, findTerms(query, 'words'))
		.map(({ text: piece, isWord }) => (isWord ? `[${piece}]` : piece))
		.join('');

test('an excerpt shows the first of the words with a little before it', () => {
	expect(told('A graph is a tree with more.', 'graph tree')).toBe('A [graph] is a [tree] with more.');
	expect(told(`${'x'.repeat(60)} anchor ${'y'.repeat(400)}`, 'anchor')).toBe(
		`…${'x'.repeat(27)} [anchor] ${'y'.repeat(150 - 28 - 7)}…`
	);
});

test('without the word in the text itself, an excerpt is its beginning; halves of characters are not shown', () => {
	expect(told('Nothing here', 'zzz')).toBe('Nothing here');
	expect(told(`${'😀'.repeat(20)}a word`, 'word')).toMatch(/^…/u);
	expect(told(`${'😀'.repeat(20)}a word`, 'word').isWellFormed()).toBe(true);
});
