/**
 * Markdown that is still being written. Blocks that can no longer change are lexed once and kept;
 * only the last two, which a further line may still turn into something else, are lexed again.
 */
import type { Token } from 'marked';
import { lex, type LinkDefinitions } from './lexer.ts';

const HELD_BACK = 2;
/** Blocks a page. Whoever shows them looks at as many pages, not at as many blocks, when one is added. */
const PAGE = 32;
/** An end longer than this is lexed again only once it has grown by a share of itself; till then, what came is plain. */
const LONG_TAIL = 8000;
const GROWTH = 1 / 32;

type Page = readonly Token[];

export interface TailLexer {
	/** Never change again; only grow. A page that is full stays the same array. */
	readonly stable: readonly Page[];
	/** The live end. */
	readonly tail: readonly Token[];
	push(text: string): void;
}

interface OpenFence {
	readonly closing: RegExp;
	/** Where the last line that was searched begins. */
	searched: number;
}

export function createTailLexer(): TailLexer {
	const links: LinkDefinitions = Object.create(null) as LinkDefinitions;
	let stable: readonly Page[] = [];
	let tail: readonly Token[] = [];
	/** What is not stable yet. */
	let source = '';
	/** The end as it was lexed last, and how much of the source that was. */
	let lexed: readonly Token[] = [];
	let lexedLength = 0;
	let fence: OpenFence | null = null;
	let heldReturn = '';

	const relex = (): void => {
		const tokens = lex(source, links);
		let blocks = 0;
		let cut = tokens.length;
		while (cut > 0 && blocks < HELD_BACK) {
			cut--;
			if (tokens[cut]?.type !== 'space') blocks++;
		}
		if (blocks < HELD_BACK) cut = 0;
		if (cut > 0) {
			const done = tokens.slice(0, cut);
			stable = withMore(stable, done);
			source = source.slice(done.reduce((length, token) => length + token.raw.length, 0));
		}
		tail = lexed = tokens.slice(cut);
		lexedLength = source.length;
		fence = openFence(source, tail);
	};

	return {
		get stable() {
			return stable;
		},
		get tail() {
			return tail;
		},
		push(text) {
			// marked counts in \n only; a \r at the end may be half of a line break.
			const whole = heldReturn + text;
			heldReturn = whole.endsWith('\r') ? '\r' : '';
			const added = (heldReturn === '' ? whole : whole.slice(0, -1)).replace(/\r\n?/g, '\n');
			if (added === '') return;
			source += added;
			const last = tail.at(-1);
			if (fence && last?.type === 'code') {
				const fresh = source.slice(fence.searched);
				if (!fence.closing.test(fresh)) {
					fence.searched += fresh.lastIndexOf('\n') + 1;
					tail = lexed = [
						...tail.slice(0, -1),
						{ ...last, raw: last.raw + added, text: `${String(last['text'])}${added}` }
					];
					lexedLength = source.length;
					return;
				}
			}
			const fresh = source.slice(lexedLength);
			if (source.length > LONG_TAIL && fresh.length < source.length * GROWTH) {
				tail = [...lexed, { type: 'text', raw: fresh, text: fresh }];
			} else relex();
		}
	};
}

function withMore(pages: readonly Page[], tokens: readonly Token[]): readonly Page[] {
	const last = pages.at(-1) ?? [];
	const isFull = last.length >= PAGE;
	return isFull ? [...pages, tokens] : [...pages.slice(0, -1), [...last, ...tokens]];
}

/** Inside an unclosed code fence nothing but its closing line means anything. */
function openFence(source: string, tail: readonly Token[]): OpenFence | null {
	const last = tail.at(-1);
	if (last?.type !== 'code') return null;
	const opening = /^ {0,3}(`{3,}|~{3,})[^\n]*\n/.exec(last.raw);
	const marker = opening?.[1];
	if (marker === undefined || opening === null) return null;
	const closing = new RegExp(`^ {0,3}${marker[0] === '`' ? '`' : '~'}{${marker.length},} *$`, 'm');
	if (closing.test(last.raw.slice(opening[0].length))) return null;
	return { closing, searched: source.lastIndexOf('\n') + 1 };
}
