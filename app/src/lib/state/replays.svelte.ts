/**
 * Replays: each step of a plan becomes a message, one after the other, on a branch beside the old one. What is done
 * stays, whatever happens; the rest goes on when told to, in this tab or after a reload.
 */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { JsonValue } from '@stemma/graph/part';
import type { ReplayPlan, ReplayStep } from '@stemma/graph/replay-plan';
import type { PathEntry, RunRow } from '@stemma/store/workspace/workspace';
import type { StoredReplay } from '@stemma/store/workspace/replays';
import { SvelteMap } from 'svelte/reactivity';
import { ask, type AskDeps } from './asking.ts';

/** `elsewhere`: another tab is at it. */
export type ReplayStatus = 'resting' | 'running' | 'stopping' | 'elsewhere';

const lockName = (id: string): string => `replay:${id}`;

const costOf = (run: RunRow | null): number | null =>
	run === null
		? 0
		: run.attempts.reduce<number | null>(
				(sum, { costNano }) => (sum === null || costNano === null ? null : sum + costNano),
				0
			);

export class Replay {
	readonly id: string;
	readonly conversation: ConversationId;
	readonly plan: ReplayPlan;
	readonly model: StoredReplay['model'];
	readonly createdAt: number;
	made = $state.raw<readonly NodeId[]>([]);
	status = $state<ReplayStatus>('resting');
	/** Why it stopped, if it did by itself: what the run says, or a sentence. */
	failure = $state.raw<JsonValue>(null);
	/** Of everything asked so far, in nano-dollars; null when a price is unknown. */
	costNano = $state<number | null>(0);

	constructor({ id, conversation, plan, model, made, createdAt }: StoredReplay) {
		this.id = id;
		this.conversation = conversation;
		this.plan = plan;
		this.model = model;
		this.createdAt = createdAt;
		this.made = made;
	}

	/** The message that the next step goes below. */
	get tip(): NodeId {
		return this.made.at(-1) ?? this.plan.base;
	}

	get step(): ReplayStep | undefined {
		return this.plan.steps[this.made.length];
	}

	get isDone(): boolean {
		return this.step === undefined;
	}

	get isBusy(): boolean {
		return this.status === 'running' || this.status === 'stopping';
	}
}

export class Replays {
	readonly #replays = new SvelteMap<string, Replay>();
	/** To be stopped without waiting for the end of the turn. */
	readonly #halted = new Set<string>();
	readonly #deps: AskDeps;

	constructor(deps: AskDeps) {
		this.#deps = deps;
		// Another tab may be at a replay that is on screen here.
		deps.workspace.onChange(({ tables }) => {
			if (!tables.includes('replay')) return;
			const shown = new Set([...this.#replays.values()].map(({ conversation }) => conversation));
			for (const conversation of shown) if (!this.isHeld(conversation)) void this.load(conversation);
		});
	}

	/** Newest first. */
	of(conversation: ConversationId): readonly Replay[] {
		return [...this.#replays.values()]
			.filter((replay) => replay.conversation === conversation)
			.toSorted((a, b) => b.createdAt - a.createdAt);
	}

	/** Whether what is answered there is part of a replay: nothing else must go on from it. */
	isHeld(conversation: ConversationId): boolean {
		return this.of(conversation).some(({ isBusy }) => isBusy);
	}

	async load(conversation: ConversationId): Promise<void> {
		const rows = await this.#deps.workspace.replays(conversation);
		if (!rows.ok) return;
		const locks = await navigator.locks.query();
		const held = new Set((locks.held ?? []).map(({ name }) => name));
		for (const row of rows.value) {
			const replay = this.#replays.get(row.id) ?? new Replay(row);
			if (replay.isBusy) continue;
			replay.made = row.made;
			replay.status = held.has(lockName(row.id)) ? 'elsewhere' : 'resting';
			replay.costNano = await this.#costSoFar(replay);
			this.#replays.set(row.id, replay);
		}
	}

	/** @returns a sentence when the plan could not be kept: then nothing was sent */
	async start(
		conversation: ConversationId,
		plan: ReplayPlan,
		model: StoredReplay['model']
	): Promise<Replay | string> {
		const saved = await this.#deps.workspace.saveReplay(conversation, plan, model);
		if (!saved.ok) return saved.error.message;
		const replay = new Replay(saved.value);
		this.#replays.set(replay.id, replay);
		void this.goOn(replay);
		return replay;
	}

	async goOn(replay: Replay): Promise<void> {
		if (replay.isBusy || replay.isDone) return;
		await navigator.locks.request(lockName(replay.id), { ifAvailable: true }, async (lock) => {
			if (!lock) {
				replay.status = 'elsewhere';
				return;
			}
			replay.status = 'running';
			replay.failure = null;
			// Another tab may have gone on with it.
			const rows = await this.#deps.workspace.replays(replay.conversation);
			const row = rows.ok ? rows.value.find(({ id }) => id === replay.id) : undefined;
			if (row) replay.made = row.made;
			else replay.failure = 'The plan is no longer there.';
			for (let step = row && replay.step; step && !this.#mustRest(replay, step); step = replay.step) {
				const node = await this.#make(replay, step);
				if (node === null) break;
				const made = [...replay.made, node];
				const recorded = await this.#deps.workspace.recordMade(replay.id, made);
				if (!recorded.ok) {
					replay.failure = recorded.error.message;
					break;
				}
				replay.made = made;
			}
			this.#halted.delete(replay.id);
			replay.status = 'resting';
		});
	}

	/** After the turn at hand: a question is not left without its answer. */
	stopAfter(replay: Replay): void {
		if (replay.status === 'running') replay.status = 'stopping';
	}

	/** What has been written of the answer at hand is kept as a version; going on asks for it again. */
	stopNow(replay: Replay): void {
		if (!replay.isBusy) return;
		replay.status = 'stopping';
		this.#halted.add(replay.id);
		const { step } = replay;
		for (const { row } of this.#deps.runs.own(replay.conversation))
			if (row.parent === replay.tip && row.change === step?.change) this.#deps.runs.stop(row.id);
	}

	async drop(replay: Replay): Promise<void> {
		if (replay.isBusy) return;
		const dropped = await this.#deps.workspace.forgetReplay(replay.id);
		if (dropped.ok) this.#replays.delete(replay.id);
	}

	#mustRest({ id, status }: Replay, next: ReplayStep): boolean {
		return this.#halted.has(id) || (status === 'stopping' && next.kind !== 'ask');
	}

	async #make(replay: Replay, step: ReplayStep): Promise<NodeId | null> {
		const before = await this.#madeBefore(replay, step);
		if (before !== null) return before;
		return step.kind === 'say' ? this.#say(replay, step) : this.#ask(replay, step);
	}

	async #say(replay: Replay, step: ReplayStep): Promise<NodeId | null> {
		const { workspace } = this.#deps;
		const old = await workspace.node(step.of);
		const body = old.ok ? old.value?.body : null;
		if (!body) {
			replay.failure = old.ok ? 'A message that was to be said again is redacted by now.' : old.error.message;
			return null;
		}
		const added = await workspace.append({
			conversation: replay.conversation,
			role: step.role,
			parents: [replay.tip],
			parts: body.parts,
			change: step.change,
			links: step.links,
			ref: await this.#refAt(replay)
		});
		if (added.ok) return added.value.node;
		replay.failure = added.error.message;
		return null;
	}

	async #ask(replay: Replay, step: ReplayStep): Promise<NodeId | null> {
		const { runs } = this.#deps;
		const { conversation, tip } = replay;
		let stopListening = (): void => undefined;
		const ended = new Promise<RunRow>((resolve) => {
			stopListening = runs.onEnded((run) => {
				if (run.parent === tip && run.change === step.change) resolve(run);
				return Promise.resolve();
			});
		});
		const started = await ask(this.#deps, {
			conversation,
			parent: tip,
			ref: await this.#refAt(replay),
			change: step.change,
			links: step.links,
			model: replay.model
		});
		const run = started ? await ended : null;
		stopListening();
		if (run === null) {
			replay.failure = 'The question could not be sent.';
			return null;
		}
		const cost = costOf(run);
		replay.costNano = cost === null || replay.costNano === null ? null : replay.costNano + cost;
		if (run.state === 'done' && run.node !== null) return run.node;
		if (run.state !== 'cancelled') replay.failure = run.failure ?? 'There was no answer.';
		return null;
	}

	/** A page that went away between a message and its record has made it all the same. */
	async #madeBefore(replay: Replay, step: ReplayStep): Promise<NodeId | null> {
		const { workspace } = this.#deps;
		const children = await workspace.children(replay.conversation, replay.tip);
		if (!children.ok) return null;
		for (const { id, createdAt } of children.value) {
			if (createdAt < replay.createdAt) continue;
			const [entry] = await this.#entries(id, 1);
			const isOfStep = entry?.change === step.change && entry.links.some(({ target }) => target === step.of);
			if (isOfStep && (step.kind === 'say' || entry.run?.state === 'done')) return id;
		}
		return null;
	}

	async #entries(leaf: NodeId, limit: number): Promise<readonly PathEntry[]> {
		const path = await this.#deps.workspace.path(leaf, { limit });
		return path.ok ? path.value.entries : [];
	}

	/** The branch that ends where the replay has come to moves along; without one a new branch begins. */
	async #refAt({ conversation, tip }: Replay): Promise<string | null> {
		const refs = await this.#deps.workspace.refs(conversation);
		const ref = refs.ok
			? refs.value.find(({ heads, kind }) => kind === 'branch' && heads.some(({ node }) => node === tip))
			: undefined;
		return ref?.name ?? null;
	}

	async #costSoFar({ made, tip }: Replay): Promise<number | null> {
		if (made.length === 0) return 0;
		const entries = await this.#entries(tip, made.length);
		return entries.reduce<number | null>((sum, { run }) => {
			const cost = costOf(run);
			return sum === null || cost === null ? null : sum + cost;
		}, 0);
	}
}
