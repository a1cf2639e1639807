/** Words looked for in all conversations: the newest messages that have them. */
import { findTerms, occurrences, type FindTerm } from '@stemma/graph/find-text';
import type { MessageHit } from '@stemma/store/workspace/finding';
import type { Workspace } from '@stemma/store/workspace/workspace';

/** A stretch of a message around the first of the words. */
export interface Excerpt {
	readonly text: string;
	readonly isWord: boolean;
}

export interface FoundMessage extends Omit<MessageHit, 'text'> {
	readonly excerpt: readonly Excerpt[];
}

const MOST = 40;
const WAIT_MS = 120;
const BEFORE = 28;
const LENGTH = 150;

export class MessageSearch {
	found = $state.raw<readonly FoundMessage[]>([]);
	/** What `found` answers. */
	answered = $state('');
	readonly #workspace: Workspace;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#newest = 0;

	constructor(workspace: Workspace) {
		this.#workspace = workspace;
	}

	/** Once typing pauses; the newest question wins. */
	ask(query: string, hidden: boolean): void {
		clearTimeout(this.#timer);
		const turn = ++this.#newest;
		this.#timer = setTimeout(
			() => {
				void this.#workspace.searchMessages(query, MOST, { hidden }).then((hits) => {
					if (turn !== this.#newest) return;
					const terms = findTerms(query, 'words');
					this.answered = query;
					this.found = hits.ok
						? hits.value.map(({ text, ...hit }) => ({ ...hit, excerpt: excerptOf(text, terms) }))
						: [];
				});
			},
			query === '' ? 0 : WAIT_MS
		);
	}
}

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
