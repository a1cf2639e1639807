import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Token } from 'marked';
import { lex, type LinkDefinitions } from '#lib/markdown/lexer.ts';
import { imageLink, safeLink, showInvisible } from '#lib/markdown/link-policy.ts';
import { createTailLexer } from '#lib/markdown/tail-lexer.ts';

const whole = (text: string): readonly Token[] => lex(text, Object.create(null) as LinkDefinitions);
const visible = (tokens: readonly Token[]): unknown[] =>
	tokens.filter((token) => token.type !== 'space').map((token) => [token.type, token.raw.trimEnd()]);

const blocks = [
	'A paragraph of **bold** and `code` with a [link](https://example.org).',
	'# A heading',
	'- one\n- two\n  - nested\n- three',
	'1. first\n2. second',
	'```ts\nconst x = 1;\n\nconst y = `2`;\n```',
	'~~~\nplain ``` inside\n~~~',
	'| a | b |\n| --- | ---: |\n| 1 | 2 |',
	'> quoted\n> twice',
	'$$\nx^2 + y^2\n$$',
	'Euler: $e^{i\\pi} = -1$ and money $5 and $6.',
	'---',
	'<b>raw</b> html',
	'Setext\n======',
	'```\nunclosed'
];

test('text that arrives in pieces lexes to the same blocks as the whole', () => {
	fc.assert(
		fc.property(
			fc.array(fc.constantFrom(...blocks.slice(0, -1)), { minLength: 1, maxLength: 12 }),
			fc.boolean(),
			fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
			(chosen, isCut, sizes) => {
				const text = chosen.join('\n\n') + (isCut ? `\n\n${blocks.at(-1) ?? ''}` : '\n');
				const lexer = createTailLexer();
				let at = 0;
				for (const size of sizes) {
					if (at >= text.length) break;
					lexer.push(text.slice(at, at + size));
					at += size;
				}
				expect(visible([...lexer.stable.flat(), ...lexer.tail])).toEqual(visible(whole(text)));
			}
		),
		{ numRuns: 400 }
	);
});

test('blocks that are stable never change again', () => {
	const lexer = createTailLexer();
	let before: readonly Token[] = [];
	for (const char of blocks.join('\n\n')) {
		lexer.push(char);
		expect(lexer.stable.flat().slice(0, before.length)).toEqual([...before]);
		before = lexer.stable.flat();
	}
	expect(before.length).toBeGreaterThan(8);
});

test('a page that is full is the same array for ever, so that nobody looks at it again', () => {
	const lexer = createTailLexer();
	for (let i = 0; i < 100; i++) lexer.push(`Paragraph ${i}.\n\n`);
	const [first] = lexer.stable;
	for (let i = 0; i < 100; i++) lexer.push(`Paragraph ${i}.\n\n`);
	expect(lexer.stable[0]).toBe(first as readonly Token[]);
	expect(lexer.stable.length).toBeGreaterThan(4);
});

test('a line break cut in two counts once', () => {
	const lexer = createTailLexer();
	for (const piece of ['a\r', '\nb\r\n', '\r\nc']) lexer.push(piece);
	expect(visible([...lexer.stable.flat(), ...lexer.tail])).toEqual(visible(whole('a\nb\n\nc')));
});

test('only plain web and mail addresses become links, without user names', () => {
	expect(safeLink('javascript:alert(1)')).toBeNull();
	expect(safeLink('data:text/html,x')).toBeNull();
	expect(safeLink('//evil.example')).toBeNull();
	expect(safeLink('https://openai.com@evil.example/x')).toEqual({
		href: 'https://evil.example/x',
		host: 'evil.example'
	});
	expect(safeLink('mailto:a@b.c')?.href).toBe('mailto:a@b.c');
	expect(imageLink('https://tracker.example/p.gif?d=secret')?.host).toBe('tracker.example');
	expect(imageLink('http://192.168.0.1/reboot')).toBeNull();
	expect(imageLink('file:///etc/passwd')).toBeNull();
});

test('text that hides or turns around is shown for what it is', () => {
	expect(showInvisible('a\u202eb\u200bc')).toBe('a⟨U+202E⟩b⟨U+200B⟩c');
});
