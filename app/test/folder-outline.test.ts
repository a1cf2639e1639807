import { expect, test } from 'bun:test';
import { folderOutline } from '../src/lib/state/folder-outline.ts';

const paths = [
	'readme.md',
	'src/',
	'src/a10.ts',
	'src/a9.ts',
	'src/deep/',
	'src/deep/x.ts',
	'src/deep/y.ts',
	'empty/'
];

test('folders first, each in the order of its names, however they came', () => {
	const whole = ['empty/', 'src/', '  deep/', '    x.ts', '    y.ts', '  a9.ts', '  a10.ts', 'readme.md', ''];
	expect(folderOutline(paths, 100)).toBe(whole.join('\n'));
	expect(folderOutline(paths.toReversed(), 100)).toBe(whole.join('\n'));
});

test('what does not fit is counted, the deepest first', () => {
	expect(folderOutline(paths, 6)).toBe(
		['empty/', 'src/', '  deep/  (2 files)', '  a9.ts', '  a10.ts', 'readme.md', ''].join('\n')
	);
	expect(folderOutline(paths, 3)).toBe(['empty/', 'src/  (4 files)', 'readme.md', ''].join('\n'));
	expect(folderOutline(['a', 'b', 'c', 'd'], 2)).toBe('a\nb\n… and 2 files more\n');
	expect(folderOutline(['a/x', 'b/x', 'c/x', 'd'], 2)).toBe(
		'a/  (1 file)\nb/  (1 file)\n… and 1 folder more\n… and 1 file more\n'
	);
});

test('a name stays in its line', () => {
	expect(folderOutline(['a\nb'], 9)).toBe('a⟨U+000A⟩b\n');
});
