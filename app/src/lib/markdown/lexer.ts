/** Markdown to tokens: marked's GFM lexer plus maths. Tokens are data; what is shown is decided by the renderer. */
import { Lexer, Marked, type Token, type TokensList } from 'marked';

export interface MathsToken {
	readonly type: 'maths';
	readonly raw: string;
	readonly tex: string;
	readonly display: boolean;
}

const DISPLAY = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])/;
/** A dollar is maths only with text tight inside both, and no digit behind: "$5 and $6" is money. */
const INLINE = /^(?:\$(?!\s)((?:[^$\\\n]|\\[^\n])+?)(?<!\s)\$(?!\d)|\\\(([^\n]+?)\\\))/;

const marked = new Marked({
	gfm: true,
	extensions: [
		{
			name: 'maths',
			level: 'block',
			start: (src) => /\$\$|\\\[/.exec(src)?.index,
			tokenizer(src) {
				const match = DISPLAY.exec(src);
				if (!match) return undefined;
				return { type: 'maths', raw: match[0], tex: match[1] ?? match[2] ?? '', display: true };
			}
		},
		{
			name: 'maths',
			level: 'inline',
			start: (src) => /\$|\\\(|\\\[/.exec(src)?.index,
			tokenizer(src) {
				const display = DISPLAY.exec(src);
				if (display)
					return { type: 'maths', raw: display[0], tex: display[1] ?? display[2] ?? '', display: true };
				const match = INLINE.exec(src);
				if (!match) return undefined;
				return { type: 'maths', raw: match[0], tex: match[1] ?? match[2] ?? '', display: false };
			}
		}
	]
});

export type LinkDefinitions = TokensList['links'];

/** @param links definitions known from earlier text; new ones are added */
export function lex(text: string, links: LinkDefinitions): readonly Token[] {
	const lexer = new Lexer(marked.defaults);
	Object.assign(lexer.tokens.links, links);
	const tokens = lexer.lex(text);
	Object.assign(links, lexer.tokens.links);
	return tokens;
}
