/** A merge while it is put together: what was taken from where, and what becomes of it. */
import { mergeRequest, planMerge, reconcile, type Passage } from '@stemma/graph/merge-plan';
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { NodeRow, RunRow } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import * as z from 'zod/mini';
import type { Aligned } from './alignment.svelte.ts';
import type { Desk } from './app-state.svelte.ts';
import { ask } from './asking.ts';
import { passagesIn, readColumns, readMore, type Column, type ColumnsProblem } from './columns.ts';
import type { Choice } from './endpoints.svelte.ts';
import type { LiveRun } from './run-registry.svelte.ts';

const isSame = (a: Passage, b: Passage): boolean => a.node === b.node && a.from === b.from;
/** Places, not words: what was redacted since is not picked any more. */
const keptPicks = z.array(z.object({ node: z.string(), from: z.number(), to: z.number() }));

export class Merging {
	columns = $state.raw<readonly Column[]>([]);
	common = $state.raw<NodeRow | null>(null);
	problem = $state<ColumnsProblem | null>(null);
	isLoaded = $state(false);
	#picked = $state.raw<readonly Passage[]>([]);
	/** A model was asked to write it and there is nothing. */
	failure = $state.raw<RunRow | null>(null);
	#behind = $state.raw<ReadonlySet<NodeId>>(new Set());

	/** In the order in which they will stand. */
	readonly picked = $derived(this.#picked);
	readonly plan = $derived(
		planMerge(
			this.columns.flatMap(({ tip }) => tip ?? []),
			this.#behind,
			this.#picked
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
	#key = '';

	/** @param onMade told of the new message */
	constructor(desk: Desk, conversation: ConversationId, onMade: (node: NodeId) => void) {
		this.#desk = desk;
		this.#conversation = conversation;
		this.#onMade = (node) => {
			this.#pick([]);
			onMade(node);
		};
		this.close = desk.runs.onEnded((run) => {
			if (run.merges.length === 0 || run.parent !== this.#parents[0]) return Promise.resolve();
			if (run.node === null) this.failure = run;
			else this.#onMade(run.node);
			return Promise.resolve();
		});
	}

	/** With what was picked before, in this tab or another. */
	async load(nodes: readonly NodeId[]): Promise<void> {
		const { workspace } = this.#desk;
		this.#key = nodes.join(',');
		const read = await readColumns(workspace, this.#conversation, nodes);
		if (read.ok) {
			this.columns = read.value.columns;
			this.common = read.value.common;
			this.#behind = new Set(read.value.relation.behind);
			await this.#readPicks();
		} else this.problem = read.error;
		this.isLoaded = true;
	}

	async #readPicks(): Promise<void> {
		const found = await this.#desk.workspace.unfinished('merge', this.#conversation, this.#key);
		const picks = keptPicks.safeParse(found.ok ? found.value : null);
		if (!picks.success) return;
		const missing = new Set(picks.data.map(({ node }) => node));
		// What was picked further down a long branch is read again.
		for (let i = 0; i < this.columns.length; i++) {
			for (const { id } of this.columns[i]?.entries ?? []) missing.delete(id);
			while (missing.size > 0 && (this.columns[i]?.later ?? 0) > 0) {
				const before = this.columns[i]?.later;
				await this.readMore(i);
				for (const { id } of this.columns[i]?.entries ?? []) missing.delete(id);
				if (this.columns[i]?.later === before) break;
			}
		}
		const all = this.columns.flatMap((column) => passagesIn(column).flat());
		this.#picked = picks.data.flatMap(
			({ node, from, to }) =>
				all.find((passage) => passage.node === node && passage.from === from && passage.to === to) ?? []
		);
	}

	/** Further messages of the branch in a column. */
	async readMore(at: number): Promise<void> {
		const column = this.columns[at];
		const more = column ? await readMore(this.#desk.workspace, column) : null;
		if (more?.ok === true) this.columns = this.columns.with(at, more.value);
		else if (more) toast.error('The messages could not be read.', { description: more.error.message });
	}

	#pick(passages: readonly Passage[]): void {
		this.#picked = passages;
		const data = passages.map(({ node, from, to }) => ({ node, from, to }));
		void this.#desk.workspace
			.saveUnfinished('merge', this.#conversation, this.#key, data.length === 0 ? null : data)
			.then((saved) => {
				if (!saved.ok)
					toast.error('What was picked is not saved.', { id: 'picks', description: saved.error.message });
			});
	}

	isPicked(passage: Passage): boolean {
		return this.picked.some((other) => isSame(other, passage));
	}

	toggle(passage: Passage): void {
		this.#pick(
			this.isPicked(passage)
				? this.picked.filter((other) => !isSame(other, passage))
				: [...this.picked, passage]
		);
	}

	/** All of a column, or none of it when all is taken. */
	toggleAll(column: Column): void {
		const all = passagesIn(column).flat();
		const missing = all.filter((passage) => !this.isPicked(passage));
		this.#pick(
			missing.length > 0
				? [...this.picked, ...missing]
				: this.picked.filter((passage) => !all.some((other) => isSame(other, passage)))
		);
	}

	/** Moves a passage one place up or down. */
	move(at: number, by: -1 | 1): void {
		const picked = [...this.picked];
		const [passage] = picked.splice(at, 1);
		if (!passage || at + by < 0 || at + by > picked.length) return;
		picked.splice(at + by, 0, passage);
		this.#pick(picked);
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
		this.#pick(picked);
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

	/**
	 * Lets a model write it from what was taken.
	 *
	 * @param model another one than the conversation's
	 */
	async ask(model: Choice | null): Promise<void> {
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
			model,
			request: { after: this.common?.id ?? null, text: mergeRequest(this.picked) }
		});
	}

	async #branchAt(node: NodeId | undefined): Promise<string | null> {
		const refs = await this.#desk.workspace.refs(this.#conversation);
		const held = refs.ok ? refs.value.find(({ heads }) => heads.some((head) => head.node === node)) : null;
		return held?.name ?? null;
	}
}
