import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { auxWords, findTerms, occurrences } from '../src/find-text.ts';

test('[G88] words inside words are indexed in their order, prose adds nothing', () => {
	expect(auxWords('Plain prose, nothing else.')).toBe('');
	expect(auxWords('findCutIndex max_age HTTPServer v2')).toBe('find Cut Index max age HTTP Server v 2');
	expect(auxWords('数据库')).toBe('数据 据库 库');
	expect(auxWords('用SQLite写')).toBe('用 SQLite SQ Lite 写');
	expect(auxWords('ok 🎉')).toBe('u1f389');
	expect(auxWords(`a${'b'.repeat(80)}C`)).toBe('');
});

test('[G88] a query without letters, digits or pictures asks for nothing; one letter is a whole word', () => {
	for (const query of ['', ' ', '"', '-> ()*']) expect(findTerms(query, 'phrase')).toEqual([]);
	expect(findTerms('a', 'phrase')).toEqual([{ text: 'a', aux: ['a'], isPrefix: false }]);
	expect(findTerms('the gra', 'phrase')).toEqual([{ text: 'the gra', aux: [], isPrefix: true }]);
	expect(findTerms('one "two three" fo', 'words').map(({ text }) => text)).toEqual([
		'one',
		'two three',
		'fo'
	]);
	expect(findTerms('"open', 'words').map(({ text }) => text)).toEqual(['open']);
});

const marked = (text: string, query: string): string => {
	let result = text;
	for (const { from, to } of occurrences(text, findTerms(query, 'phrase')).toReversed())
		result = `${result.slice(0, from)}[${result.slice(from, to)}]${result.slice(to)}`;
	return result;
};

test.each([
	['The Graph and a graphic, no photograph', 'graph', 'The [Graph] and a [graph]ic, no photograph'],
	['un café, une CAFE\u0301TERIA', 'cafe', 'un [café], une [CAFE\u0301]TERIA'],
	['call findCutIndex()', 'cut', 'call find[Cut]Index()'],
	['我们的数据库', '数据', '我们的[数据]库'],
	['one — two', 'one two', '[one — two]'],
	['a cat sat', 'a', '[a] cat sat'],
	['done 🎉🎉', '🎉', 'done [🎉][🎉]'],
	['İstanbul ﬁsh', 'stan', 'İstanbul ﬁsh'],
	['x.*y', '.*', 'x.*y']
])('[G89] in %p, %p stands at %p', (text, query, expected) => {
	expect(marked(text, query)).toBe(expected);
});

test('[G89] of plain words, those are found that a search word by word finds', () => {
	const words = fc.array(fc.constantFrom('graph', 'Graphic', 'gra', 'tree', 'a', 'photograph'), {
		maxLength: 20
	});
	fc.assert(
		fc.property(words, fc.constantFrom('graph', 'gra', 'tree', 'photo'), (said, query) => {
			const naive = said.flatMap((word, i) =>
				word.toLowerCase().startsWith(query) ? [said.slice(0, i).join(' ').length + (i > 0 ? 1 : 0)] : []
			);
			expect(occurrences(said.join(' '), findTerms(query, 'phrase')).map(({ from }) => from)).toEqual(naive);
		})
	);
});

test('[G89] any text and any query: the spans lie in the text, in order, apart from each other', () => {
	fc.assert(
		fc.property(
			fc.string({ unit: 'grapheme' }),
			fc.string({ unit: 'grapheme', maxLength: 4 }),
			(text, query) => {
				let end = 0;
				for (const { from, to } of occurrences(text + query, findTerms(query, 'words'))) {
					expect(from >= end && to > from && to <= (text + query).length).toBe(true);
					end = to;
				}
			}
		)
	);
});
