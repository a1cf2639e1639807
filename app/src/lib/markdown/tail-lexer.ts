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
	/** All blocks. One keeps its place for ever; a page that is full of stable ones stays the same array. */
	readonly pages: readonly Page[];
	/** Blocks at the start that never change again. */
	readonly stable: number;
	push(text: string): void;
}

interface OpenFence {
	readonly closing: RegExp;
	/** Where the last line that was searched begins. */
	searched: number;
}

export function createTailLexer(): TailLexer {
	const links: LinkDefinitions = Object.create(null) as LinkDefinitions;
	let done: readonly Page[] = [];
	/** Stable ones that do not fill a page yet. */
	let open: Page = [];
	let tail: Page = [];
	let pages: readonly Page[] = [];
	/** What is not stable yet. */
	let source = '';
	/** The end as it was lexed last, and how much of the source that was. */
	let lexed: Page = [];
	let lexedLength = 0;
	let fence: OpenFence | null = null;
	let heldReturn = '';

	const relex = (): void => {
		const knownLinks = Object.keys(links).length;
		const made = lex(source, links);
		// Nobody has to look again at a block that is as it was. A link that is known only now may be in any.
		const former = Object.keys(links).length === knownLinks ? lexed : [];
		const tokens = made.map((token, i) => {
			const before = former[i];
			return before?.type === token.type && before.raw === token.raw ? before : token;
		});
		let blocks = 0;
		let cut = tokens.length;
		while (cut > 0 && blocks < HELD_BACK) {
			cut--;
			if (tokens[cut]?.type !== 'space') blocks++;
		}
		if (blocks < HELD_BACK) cut = 0;
		const settled = tokens.slice(0, cut);
		source = source.slice(settled.reduce((length, { raw }) => length + raw.length, 0));
		const held = [...open, ...settled];
		const full = held.length - (held.length % PAGE);
		if (full > 0) done = [...done, ...inPages(held.slice(0, full))];
		open = held.slice(full);
		tail = lexed = tokens.slice(cut);
		lexedLength = source.length;
		fence = openFence(source, tail);
	};

	const take = (added: string): void => {
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
	};

	return {
		get pages() {
			return pages;
		},
		get stable() {
			return done.length * PAGE + open.length;
		},
		push(text) {
			// marked counts in \n only; a \r at the end may be half of a line break.
			const whole = heldReturn + text;
			heldReturn = whole.endsWith('\r') ? '\r' : '';
			const added = (heldReturn === '' ? whole : whole.slice(0, -1)).replace(/\r\n?/g, '\n');
			if (added === '') return;
			take(added);
			pages = [...done, ...inPages([...open, ...tail])];
		}
	};
}

function inPages(tokens: Page): readonly Page[] {
	const count = Math.ceil(tokens.length / PAGE);
	return Array.from({ length: count }, (_, i) => tokens.slice(i * PAGE, (i + 1) * PAGE));
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
