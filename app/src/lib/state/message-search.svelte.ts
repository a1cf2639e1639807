/** Words looked for in all conversations: the newest messages that have them. */
import { findTerms } from '@stemma/graph/find-text';
import type { MessageHit } from '@stemma/store/workspace/finding';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { excerptOf, type Excerpt } from './excerpt.ts';

export interface FoundMessage extends Omit<MessageHit, 'text'> {
	readonly excerpt: readonly Excerpt[];
}

const MOST = 40;
const WAIT_MS = 120;

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
