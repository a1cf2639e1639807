/** What one says about the messages of one conversation: tags, roles, pins, exclusions, hidden ones. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId, OpId } from '@stemma/graph/op';
import { partsToText } from '@stemma/graph/render';
import type { Result } from '@stemma/graph/result';
import { tagName } from '@stemma/graph/tag-name';
import type { StoreError } from '@stemma/store/port';
import type { MarkSet, NodeMarks } from '@stemma/store/workspace/marks';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import { SvelteSet } from 'svelte/reactivity';
import type { UndoHistory } from './undo.svelte.ts';

/** Offered before anybody has made one up. */
export const ROLES = ['decision', 'question', 'plan', 'result', 'idea', 'constraint'] as const;

export interface Pin {
	readonly node: NodeId;
	readonly line: string;
}

const NONE: NodeMarks = { tags: [], roles: [], isHidden: false };

export class Marks {
	pins = $state.raw<readonly Pin[]>([]);
	tags = $state.raw<readonly string[]>([]);
	/** Hidden messages that are looked at all the same. */
	readonly opened = new SvelteSet<NodeId>();
	readonly close: () => void;
	#excluded = $state.raw<ReadonlySet<NodeId>>(new Set());
	#byNode = $state.raw<ReadonlyMap<NodeId, NodeMarks>>(new Map());
	readonly #pinned = $derived(new Set(this.pins.map(({ node }) => node)));
	readonly #workspace: Workspace;
	readonly #history: UndoHistory;
	readonly #id: ConversationId;
	/** Those on screen. */
	#nodes: readonly NodeId[] = [];

	constructor(workspace: Workspace, history: UndoHistory, id: ConversationId) {
		this.#workspace = workspace;
		this.#history = history;
		this.#id = id;
		this.close = workspace.onChange(({ tables, conversations }) => {
			if (!tables.includes('member') && !tables.includes('database')) return;
			if (conversations === undefined || conversations.length === 0 || conversations.includes(id))
				void this.load();
			void this.#read(this.#nodes, true);
		});
	}

	of(node: NodeId): NodeMarks {
		return this.#byNode.get(node) ?? NONE;
	}
	isPinned(node: NodeId): boolean {
		return this.#pinned.has(node);
	}
	isExcluded(node: NodeId): boolean {
		return this.#excluded.has(node);
	}

	async load(): Promise<void> {
		const marks = await this.#workspace.conversationMarks(this.#id);
		if (!marks.ok) return;
		const pins: Pin[] = [];
		for (const node of marks.value.pins) {
			const row = await this.#workspace.node(node);
			if (!row.ok || !row.value) continue;
			const text = partsToText(row.value.body?.parts ?? []).trim();
			pins.push({ node, line: text.split('\n', 1)[0] ?? '' });
		}
		this.tags = marks.value.tags;
		this.pins = pins;
		this.#excluded = new Set(marks.value.excluded);
	}

	/** Reads the marks of the messages that are in memory. */
	async look(nodes: readonly NodeId[]): Promise<void> {
		const known = new Set(this.#nodes);
		this.#nodes = nodes;
		const added = nodes.filter((node) => !known.has(node));
		if (added.length > 0) await this.#read(added, false);
	}

	async #read(nodes: readonly NodeId[], isAll: boolean): Promise<void> {
		const marks = await this.#workspace.nodeMarks(nodes);
		if (marks.ok) this.#byNode = new Map([...(isAll ? [] : this.#byNode), ...marks.value]);
	}

	async inUse(name: 'tag' | 'role'): Promise<readonly string[]> {
		const used = await this.#workspace.marksInUse(name);
		return used.ok ? used.value : [];
	}

	/** @param node null for the conversation itself. @returns whether there was anything to add */
	async add(node: NodeId | null, name: 'tag' | 'role', text: string): Promise<boolean> {
		const value = tagName(text);
		if (value === null) return false;
		this.#orTell(await this.#workspace.mark(this.#setOf(node, name), value));
		return true;
	}
	async remove(node: NodeId | null, name: 'tag' | 'role', value: string): Promise<void> {
		this.#orTell(await this.#workspace.unmark(this.#setOf(node, name), value));
	}

	async setPinned(node: NodeId, isPinned: boolean): Promise<void> {
		const op = await this.#member('pin', node, isPinned);
		if (op !== null)
			this.#history.offer(
				isPinned ? 'Pinned' : 'No longer pinned',
				op,
				isPinned ? 'Sent with every request of this conversation.' : undefined
			);
	}
	async setExcluded(node: NodeId, isExcluded: boolean): Promise<void> {
		const op = await this.#member('exclude', node, isExcluded);
		if (op !== null) this.#history.offer(isExcluded ? 'Left out of the next requests' : 'Sent again', op);
	}
	async setHidden(node: NodeId, isHidden: boolean): Promise<void> {
		const op = this.#orTell(await this.#workspace.hideNode(node, isHidden));
		if (op !== null)
			this.#history.offer(
				isHidden ? 'Message hidden' : 'Message is back',
				op,
				isHidden ? 'From view only: models still read it.' : undefined
			);
	}

	async #member(name: 'pin' | 'exclude', node: NodeId, isIn: boolean): Promise<OpId | null> {
		const set: MarkSet = { entity: 'conversation', id: this.#id, name };
		return this.#orTell(await (isIn ? this.#workspace.mark(set, node) : this.#workspace.unmark(set, node)));
	}

	#setOf(node: NodeId | null, name: 'tag' | 'role'): MarkSet {
		return node === null
			? { entity: 'conversation', id: this.#id, name: 'tag' }
			: { entity: 'node', id: node, name };
	}

	#orTell<T>(result: Result<T, StoreError>): T | null {
		if (result.ok) return result.value;
		toast.error('That was not saved.', { description: result.error.message });
		return null;
	}
}
