/** What is typed behind an @ to bring something of a linked folder into the message. */

export interface Mention {
	/** Where its @ is. */
	readonly from: number;
	/** Behind its last character. */
	readonly to: number;
	/** Without the @. */
	readonly query: string;
}

export interface LineRange {
	readonly first: number;
	readonly last: number;
}

export interface MentionQuery {
	/** What is looked for. */
	readonly words: string;
	/** Which lines of the file are meant; null for all. */
	readonly lines: LineRange | null;
}

/** Longer ones are no query. */
const MOST_CHARS = 256;
/** Where a word can start; an address has its @ within one. */
const AT = /(?:^|[\s([{"'])@([^\s@]*)$/u;
const LINES = /^(?<words>.+?):(?<first>\d*)(?:-(?<last>\d*))?$/su;

/** The mention that ends at the caret, or null. */
export function mentionAt(text: string, caret: number): Mention | null {
	const before = text.slice(Math.max(0, caret - MOST_CHARS), caret);
	const query = AT.exec(before)?.[1];
	return query === undefined ? null : { from: caret - query.length - 1, to: caret, query };
}

/** `path:10-40` means lines; they are typed one after the other, so half of it counts as well. */
export function parseMention(query: string): MentionQuery {
	const { words, first, last } = LINES.exec(query)?.groups ?? {};
	if (words === undefined) return { words: query, lines: null };
	const from = Number(first);
	if (from < 1) return { words, lines: null };
	const to = last === undefined || last === '' ? from : Number(last);
	return { words, lines: { first: Math.min(from, Math.max(1, to)), last: Math.max(from, to) } };
}

/** The text without the mention, and where the caret is then. Two spaces do not stay where one was meant. */
export function withoutMention(
	text: string,
	{ from, to }: Mention
): { readonly text: string; readonly caret: number } {
	const isBetweenSpaces = text[from - 1] === ' ' && text[to] === ' ';
	return { text: text.slice(0, from) + text.slice(isBetweenSpaces ? to + 1 : to), caret: from };
}

/** The lines of a text, and those that there are; null when it has none of them. */
export function linesOf(
	text: string,
	{ first, last }: LineRange
): { readonly text: string; readonly lines: LineRange } | null {
	const lines = text.split(/(?<=\n)/);
	if (first > lines.length) return null;
	return {
		text: lines.slice(first - 1, last).join(''),
		lines: { first, last: Math.min(last, lines.length) }
	};
}

export const lineName = ({ first, last }: LineRange): string =>
	first === last ? `:${first}` : `:${first}-${last}`;
