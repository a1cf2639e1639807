import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { joinWords, shellWord, splitWords } from '#lib/state/command-words.ts';

const words = (text: string): unknown => {
	const split = splitWords(text);
	return split.ok ? split.value : split.error;
};

test('a line is the words that a shell would make of it', () => {
	expect(words('npm test')).toEqual(['npm', 'test']);
	expect(words(`  sh -c 'echo "a  b"'  `)).toEqual(['sh', '-c', 'echo "a  b"']);
	expect(words(String.raw`a\ b "c \" d" e'f'"g" ''`)).toEqual(['a b', 'c " d', 'efg', '']);
	expect(words(String.raw`"a\nb" 'c\d'`)).toEqual([String.raw`a\nb`, String.raw`c\d`]);
});

test('what is not whole is said', () => {
	for (const text of ['', '   ', `''`]) expect(words(text)).toBe('The command is empty.');
	for (const text of [`a 'b`, 'a "b', String.raw`a "b\"`]) expect(words(text)).toBe('A quote is not closed.');
	expect(words('a\\')).toBe('The last character is missing.');
});

test('words that are written down are the same words again', () => {
	fc.assert(
		fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.string({ minLength: 1 }), (rest, first) => {
			expect(words(joinWords([first, ...rest]))).toEqual([first, ...rest]);
		})
	);
});

test('what only a shell does is noticed', () => {
	for (const line of ['a && b', 'a | b', 'a > b', 'a 2>&1', 'a $HOME', 'a *.ts', 'a ; b', '~/a', 'a `b`'])
		expect(shellWord(splitWords(line).ok ? (words(line) as string[]) : []), line).not.toBeNull();
	for (const line of ['npm run test:unit -- -t a', 'make -j2 CC=gcc', 'cargo test --all'])
		expect(shellWord(words(line) as string[]), line).toBeNull();
});
