/** A passage looked for in one conversation: which messages have it, and where one is among them. */
import { findTerms, type FindTerm } from '@stemma/graph/find-text';
import type { NodeId } from '@stemma/graph/node';
import { StoreFailure } from '@stemma/store/port';
import type { FindHit } from '@stemma/store/workspace/finding';
import type { Workspace } from '@stemma/store/workspace/workspace';
import type { Conversation } from './conversation.svelte.ts';

export type FindScope = 'path' | 'all';

/** Nobody steps through more. */
const MOST_HITS = 10_000;

/** Messages run from the newest to the oldest, so that those still to come change no number. */
export class Find {
	isOpen = $state(false);
	query = $state('');
	scope = $state<FindScope>('path');
	hits = $state.raw<readonly FindHit[]>([]);
	isSearching = $state(false);
	hasMore = $state(false);
	error = $state<string | null>(null);
	/** Index of the hit one is at, -1 before the first. */
	at = $state(-1);
	/** Which occurrence in the message, from its end if negative. */
	occurrence = $state(-1);
	/** Told when another branch had to be shown. */
	note = $state('');

	readonly terms = $derived<readonly FindTerm[]>(findTerms(this.query, 'phrase'));
	readonly current = $derived<NodeId | null>(this.hits[this.at]?.node ?? null);

	readonly #workspace: Workspace;
	readonly #conversation: Conversation;
	#controller = new AbortController();

	constructor(workspace: Workspace, conversation: Conversation) {
		this.#workspace = workspace;
		this.#conversation = conversation;
	}

	close(): void {
		this.#controller.abort();
		this.isOpen = false;
		this.isSearching = false;
		this.note = '';
	}

	/**
	 * The newest search wins.
	 *
	 * @param stays the same question to a path that has changed: one stays where one is
	 */
	async search(stays = false): Promise<void> {
		this.#controller.abort();
		const controller = new AbortController();
		this.#controller = controller;
		const { signal } = controller;
		const kept = stays ? this.current : null;
		this.hits = [];
		this.at = -1;
		if (!stays) this.note = '';
		this.error = null;
		this.hasMore = false;
		const { leaf, id } = this.#conversation;
		if (this.terms.length === 0 || leaf === null) {
			this.isSearching = false;
			return;
		}
		this.isSearching = true;
		const scope = this.scope;
		try {
			const options = scope === 'path' ? { leaf, signal } : { signal };
			for await (const more of this.#workspace.find(id, this.query, options)) {
				if (signal.aborted) return;
				this.hits = [...this.hits, ...more];
				if (kept !== null) this.at = this.hits.findIndex(({ node }) => node === kept);
				else if (this.at < 0 && scope === 'path' && !stays) void this.#goTo(0, -1);
				if (this.hits.length < MOST_HITS) continue;
				this.hasMore = true;
				break;
			}
		} catch (thrown) {
			if (!(thrown instanceof StoreFailure)) throw thrown;
			if (!signal.aborted) this.error = thrown.error.message;
		}
		if (!signal.aborted) this.isSearching = false;
	}

	/**
	 * To the occurrence before (-1, up) or after (1, down) the present one, around the ends.
	 *
	 * @param count how many occurrences the present message shows
	 */
	async step(by: -1 | 1, count: number): Promise<void> {
		const { length } = this.hits;
		if (length === 0) return;
		if (this.at < 0) return this.#goTo(0, by === -1 ? -1 : 0);
		const inner = (this.occurrence < 0 ? count + this.occurrence : this.occurrence) + by;
		if (inner >= 0 && inner < count) this.occurrence = inner;
		else await this.#goTo((this.at - by + length) % length, by === -1 ? -1 : 0);
	}

	async #goTo(at: number, occurrence: number): Promise<void> {
		const hit = this.hits[at];
		if (!hit) return;
		this.at = at;
		this.occurrence = occurrence;
		this.note = '';
		const { ref } = this.#conversation;
		const hasSwitched = await this.#conversation.reveal(hit.node);
		if (!hasSwitched || this.hits[this.at] !== hit) return;
		const branch = this.#conversation.ref;
		this.note = branch === null || branch === ref ? 'On another branch' : `On ${branch}`;
	}
}
