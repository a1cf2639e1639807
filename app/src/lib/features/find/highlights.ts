/** Marks words in messages without touching them: ranges for the browser to paint, found anew whenever the page changes. */
import { occurrences, type FindTerm } from '@stemma/graph/find-text';
import type { NodeId } from '@stemma/graph/node';

const ALL = 'find';
const CURRENT = 'find-current';
const BLOCKS = 'p, li, h1, h2, h3, h4, h5, h6, pre, td, th, blockquote, figcaption';
/** Of a message, what is no text of it. */
const FRAME = 'header, footer, button, textarea, summary, .sr-only';
const MARGIN_PX = 60;

export interface Highlights {
	/** Looks for these from now on. `at` is the occurrence one is at: counted from the end of its message if negative. */
	show(terms: readonly FindTerm[], at: { readonly node: NodeId; readonly occurrence: number } | null): void;
	count(node: NodeId): number;
	close(): void;
}

export function createHighlights(feed: HTMLElement): Highlights {
	let terms: readonly FindTerm[] = [];
	let at: { readonly node: NodeId; readonly occurrence: number } | null = null;
	/** What was brought into view: once, so that the reader may scroll away. */
	let revealed: object | null = null;
	let frame = 0;

	const paint = (): void => {
		frame = 0;
		const all: Range[] = [];
		let current: Range | undefined;
		for (const article of feed.querySelectorAll<HTMLElement>('article[data-node]')) {
			const ranges = rangesIn(article, terms);
			all.push(...ranges);
			if (at !== null && article.dataset['node'] === at.node) current = ranges.at(at.occurrence);
		}
		CSS.highlights.set(ALL, new Highlight(...all.filter((range) => range !== current)));
		CSS.highlights.set(CURRENT, current ? new Highlight(current) : new Highlight());
		if (current && revealed !== at) {
			revealed = at;
			reveal(feed, current);
		}
	};
	const observer = new MutationObserver(() => {
		frame ||= requestAnimationFrame(paint);
	});
	observer.observe(feed, { childList: true, subtree: true, characterData: true });

	return {
		show(wanted, where) {
			terms = wanted;
			at = where;
			frame ||= requestAnimationFrame(paint);
		},
		count(node) {
			const article = feed.querySelector<HTMLElement>(`article[data-node="${CSS.escape(node)}"]`);
			return article ? rangesIn(article, terms).length : 0;
		},
		close() {
			observer.disconnect();
			cancelAnimationFrame(frame);
			CSS.highlights.delete(ALL);
			CSS.highlights.delete(CURRENT);
		}
	};
}

function reveal(feed: HTMLElement, range: Range): void {
	const box = range.getBoundingClientRect();
	const view = feed.getBoundingClientRect();
	if (box.top < view.top + MARGIN_PX || box.bottom > view.bottom - MARGIN_PX)
		feed.scrollTop += box.top - view.top - view.height / 2;
}

/** Words may go through several elements of one block, never from block to block. */
function rangesIn(article: HTMLElement, terms: readonly FindTerm[]): readonly Range[] {
	if (terms.length === 0) return [];
	const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT, (node) =>
		node.parentElement?.closest(FRAME) == null ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT
	);
	const blocks: { readonly element: Element | null; readonly nodes: Text[] }[] = [];
	for (let node = walker.nextNode(); node instanceof Text; node = walker.nextNode()) {
		const element = node.parentElement?.closest(BLOCKS) ?? null;
		const last = blocks.at(-1);
		if (last?.element === element) last.nodes.push(node);
		else blocks.push({ element, nodes: [node] });
	}
	return blocks.flatMap(({ nodes }) =>
		occurrences(nodes.map(({ data }) => data).join(''), terms).map(({ from, to }) => {
			const range = new Range();
			range.setStart(...pointAt(nodes, from));
			range.setEnd(...pointAt(nodes, to));
			return range;
		})
	);
}

function pointAt(nodes: readonly Text[], offset: number): [Text, number] {
	let left = offset;
	for (const node of nodes) {
		if (left <= node.length) return [node, left];
		left -= node.length;
	}
	throw new RangeError('beyond the end of the block');
}
