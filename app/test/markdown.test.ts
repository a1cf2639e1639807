import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Token } from 'marked';
import { lex, type LinkDefinitions } from '#lib/markdown/lexer.ts';
import { imageLink, namesAnotherHost, safeLink, showInvisible } from '#lib/markdown/link-policy.ts';
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
				expect(visible(lexer.pages.flat())).toEqual(visible(whole(text)));
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
		expect(lexer.pages.flat().slice(0, before.length)).toEqual([...before]);
		before = lexer.pages.flat().slice(0, lexer.stable);
	}
	expect(before.length).toBeGreaterThan(8);
});

test('a page that is full is the same array for ever, so that nobody looks at it again', () => {
	const lexer = createTailLexer();
	for (let i = 0; i < 100; i++) lexer.push(`Paragraph ${i}.\n\n`);
	const [first] = lexer.pages;
	for (let i = 0; i < 100; i++) lexer.push(`Paragraph ${i}.\n\n`);
	expect(lexer.pages[0]).toBe(first as readonly Token[]);
	expect(lexer.pages.length).toBeGreaterThan(4);
});

test('a block that what follows does not change is the same object, so that nobody draws it again', () => {
	const lexer = createTailLexer();
	lexer.push('It is $x^2$ here.\n\nAnd');
	const [first] = lexer.pages.flat();
	lexer.push(' then more of it');
	expect(lexer.pages.flat()[0]).toBe(first as Token);
	lexer.push('.\n\nAnd a third.');
	expect(lexer.stable).toBeGreaterThan(0);
	expect(lexer.pages.flat()[0]).toBe(first as Token);
});

test('a link whose address comes later is one from then on', () => {
	const lexer = createTailLexer();
	lexer.push('See [it][a].\n\n');
	lexer.push('[a]: https://example.org\n');
	const [paragraph] = lexer.pages.flat() as unknown as { tokens: readonly Token[] }[];
	expect(paragraph?.tokens.some(({ type }) => type === 'link')).toBe(true);
});

test('a line break cut in two counts once', () => {
	const lexer = createTailLexer();
	for (const piece of ['a\r', '\nb\r\n', '\r\nc']) lexer.push(piece);
	expect(visible(lexer.pages.flat())).toEqual(visible(whole('a\nb\n\nc')));
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

test('a line break is no hidden character, a lone return is', () => {
	expect(showInvisible('a\tb\r\nc\rd\u001b[0m\u{e0041}')).toBe('a\tb\r\nc⟨U+000D⟩d⟨U+001B⟩[0m⟨U+E0041⟩');
});

test('a link that names another host than its own is told from one that does not', () => {
	expect(namesAnotherHost('https://bank.example/login', 'evil.example')).toBe(true);
	expect(namesAnotherHost('аррӏе.com', 'xn--80ak6aa92e.com')).toBe(false);
	expect(namesAnotherHost('apple.com', 'xn--80ak6aa92e.com')).toBe(true);
	expect(namesAnotherHost('example.org', 'www.example.org')).toBe(false);
	expect(namesAnotherHost('the manual', 'evil.example')).toBe(false);
});

interface Nested {
	readonly tokens?: readonly Nested[];
	readonly items?: readonly Nested[];
}
function depthOf(tokens: readonly Nested[]): number {
	let deepest = 0;
	const open: (readonly [readonly Nested[], number])[] = [[tokens, 1]];
	for (let next = open.pop(); next; next = open.pop()) {
		const [level, depth] = next;
		deepest = Math.max(deepest, depth);
		for (const { tokens: inside, items } of level) {
			if (inside) open.push([inside, depth + 1]);
			if (items) open.push([items, depth + 1]);
		}
	}
	return deepest;
}

const MANY = 10_000;
test.each([
	['quotes', '>'.repeat(MANY)],
	['lists', '- '.repeat(MANY)],
	['numbered lists', '1. '.repeat(MANY) + 'x'],
	['indented lists', Array.from({ length: 120 }, (_, i) => `${'  '.repeat(i)}- x`).join('\n')],
	['brackets', '['.repeat(MANY) + 'x' + '](y)'.repeat(MANY)],
	['emphasis', '**a *b '.repeat(400) + 'c* d**'.repeat(400)],
	['maths without end', '\\[a\n'.repeat(2000) + '$$b'.repeat(2000)]
])('%s without measure nest no deeper than can be shown, and no word is lost', (_, text) => {
	const tokens = whole(text);
	// A level of quotes or lists counts twice: once for itself and once for its items.
	expect(depthOf(tokens as readonly Nested[])).toBeLessThan(80);
	const words = (made: readonly Token[]): string => made.map(({ raw }) => raw.replace(/\s/g, '')).join('');
	expect(words(tokens)).toBe(text.replace(/\s/g, ''));
	const lexer = createTailLexer();
	for (let at = 0; at < text.length; at += 2997) lexer.push(text.slice(at, at + 2997));
	expect(words(lexer.pages.flat())).toBe(text.replace(/\s/g, ''));
});

test('maths over several lines ends a paragraph; an opening without an end does not', () => {
	expect(whole('Thus:\n$$\na\n+ b\n$$\nand so on').map(({ type }) => type)).toEqual([
		'paragraph',
		'maths',
		'paragraph'
	]);
	expect(whole('Thus:\n$$\na\nb').map(({ type }) => type)).toEqual(['paragraph']);
});

test('headings underlined with a long way to go are headings still', () => {
	const text = `${'a line of words\n'.repeat(40)}===\n\nafter`;
	expect(visible(whole(text)).length).toBe(2);
	expect(whole(text)[0]?.type).toBe('heading');
});
