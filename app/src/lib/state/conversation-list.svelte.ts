import type { ConversationId, OpId } from '@stemma/graph/op';
import type { Result } from '@stemma/graph/result';
import type { StoreError } from '@stemma/store/port';
import type { ConversationRow, Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import type { UndoHistory } from './undo.svelte.ts';

/** Case and accents do not matter when one looks for a title. */
const folded = (text: string): string =>
	text
		.normalize('NFD')
		.replace(/\p{Diacritic}/gu, '')
		.toLowerCase();

export const titleOf = (row: ConversationRow): string => row.title ?? row.preview ?? 'New conversation';

/** Pinned first, then newest. */
const byPlace = (a: ConversationRow, b: ConversationRow): number =>
	Number(b.pinned) - Number(a.pinned) || b.lastAt - a.lastAt;

export class ConversationList {
	rows = $state.raw<readonly ConversationRow[]>([]);
	query = $state('');
	showsHidden = $state(false);
	/** Conversations with this tag only. */
	tag = $state<string | null>(null);
	tagsByConversation = $state.raw<ReadonlyMap<ConversationId, readonly string[]>>(new Map());
	error = $state<string | null>(null);

	readonly found = $derived.by(() => {
		const words = folded(this.query)
			.split(/\s+/)
			.filter((word) => word !== '');
		return this.rows.filter((row) => {
			if (row.hidden !== this.showsHidden) return false;
			// An empty conversation is nothing to find yet.
			if (row.preview === null && row.title === null) return false;
			if (this.tag !== null && this.tagsByConversation.get(row.id)?.includes(this.tag) !== true) return false;
			if (words.length === 0) return true;
			const title = folded(titleOf(row));
			return words.every((word) => title.includes(word));
		});
	});
	readonly hiddenCount = $derived(this.rows.filter((row) => row.hidden).length);

	/** All tags of conversations, in the order of the alphabet. */
	readonly tags = $derived(
		[...new Set([...this.tagsByConversation.values()].flat())].toSorted((a, b) => a.localeCompare(b))
	);

	readonly #workspace: Workspace;
	readonly #history: UndoHistory;

	constructor(workspace: Workspace, history: UndoHistory) {
		this.#workspace = workspace;
		this.#history = history;
		workspace.onChange(({ tables, conversations = [] }) => {
			const isOne = conversations.length === 1 && !tables.includes('member') && !tables.includes('body');
			if (isOne && tables.includes('conv')) void this.#loadOne(conversations[0] ?? '');
			else if (tables.includes('conv') || tables.includes('member')) void this.load();
		});
	}

	async load(): Promise<void> {
		const [rows, tags] = await Promise.all([
			this.#workspace.conversations({ includeHidden: true }),
			this.#workspace.conversationTags()
		]);
		if (rows.ok) this.rows = rows.value;
		this.error = rows.ok ? null : rows.error.message;
		if (tags.ok) this.tagsByConversation = tags.value;
		// The last one that had it may have lost it.
		if (this.tag !== null && !this.tags.includes(this.tag)) this.tag = null;
	}

	/** One that was written in: the others, and there may be thousands, are as they were. */
	async #loadOne(id: ConversationId): Promise<void> {
		const row = await this.#workspace.conversation(id);
		if (!row.ok) return this.load();
		const others = this.rows.filter((other) => other.id !== id);
		this.rows = row.value === null ? others : [row.value, ...others].toSorted(byPlace);
	}

	row(id: ConversationId): ConversationRow | null {
		return this.rows.find((row) => row.id === id) ?? null;
	}

	/** An empty conversation to write in: the one that is there already, or a new one. */
	async blank(): Promise<ConversationId | null> {
		const empty = this.rows.find((row) => row.preview === null && row.title === null && !row.hidden);
		if (empty) return empty.id;
		const created = await this.#workspace.createConversation();
		return this.#orTell(created, 'The conversation could not be created.');
	}

	async rename(id: ConversationId, title: string): Promise<void> {
		this.#withUndo(await this.#workspace.rename(id, title), null);
	}

	async setPinned(id: ConversationId, pinned: boolean): Promise<void> {
		this.#withUndo(await this.#workspace.setPinned(id, pinned), null);
	}

	async setHidden(id: ConversationId, hidden: boolean): Promise<void> {
		this.#withUndo(
			await this.#workspace.setHidden(id, hidden),
			hidden ? 'Conversation hidden' : 'Conversation is back'
		);
	}

	#withUndo(done: Result<OpId, StoreError>, message: string | null): void {
		const op = this.#orTell(done, 'That was not saved.');
		if (op !== null && message !== null) this.#history.offer(message, op);
	}

	#orTell<T>(result: Result<T, StoreError>, sentence: string): T | null {
		if (result.ok) return result.value;
		toast.error(sentence, { description: result.error.message });
		return null;
	}
}
