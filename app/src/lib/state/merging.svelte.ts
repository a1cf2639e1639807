/** A merge while it is put together: what was taken from where, and what becomes of it. */
import { mergeRequest, planMerge, reconcile, type Passage } from '@stemma/graph/merge-plan';
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { NodeRow, RunRow } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import type { Aligned } from './alignment.svelte.ts';
import type { Desk } from './app-state.svelte.ts';
import { ask } from './asking.ts';
import { passagesIn, readColumns, type Column, type ColumnsProblem } from './columns.ts';
import type { LiveRun } from './run-registry.svelte.ts';

const isSame = (a: Passage, b: Passage): boolean => a.node === b.node && a.from === b.from;

export class Merging {
	columns = $state.raw<readonly Column[]>([]);
	common = $state.raw<NodeRow | null>(null);
	problem = $state<ColumnsProblem | null>(null);
	isLoaded = $state(false);
	/** In the order in which they will stand. */
	picked = $state.raw<readonly Passage[]>([]);
	/** A model was asked to write it and there is nothing. */
	failure = $state.raw<RunRow | null>(null);
	#behind = $state.raw<ReadonlySet<NodeId>>(new Set());

	readonly plan = $derived(
		planMerge(
			this.columns.flatMap(({ tip }) => tip ?? []),
			this.#behind,
			this.picked
		)
	);
	/** A model that writes it. */
	readonly live = $derived.by((): LiveRun | null => {
		const parent = this.#parents[0];
		return parent === undefined
			? null
			: (this.#desk.runs.at(parent).find(({ row }) => row.merges.length > 0) ?? null);
	});
	/** The version that the others were made of by editing, as the place of its column. */
	readonly base = $derived.by((): number | null => {
		const tips = this.columns.flatMap(({ tip }) => tip ?? []);
		const at = tips.findIndex(({ id }) =>
			tips.every((tip) => tip.id === id || tip.links.some((link) => link.target === id))
		);
		return at < 0 || tips.length < 3 ? null : at;
	});
	readonly #parents = $derived(this.columns.map(({ key }) => key).filter((id) => !this.#behind.has(id)));

	readonly #desk: Desk;
	readonly #conversation: ConversationId;
	readonly #onMade: (node: NodeId) => void;
	readonly close: () => void;

	/** @param onMade told of the new message */
	constructor(desk: Desk, conversation: ConversationId, onMade: (node: NodeId) => void) {
		this.#desk = desk;
		this.#conversation = conversation;
		this.#onMade = onMade;
		this.close = desk.runs.onEnded((run) => {
			if (run.merges.length === 0 || run.parent !== this.#parents[0]) return Promise.resolve();
			if (run.node === null) this.failure = run;
			else onMade(run.node);
			return Promise.resolve();
		});
	}

	async load(nodes: readonly NodeId[]): Promise<void> {
		const read = await readColumns(this.#desk.workspace, this.#conversation, nodes);
		if (read.ok) {
			this.columns = read.value.columns;
			this.common = read.value.common;
			this.#behind = new Set(read.value.relation.behind);
		} else this.problem = read.error;
		this.isLoaded = true;
	}

	isPicked(passage: Passage): boolean {
		return this.picked.some((other) => isSame(other, passage));
	}

	toggle(passage: Passage): void {
		this.picked = this.isPicked(passage)
			? this.picked.filter((other) => !isSame(other, passage))
			: [...this.picked, passage];
	}

	/** All of a column, or none of it when all is taken. */
	toggleAll(column: Column): void {
		const all = passagesIn(column).flat();
		const missing = all.filter((passage) => !this.isPicked(passage));
		this.picked =
			missing.length > 0
				? [...this.picked, ...missing]
				: this.picked.filter((passage) => !all.some((other) => isSame(other, passage)));
	}

	/** Moves a passage one place up or down. */
	move(at: number, by: -1 | 1): void {
		const picked = [...this.picked];
		const [passage] = picked.splice(at, 1);
		if (!passage || at + by < 0 || at + by > picked.length) return;
		picked.splice(at + by, 0, passage);
		this.picked = picked;
	}

	/**
	 * Takes what the versions made of their base, row by row.
	 *
	 * @returns how many rows were changed in more than one way, and are left to the reader
	 */
	takeChanges({ sections, passages }: Aligned, base: number): number {
		const picked: Passage[] = [];
		let conflicts = 0;
		for (const [message, rows] of sections.entries()) {
			for (const row of rows) {
				const cells = row.map((cell, column) =>
					cell === null ? null : (passages[column]?.[message]?.[cell.index] ?? null)
				);
				const sides = cells.filter((_, column) => column !== base);
				const result = reconcile(
					cells[base]?.text ?? null,
					sides.map((side) => side?.text ?? null)
				);
				if (result.kind === 'conflict') conflicts++;
				const passage = result.kind === 'take' ? sides[result.column] : null;
				if (passage) picked.push(passage);
			}
		}
		this.picked = picked;
		return conflicts;
	}

	/** Makes the merge of the words as they are. */
	async make(): Promise<void> {
		if (!this.plan.ok) return;
		const { kind, role, parents, parts, links } = this.plan.value;
		const made = await this.#desk.workspace.append({
			conversation: this.#conversation,
			kind,
			role,
			parents,
			parts,
			links,
			ref: await this.#branchAt(parents[0])
		});
		if (!made.ok) toast.error('The merge could not be saved.', { description: made.error.message });
		else this.#onMade(made.value.node);
	}

	/** Lets a model write it from what was taken. */
	async ask(): Promise<void> {
		if (!this.plan.ok) return;
		const [parent, ...merges] = this.plan.value.parents;
		if (parent === undefined) return;
		this.failure = null;
		await ask(this.#desk, {
			conversation: this.#conversation,
			parent,
			merges,
			links: this.plan.value.links,
			ref: await this.#branchAt(parent),
			request: { after: this.common?.id ?? null, text: mergeRequest(this.picked) }
		});
	}

	async #branchAt(node: NodeId | undefined): Promise<string | null> {
		const refs = await this.#desk.workspace.refs(this.#conversation);
		const held = refs.ok ? refs.value.find(({ heads }) => heads.some((head) => head.node === node)) : null;
		return held?.name ?? null;
	}
}
