/** One conversation as it is read and written: a window of the path to a leaf, and the branch it is on. */
import type { Link, NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import { partsToText } from '@stemma/graph/render';
import { profileOf, requestParameters } from '@stemma/provider/profiles';
import type { ChatRequest } from '@stemma/provider/run-protocol';
import type { NodeRow, PathEntry, RunRow, Workspace } from '@stemma/store/workspace/workspace';
import { toast } from 'svelte-sonner';
import type { Desk } from './app-state.svelte.ts';
import type { LiveRun } from './run-registry.svelte.ts';
import { buildPrompt } from './prompt.ts';
import { tokenFactor } from './token-factor.ts';

const FIRST_PAGE = 200;
const PAGE = 200;

/** A message, or the end of the path. */
export type Target = { readonly node: NodeId } | 'end';

export const textOf = (entry: NodeRow): string => partsToText(entry.body?.parts ?? []);

export class Conversation {
	readonly id: ConversationId;
	entries = $state.raw<readonly PathEntry[]>([]);
	/** Length of the whole path. */
	total = $state(0);
	leaf = $state<NodeId | null>(null);
	ref = $state<string | null>(null);
	#unanswered = $state.raw<RunRow | null>(null);
	isLoaded = $state(false);
	error = $state<string | null>(null);
	/** What to bring into view, once. */
	target = $state.raw<Target | null>(null);
	/** The message that is being edited in place. */
	editing = $state<NodeId | null>(null);

	/** Answers to the leaf that are being made. */
	readonly live = $derived.by((): readonly LiveRun[] =>
		this.leaf === null ? [] : this.#desk.runs.at(this.leaf)
	);
	/** The last attempt to answer the leaf, if it left nothing but an error and nobody went on since. */
	readonly failure = $derived(this.live.length > 0 ? null : this.#unanswered);
	readonly hasOlder = $derived((this.entries[0]?.pos ?? 0) > 0);

	readonly #desk: Desk;
	readonly #workspace: Workspace;
	readonly #unsubscribe: readonly (() => void)[];
	#loading = 0;

	constructor(desk: Desk, id: ConversationId) {
		this.#desk = desk;
		this.#workspace = desk.workspace;
		this.id = id;
		this.#unsubscribe = [
			desk.workspace.onChange(({ tables, conversations }) => {
				const isMine = conversations?.includes(id) === true;
				if (isMine && tables.includes('node')) void this.#catchUp();
				else if (isMine && tables.includes('run')) void this.#refresh();
			}),
			desk.runs.onEnded((run) => void this.#follow(run))
		];
	}

	close(): void {
		for (const unsubscribe of this.#unsubscribe) unsubscribe();
	}

	/** @param at a message anywhere in the conversation; without it the place one had left */
	async open(at: NodeId | null): Promise<void> {
		const found = at === null ? await this.#workspace.lastLeaf(this.id) : await this.#workspace.leafBelow(at);
		if (!found.ok) {
			this.error = at === null ? found.error.message : 'This message is not in the database.';
			this.isLoaded = true;
			return;
		}
		if (found.value) await this.#show(found.value.leaf, found.value.ref);
		await this.#reachBack(at);
		this.target = at === null ? 'end' : { node: at };
		this.isLoaded = true;
	}

	async loadOlder(): Promise<void> {
		const first = this.entries[0];
		const { leaf } = this;
		if (!first || first.pos === 0 || leaf === null) return;
		const window = await this.#workspace.path(leaf, { limit: PAGE, before: first.pos });
		if (window.ok && this.leaf === leaf && this.entries[0] === first) {
			this.entries = [...window.value.entries, ...this.entries];
		}
	}

	async send(text: string): Promise<boolean> {
		const added = await this.#append('user', text, this.leaf, this.ref);
		if (!added) return false;
		await this.answer();
		return true;
	}

	/** Asks again for what a run did not bring, as the same kind of version. */
	async retry(run: RunRow): Promise<void> {
		const continued = run.links.find(({ kind }) => kind === 'continues')?.target;
		const goesOn = continued === undefined ? null : await this.#workspace.node(continued);
		await this.#ask(run.parent, run.ref, {
			change: run.change,
			links: run.links,
			...(goesOn?.ok === true && goesOn.value ? { goesOn: goesOn.value } : {})
		});
	}

	/** Asks the chosen model to answer the leaf. */
	async answer(): Promise<void> {
		if (this.leaf !== null) await this.#ask(this.leaf, this.ref, {});
	}

	async regenerate(entry: PathEntry): Promise<void> {
		const parent = entry.parents[0];
		if (parent === undefined) return;
		await this.#show(parent, null);
		await this.#ask(parent, null, { change: entry.change, links: [{ kind: 'regen_of', target: entry.id }] });
	}

	/** A new version that begins with the old text and goes on. */
	async continueAnswer(entry: PathEntry): Promise<void> {
		const parent = entry.parents[0];
		if (parent === undefined) return;
		await this.#show(parent, null);
		await this.#ask(parent, null, {
			change: entry.change,
			links: [{ kind: 'continues', target: entry.id }],
			goesOn: entry
		});
	}

	/** A new version of a message. A question is then asked anew. */
	async edit(entry: PathEntry, text: string): Promise<void> {
		this.editing = null;
		if (text === textOf(entry)) return;
		const added = await this.#append(entry.role, text, entry.parents[0] ?? null, null, {
			change: entry.change,
			links: [{ kind: 'edit_of', target: entry.id }]
		});
		if (added && entry.role === 'user') await this.answer();
	}

	/** A branch that starts at a message: the path ends there until one writes on. */
	async fork(entry: PathEntry): Promise<void> {
		const forked = await this.#workspace.fork(this.id, entry.id);
		if (!forked.ok) {
			toast.error('The branch could not be made.', { description: forked.error.message });
			return;
		}
		await this.#show(entry.id, forked.value.ref);
		this.target = 'end';
	}

	/** Shows another version of a message, down to the leaf that was left there. */
	async switchTo(version: NodeId): Promise<void> {
		const found = await this.#workspace.leafBelow(version);
		if (!found.ok) return;
		await this.#show(found.value.leaf, found.value.ref);
		await this.#reachBack(version);
		this.target = { node: version };
	}

	async #append(
		role: PathEntry['role'],
		text: string,
		parent: NodeId | null,
		ref: string | null,
		version: { change?: string; links?: readonly Link[] } = {}
	): Promise<boolean> {
		const added = await this.#workspace.append({
			conversation: this.id,
			role,
			parents: parent === null ? [] : [parent],
			parts: [{ type: 'text', text }],
			ref,
			...version
		});
		if (!added.ok) {
			toast.error('The message could not be saved.', { description: added.error.message });
			return false;
		}
		await this.#show(added.value.node, added.value.ref);
		this.target = 'end';
		return true;
	}

	async #ask(
		parent: NodeId,
		ref: string | null,
		version: { change?: string; links?: readonly Link[]; goesOn?: NodeRow }
	): Promise<void> {
		const { endpoints, runs } = this.#desk;
		const { chosen } = endpoints;
		if (!chosen) {
			toast.error('Choose a model first.');
			return;
		}
		const { endpoint, model } = chosen;
		this.target = 'end';
		const { goesOn, ...made } = version;
		const factor = await tokenFactor(this.#workspace, model.id);
		const prompt = await buildPrompt(this.#workspace, {
			leaf: goesOn?.id ?? parent,
			window: model.contextLength,
			factor,
			...(goesOn ? { goOn: profileOf(endpoint).prefills ? ('prefill' as const) : ('ask' as const) } : {})
		});
		if (!prompt.ok) {
			toast.error('The request could not be put together.', { description: prompt.error.message });
			return;
		}
		const { messages, receipt, stored } = prompt.value;
		const posted: ChatRequest = { model: model.id, messages, session_id: this.id };
		await runs.start({
			run: {
				conversation: this.id,
				parent,
				params: requestParameters(endpoint, posted),
				receipt: stored,
				ref,
				...made
			},
			endpoint,
			request: posted,
			...(goesOn ? { prefix: textOf(goesOn) } : {}),
			estimated: receipt.tokens
		});
	}

	/** Another tab wrote on along the branch this one reads: so does this one. */
	async #catchUp(): Promise<void> {
		const { leaf, ref } = this;
		const found =
			leaf === null ? await this.#workspace.lastLeaf(this.id) : await this.#workspace.leafBelow(leaf);
		const isAhead = found.ok && found.value !== null && found.value.leaf !== leaf;
		if (isAhead && this.leaf === leaf && (leaf === null || (ref !== null && found.value.ref === ref))) {
			await this.#show(found.value.leaf, found.value.ref);
		} else await this.#refresh();
	}

	/** Goes on to an answer if the reader is still where the question was asked. */
	async #follow(run: RunRow): Promise<void> {
		if (run.conversation !== this.id || this.leaf !== run.parent) return;
		const replaced = run.links.find(({ kind }) => kind === 'regen_of' || kind === 'continues')?.target;
		// Stopped before the first word: what was to be replaced is what there is.
		const next = run.node ?? (run.state === 'cancelled' ? replaced : undefined);
		if (next === undefined) return this.#refresh();
		const found = await this.#workspace.leafBelow(next);
		if (found.ok && this.leaf === run.parent) await this.#show(found.value.leaf, found.value.ref);
	}

	async #show(leaf: NodeId, ref: string | null): Promise<void> {
		this.leaf = leaf;
		this.ref = ref;
		await this.#refresh();
		await this.#workspace.visit(this.id, leaf, ref);
	}

	async #reachBack(at: NodeId | null): Promise<void> {
		if (at === null) return;
		while (this.hasOlder && !this.entries.some((entry) => entry.id === at)) await this.loadOlder();
	}

	async #lastFailure(leaf: NodeId): Promise<RunRow | null> {
		const failed = await this.#workspace.failedRuns(this.id);
		const last = failed.ok ? failed.value.find((run) => run.parent === leaf) : undefined;
		if (!last) return null;
		const children = await this.#workspace.children(this.id, leaf);
		const wentOn = children.ok && children.value.some(({ createdAt }) => createdAt > last.createdAt);
		return wentOn ? null : last;
	}

	async #refresh(): Promise<void> {
		const { leaf } = this;
		const turn = ++this.#loading;
		const [window, failed] = await Promise.all([
			leaf === null
				? null
				: this.#workspace.path(leaf, { limit: Math.max(FIRST_PAGE, this.entries.length + 1) }),
			leaf === null ? null : this.#lastFailure(leaf)
		]);
		if (turn !== this.#loading) return;
		if (window?.ok === true) {
			this.entries = window.value.entries;
			this.total = window.value.total;
		}
		this.error = window && !window.ok ? window.error.message : null;
		this.#unanswered = failed;
	}
}
