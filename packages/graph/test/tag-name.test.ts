import { expect, test } from 'bun:test';
import { tagName } from '../src/tag-name.ts';

test('[G77] tags that look the same are the same', () => {
	expect(tagName('cafe\u0301')).toBe('caf\u00e9');
	expect(tagName('  to   do\n')).toBe('to do');
	expect(tagName('# later')).toBe('later');
	expect(tagName('C#')).toBe('C#');
});

test('[G77] nothing is no tag, and a tag is short and whole', () => {
	for (const nothing of ['', '   ', '#', ' # ']) expect(tagName(nothing)).toBeNull();
	const long = tagName('😀'.repeat(200)) ?? '';
	expect(Array.from(long)).toHaveLength(60);
	expect(tagName('half \ud83c')?.isWellFormed()).toBe(true);
});
