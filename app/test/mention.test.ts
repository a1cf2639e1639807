import { expect, test } from 'bun:test';
import { lineName, linesOf, mentionAt, parseMention, withoutMention } from '../src/lib/state/mention.ts';

const at = (text: string, caret = text.length): string | null => mentionAt(text, caret)?.query ?? null;

test('an @ at the start of a word is a mention, up to the caret', () => {
	expect(mentionAt('look at @src/a', 14)).toEqual({ from: 8, to: 14, query: 'src/a' });
	expect(at('@')).toBe('');
	expect(at('(@a')).toBe('a');
	expect(at('one\n@a')).toBe('a');
	expect(at('@abc', 2)).toBe('a');
	expect(at('ada@example.org'), 'an address is none').toBeNull();
	expect(at('@a b'), 'a space ends it').toBeNull();
	expect(at('@@a')).toBeNull();
	expect(at(`@${'a'.repeat(300)}`), 'nor is what is very long').toBeNull();
});

test('lines are told from the path, also while they are typed', () => {
	expect(parseMention('a.ts')).toEqual({ words: 'a.ts', lines: null });
	expect(parseMention('a.ts:')).toEqual({ words: 'a.ts', lines: null });
	expect(parseMention('a.ts:10')).toEqual({ words: 'a.ts', lines: { first: 10, last: 10 } });
	expect(parseMention('a.ts:10-')).toEqual({ words: 'a.ts', lines: { first: 10, last: 10 } });
	expect(parseMention('a.ts:10-40')).toEqual({ words: 'a.ts', lines: { first: 10, last: 40 } });
	expect(parseMention('a.ts:40-10')).toEqual({ words: 'a.ts', lines: { first: 10, last: 40 } });
	expect(parseMention('a.ts:0')).toEqual({ words: 'a.ts', lines: null });
	expect(parseMention('fix: it')).toEqual({ words: 'fix: it', lines: null });
	expect(parseMention(':10')).toEqual({ words: ':10', lines: null });
});

test('the mention goes out of the text, with one of the two spaces it leaves', () => {
	const without = (text: string): string => {
		const caret = text.indexOf('|');
		const bare = text.replace('|', '');
		const mention = mentionAt(bare, caret);
		if (!mention) throw new Error('no mention');
		const left = withoutMention(bare, mention);
		return `${left.text.slice(0, left.caret)}|${left.text.slice(left.caret)}`;
	};
	expect(without('look at @a| please')).toBe('look at |please');
	expect(without('look at @a|')).toBe('look at |');
	expect(without('@a|bc')).toBe('|bc');
	expect(without('one\n@a|\ntwo')).toBe('one\n|\ntwo');
});

test('lines of a text keep their ends; what is not there is not named', () => {
	const text = 'one\r\ntwo\nthree';
	expect(linesOf(text, { first: 2, last: 2 })).toEqual({ text: 'two\n', lines: { first: 2, last: 2 } });
	expect(linesOf(text, { first: 1, last: 9 })).toEqual({ text, lines: { first: 1, last: 3 } });
	expect(linesOf(text, { first: 4, last: 9 })).toBeNull();
	expect(linesOf('one\n', { first: 2, last: 2 })).toBeNull();
	expect(lineName({ first: 1, last: 3 })).toBe(':1-3');
	expect(lineName({ first: 2, last: 2 })).toBe(':2');
});
