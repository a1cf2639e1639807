/** Several answers to one question while they are made and after, and the choice of the one that goes on. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { NodeRow, PathEntry, RunRow } from '@stemma/store/workspace/workspace';
import type { Desk } from './app-state.svelte.ts';
import { ask } from './asking.ts';
import { MOST_COLUMNS, readEntry, type Column, type ColumnsProblem } from './columns.ts';
import { fanOutSlots } from './fan-out-slots.ts';
import { keepVersion } from './keep-version.ts';

export class Answers {
	/** The question. */
	common = $state.raw<NodeRow | null>(null);
	problem = $state<ColumnsProblem | null>(null);
	isLoaded = $state(false);
	#runs = $state.raw<readonly RunRow[]>([]);
	#entries = $state.raw<ReadonlyMap<NodeId, PathEntry>>(new Map());

	/** By hand first, then as they were asked for; the newest that fit. */
	readonly columns = $derived.by((): readonly Column[] => {
		const byHand = [...this.#entries.values()].filter((entry) => entry.run === null);
		const made = fanOutSlots(this.#runs).map(({ key, run }): Column => {
			const tip = run.node === null ? null : (this.#entries.get(run.node) ?? null);
			const live = tip ? null : (this.#desk.runs.live.get(run.id) ?? null);
			return { key, entries: tip ? [tip] : [], later: 0, run, live, tip };
		});
		return [
			...byHand.map((tip): Column => ({ key: tip.id, entries: [tip], later: 0, run: null, live: null, tip })),
			...made
		].slice(-MOST_COLUMNS);
	});
	readonly isBusy = $derived(this.columns.some(({ live }) => live !== null));

	readonly #desk: Desk;
	readonly #conversation: ConversationId;
	readonly #question: NodeId;
	readonly #unsubscribe: readonly (() => void)[];
	#reading = 0;

	constructor(desk: Desk, conversation: ConversationId, question: NodeId) {
		this.#desk = desk;
		this.#conversation = conversation;
		this.#question = question;
		this.#unsubscribe = [
			desk.workspace.onChange(({ tables, conversations }) => {
				if (tables.includes('run') && conversations?.includes(conversation) === true) void this.load();
			}),
			// An answer is shown before its run is gone.
			desk.runs.onEnded((run) => (run.parent === question ? this.load() : Promise.resolve()))
		];
	}

	close(): void {
		for (const unsubscribe of this.#unsubscribe) unsubscribe();
	}

	async load(): Promise<void> {
		const { workspace } = this.#desk;
		const turn = ++this.#reading;
		const [question, runs, answers] = await Promise.all([
			readEntry(workspace, this.#question),
			workspace.runsAt(this.#question),
			workspace.children(this.#conversation, this.#question)
		]);
		const entries = new Map(this.#entries);
		for (const { id } of answers.ok ? answers.value.slice(-MOST_COLUMNS) : []) {
			const entry = entries.has(id) ? null : await readEntry(workspace, id);
			if (entry) entries.set(id, entry);
		}
		if (turn !== this.#reading) return;
		if (!question || !runs.ok) this.problem = 'unknown';
		else if (question.conversation !== this.#conversation) this.problem = 'elsewhere';
		else {
			this.common = question;
			this.#entries = entries;
			this.#runs = runs.value;
		}
		this.isLoaded = true;
	}

	async retry(run: RunRow): Promise<void> {
		const { conversation, parent, change, links, endpoint, model } = run;
		await ask(this.#desk, { conversation, parent, ref: null, change, links, model: { endpoint, model } });
	}

	stopAll(): void {
		for (const { live } of this.columns) if (live?.isElsewhere === false) this.#desk.runs.stop(live.row.id);
	}

	/** The branch that asked goes on with this answer; the others stay as its versions. */
	async choose(answer: NodeId): Promise<boolean> {
		const { workspace } = this.#desk;
		const [refs, last] = await Promise.all([
			workspace.refs(this.#conversation),
			workspace.lastLeaf(this.#conversation)
		]);
		const asking = refs.ok
			? refs.value.find(({ heads }) => heads.some(({ node }) => node === this.#question))?.name
			: undefined;
		const ref = asking ?? (last.ok ? (last.value?.ref ?? null) : null);
		return keepVersion(this.#desk, this.#conversation, ref, answer);
	}
}
