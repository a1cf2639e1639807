import { expect, test } from 'bun:test';
import { locate } from '../src/lib/markdown/locate.ts';

const found = (source: string, selected: string): string | null => {
	const range = locate(source, selected);
	return range ? source.slice(range.from, range.to) : null;
};

test('a passage is found in its Markdown, markup and line breaks between', () => {
	expect(found('plain words here', 'words')).toBe('words');
	expect(found('Some **bold** and `code`, then.', 'bold and code')).toBe('bold** and `code');
	expect(found('- one\n- two\n- three', 'one\ntwo')).toBe('one\n- two');
	expect(found('Grüße 🌱 an 王さん', 'Grüße  an 王さん')).toBe('Grüße 🌱 an 王さん');
});

test('what does not stand there is not found', () => {
	expect(found('one two', 'two one')).toBeNull();
	expect(found('one two', '…')).toBeNull();
	expect(found('', 'x')).toBeNull();
});
