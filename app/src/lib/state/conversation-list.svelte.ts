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

/** What conversations are found by beside their words. */
export interface ListMark {
	readonly kind: 'tag' | 'role';
	readonly value: string;
}

export class ConversationList {
	rows = $state.raw<readonly ConversationRow[]>([]);
	query = $state('');
	showsHidden = $state(false);
	/** Only conversations with this tag, or with a message of this role. */
	only = $state.raw<ListMark | null>(null);
	#tags = $state.raw<ReadonlyMap<ConversationId, readonly string[]>>(new Map());
	#roles = $state.raw<ReadonlyMap<ConversationId, readonly string[]>>(new Map());
	error = $state<string | null>(null);

	readonly found = $derived.by(() => {
		const words = folded(this.query)
			.split(/\s+/)
			.filter((word) => word !== '');
		return this.rows.filter((row) => {
			if (row.hidden !== this.showsHidden) return false;
			// An empty conversation is nothing to find yet.
			if (row.preview === null && row.title === null) return false;
			const { only } = this;
			if (only && this.#marksOf(only.kind).get(row.id)?.includes(only.value) !== true) return false;
			if (words.length === 0) return true;
			const title = folded(titleOf(row));
			return words.every((word) => title.includes(word));
		});
	});
	readonly hiddenCount = $derived(this.rows.filter((row) => row.hidden).length);

	/** All tags of conversations, then all roles of their messages, each in the order of the alphabet. */
	readonly marks = $derived(
		(['tag', 'role'] as const).flatMap((kind) =>
			[...new Set([...this.#marksOf(kind).values()].flat())]
				.toSorted((a, b) => a.localeCompare(b))
				.map((value): ListMark => ({ kind, value }))
		)
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
		const reading = this.#workspace.conversations({ includeHidden: true });
		const marks = Promise.all([this.#workspace.conversationTags(), this.#workspace.conversationRoles()]);
		const rows = await reading;
		// Not when the marks are there, too: by then one of them may have been read anew on its own.
		if (rows.ok) this.rows = rows.value;
		this.error = rows.ok ? null : rows.error.message;
		const [tags, roles] = await marks;
		if (tags.ok) this.#tags = tags.value;
		if (roles.ok) this.#roles = roles.value;
		// The last one that had it may have lost it.
		if (!this.marks.some((mark) => this.isOnly(mark))) this.only = null;
	}

	isOnly({ kind, value }: ListMark): boolean {
		return this.only?.kind === kind && this.only.value === value;
	}

	#marksOf(kind: ListMark['kind']): ReadonlyMap<ConversationId, readonly string[]> {
		return kind === 'tag' ? this.#tags : this.#roles;
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
