/** Messages written while an answer comes: each goes out when the one before it is answered. */
import type { ConversationId } from '@stemma/graph/op';
import type { Part } from '@stemma/graph/part';
import type { Result } from '@stemma/graph/result';
import type { StoreError } from '@stemma/store/port';
import type { QueuedId, QueuedMessage, RunRow } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import { SvelteMap } from 'svelte/reactivity';
import { ask, type AskDeps } from './asking.ts';
import { isOneOfSeveral } from './fan-out-slots.ts';
import type { Replays } from './replays.svelte.ts';

interface QueueDeps extends AskDeps {
	readonly replays: Replays;
}

export class MessageQueue {
	readonly #rows = new SvelteMap<ConversationId, readonly QueuedMessage[]>();
	/** What was told to go next, whatever becomes of the answer that is being stopped for it. */
	readonly #urgent = new Map<ConversationId, QueuedId>();
	readonly #deps: QueueDeps;

	constructor(deps: QueueDeps) {
		this.#deps = deps;
		deps.workspace.onChange(({ tables, conversations }) => {
			if (!tables.includes('queued')) return;
			for (const id of conversations ?? this.#rows.keys()) if (this.#rows.has(id)) void this.load(id);
		});
		deps.runs.onEnded((run) => {
			// Whoever made the answer sends the next message: two tabs must not both.
			if (deps.runs.isOwn(run.id)) void this.#goOn(run);
			return Promise.resolve();
		});
	}

	of(conversation: ConversationId): readonly QueuedMessage[] {
		return this.#rows.get(conversation) ?? [];
	}

	async load(conversation: ConversationId): Promise<void> {
		const rows = await this.#deps.workspace.queue(conversation);
		if (rows.ok) this.#rows.set(conversation, rows.value);
		else this.#tell(rows, 'The queue could not be read.');
	}

	async add(conversation: ConversationId, parts: readonly Part[]): Promise<boolean> {
		const added = await this.#deps.workspace.enqueue(conversation, parts);
		return this.#tell(added, 'The message could not be queued.');
	}

	async edit(id: QueuedId, parts: readonly Part[]): Promise<void> {
		const edited = await this.#deps.workspace.editQueued(id, parts);
		this.#tell(edited, 'The message had been sent already.');
	}

	async drop(id: QueuedId): Promise<void> {
		this.#tell(await this.#deps.workspace.dropQueued(id), 'The message is still in the queue.');
	}

	/** Moves a message one place up or down. */
	async move(conversation: ConversationId, id: QueuedId, by: -1 | 1): Promise<void> {
		const ids = this.of(conversation).map((message) => message.id);
		const at = ids.indexOf(id);
		const other = ids[at + by];
		if (at < 0 || other === undefined) return;
		ids[at + by] = id;
		ids[at] = other;
		this.#tell(await this.#deps.workspace.orderQueue(conversation, ids), 'The order was not saved.');
	}

	/** Next, before all others. An answer that is being written is stopped first, and kept. */
	async sendNow(
		conversation: ConversationId,
		id: QueuedId,
		at: { readonly leaf: string | null; readonly ref: string | null }
	): Promise<void> {
		const running = this.#deps.runs.own(conversation);
		if (running.length === 0) {
			await this.#send(conversation, id, at);
			return;
		}
		this.#urgent.set(conversation, id);
		for (const run of running) this.#deps.runs.stop(run.row.id);
	}

	async #goOn(run: RunRow): Promise<void> {
		const { conversation } = run;
		// What waits goes on from the one that is chosen.
		if (isOneOfSeveral(run)) return;
		const urgent = this.#urgent.get(conversation);
		const mayFollow = run.state === 'done' && !this.#deps.replays.isHeld(conversation);
		if (urgent === undefined && !mayFollow) return;
		this.#urgent.delete(conversation);
		const rows = await this.#deps.workspace.queue(conversation);
		if (!rows.ok) return;
		const next = rows.value.find((message) => message.id === urgent) ?? rows.value[0];
		if (!next) return;
		// Stopped before the first word, the question itself is the end of the branch.
		const leaf = run.node ?? run.parent;
		const refs = await this.#deps.workspace.refs(conversation);
		const ref = refs.ok ? refs.value.find(({ heads }) => heads.some(({ node }) => node === leaf)) : undefined;
		await this.#send(conversation, next.id, { leaf, ref: ref?.name ?? null });
	}

	async #send(
		conversation: ConversationId,
		id: QueuedId,
		{ leaf, ref }: { readonly leaf: string | null; readonly ref: string | null }
	): Promise<void> {
		const rows = await this.#deps.workspace.queue(conversation);
		const message = rows.ok ? rows.value.find((queued) => queued.id === id) : undefined;
		if (!message) return;
		const added = await this.#deps.workspace.append({
			conversation,
			role: 'user',
			parents: leaf === null ? [] : [leaf],
			parts: message.parts,
			ref,
			queued: id
		});
		if (!added.ok) {
			// Another tab was faster: it is sent, which is what was wanted.
			if (added.error.code !== 'conflict') this.#tell(added, 'The queued message could not be sent.');
			return;
		}
		await ask(this.#deps, { conversation, parent: added.value.node, ref: added.value.ref });
	}

	#tell(result: Result<unknown, StoreError>, sentence: string): boolean {
		if (!result.ok) toast.error(sentence, { description: result.error.message });
		return result.ok;
	}
}
