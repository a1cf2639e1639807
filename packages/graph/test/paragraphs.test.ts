import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { splitParagraphs } from '../src/paragraphs.ts';

const split = (text: string): readonly string[] =>
	splitParagraphs(text).map(({ from, to }) => text.slice(from, to));

const line = fc.constantFrom('', ' ', 'one', 'two words', '  indented', '```', '~~~~', '- item', '\t', 'x\r');
const texts = fc.oneof(
	fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n')),
	fc.string({ unit: 'binary' })
);

describe('[G60] paragraphs', () => {
	test('blank lines divide, however many and whatever white space is in them', () => {
		expect(split('one\ntwo\n\n \t\n\nthree\r\n\r\nfour\n')).toEqual(['one\ntwo', 'three', 'four']);
		expect(split('\n\n  \n')).toEqual([]);
		expect(split('')).toEqual([]);
	});
	test('a fence of code stays whole, and one that is never closed goes to the end', () => {
		expect(split('a\n\n```js\nx\n\ny\n```\n\nb')).toEqual(['a', '```js\nx\n\ny\n```', 'b']);
		expect(split('````\n```\n\nx\n````\n\nb')).toEqual(['````\n```\n\nx\n````', 'b']);
		expect(split('~~~\nx\n\n```\n\ny')).toEqual(['~~~\nx\n\n```\n\ny']);
	});
	test('what is indented below an item belongs to it', () => {
		expect(split('- a\n\n  more of a\n\n- b')).toEqual(['- a\n\n  more of a', '- b']);
	});
	test('spans are in order, hold something, and leave out only white space', () => {
		fc.assert(
			fc.property(texts, (text) => {
				let end = 0;
				let kept = '';
				for (const { from, to } of splitParagraphs(text)) {
					expect(from).toBeGreaterThanOrEqual(end);
					expect(text.slice(end, from).trim()).toBe('');
					expect(text.slice(from, to).trim()).not.toBe('');
					kept += text.slice(from, to);
					end = to;
				}
				expect(text.slice(end).trim()).toBe('');
				const bare = (value: string): string => value.replace(/\s/gu, '');
				expect(bare(kept)).toBe(bare(text));
			})
		);
	});
	test('without fences and indents it is what splitting at blank lines gives', () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom('', 'one', 'two'), { maxLength: 10 }), (lines) => {
				const text = lines.join('\n');
				expect(split(text)).toEqual(text.split(/\n{2,}/).flatMap((piece) => piece.trim() || []));
			})
		);
	});
});
