/** A little of a message, around the words that were looked for. */
import { occurrences, type FindTerm } from '@stemma/graph/find-text';

/** A stretch of a message around the first of the words. */
export interface Excerpt {
	readonly text: string;
	readonly isWord: boolean;
}

const BEFORE = 28;
const LENGTH = 150;

export function excerptOf(text: string, terms: readonly FindTerm[]): readonly Excerpt[] {
	const spans = occurrences(text, terms);
	const first = spans[0]?.from ?? 0;
	const start = first <= BEFORE ? 0 : first - BEFORE;
	const end = Math.min(text.length, start + LENGTH);
	const excerpt: Excerpt[] = [];
	let at = start;
	const add = (to: number, isWord: boolean): void => {
		const words = text.slice(at, to).toWellFormed().replace(/\s+/g, ' ');
		if (words !== '') excerpt.push({ text: words, isWord });
		at = to;
	};
	if (start > 0) excerpt.push({ text: '…', isWord: false });
	for (const { from, to } of spans) {
		if (from >= end) break;
		add(from, false);
		add(Math.min(to, end), true);
	}
	add(end, false);
	if (end < text.length) excerpt.push({ text: '…', isWord: false });
	return excerpt;
}
