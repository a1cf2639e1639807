/** Markdown to tokens: marked's GFM lexer plus maths. Tokens are data; what is shown is decided by the renderer. */
import { Lexer, Marked, type Token, type TokensList } from 'marked';

export interface MathsToken {
	readonly type: 'maths';
	readonly raw: string;
	readonly tex: string;
	readonly display: boolean;
}

/** What is nested deeper is shown as it was written: nobody reads it, and every level costs stack and time. */
const DEEPEST = 24;
/** A paragraph without an end has no markup: the search for it grows faster than the text. */
const LONGEST_PARAGRAPH = 10_000;

/** A dollar is maths only with text tight inside both, and no digit behind: "$5 and $6" is money. */
const INLINE = /^(?:\$(?!\s)((?:[^$\\\n]|\\[^\n])+?)(?<!\s)\$(?!\d)|\\\(([^\n]+?)\\\))/;
const OPENS_LINE = /(?<=\n {0,3})(?:\$\$|\\\[)/;
const CLOSING: Readonly<Record<string, string>> = { $$: '$$', '\\[': '\\]' };
const SETEXT = /\n {0,3}(?:=+|-+) *(?:\n|$)/;
const BLANK = /\n[ \t]*\n/;

/** Maths set off from the text, at the beginning of it. */
function displayMaths(src: string): MathsToken | undefined {
	const closing = CLOSING[src.slice(0, 2)];
	const end = closing === undefined ? -1 : src.indexOf(closing, 3);
	if (end < 0) return undefined;
	return { type: 'maths', raw: src.slice(0, end + 2), tex: src.slice(2, end), display: true };
}

const marked = new Marked({
	gfm: true,
	tokenizer: {
		// marked tries this at every character, and all over again where maths cuts a paragraph short.
		lheading(src) {
			const end = src.search(BLANK);
			return SETEXT.test(end < 0 ? src : src.slice(0, end + 1)) ? false : undefined;
		}
	},
	extensions: [
		{
			name: 'maths',
			level: 'block',
			/** It ends a paragraph only where it opens a line, and only if it is closed. */
			start(src) {
				const opening = OPENS_LINE.exec(src);
				const closing = CLOSING[opening?.[0] ?? ''] ?? '';
				return opening && src.lastIndexOf(closing) > opening.index + 2 ? opening.index : undefined;
			},
			tokenizer: displayMaths
		},
		{
			name: 'maths',
			level: 'inline',
			start: (src) => /\$|\\\(|\\\[/.exec(src)?.index,
			tokenizer(src): MathsToken | undefined {
				const display = displayMaths(src);
				if (display) return display;
				const match = INLINE.exec(src);
				if (!match) return undefined;
				return { type: 'maths', raw: match[0], tex: match[1] ?? match[2] ?? '', display: false };
			}
		}
	]
});

/** Text of a model is hostile: whatever it is, it takes little stack and time that grows with its length. */
class BoundedLexer extends Lexer {
	#depth = 0;

	override blockTokens(src: string, tokens?: Token[], isClipped?: boolean): Token[];
	override blockTokens(src: string, tokens?: TokensList, isClipped?: boolean): TokensList;
	override blockTokens(src: string, tokens: Token[] = [], isClipped?: boolean): Token[] {
		return this.#isTooDeep(src, tokens) ?? this.#below(() => super.blockTokens(src, tokens, isClipped));
	}

	override inlineTokens(src: string, tokens: Token[] = []): Token[] {
		if (src.length > LONGEST_PARAGRAPH) return plain(src, tokens);
		return this.#isTooDeep(src, tokens) ?? this.#below(() => super.inlineTokens(src, tokens));
	}

	#isTooDeep(src: string, tokens: Token[]): Token[] | null {
		return this.#depth >= DEEPEST ? plain(src, tokens) : null;
	}

	#below<T>(lexInside: () => T): T {
		this.#depth++;
		const inside = lexInside();
		this.#depth--;
		return inside;
	}
}

function plain(src: string, tokens: Token[]): Token[] {
	tokens.push({ type: 'text', raw: src, text: src, escaped: false });
	return tokens;
}

export type LinkDefinitions = TokensList['links'];

/** @param links definitions known from earlier text; new ones are added */
export function lex(text: string, links: LinkDefinitions): readonly Token[] {
	const lexer = new BoundedLexer(marked.defaults);
	Object.assign(lexer.tokens.links, links);
	const tokens = lexer.lex(text);
	Object.assign(links, lexer.tokens.links);
	return tokens;
}
