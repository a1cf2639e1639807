/** One conversation as it is read and written: a window of the path to a leaf, and the branch it is on. */
import { keepSources } from '@stemma/graph/merge-plan';
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId, OpId } from '@stemma/graph/op';
import type { Part } from '@stemma/graph/part';
import { partsToText } from '@stemma/graph/render';
import type { Change } from '@stemma/store/port';
import type {
	Appended,
	NodeRow,
	PathEntry,
	PathWindow,
	RunRow,
	Workspace
} from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import type { Desk } from './app-state.svelte.ts';
import { ask, type Question } from './asking.ts';
import { ConversationSettings } from './conversation-settings.svelte.ts';
import type { Choice } from './endpoints.svelte.ts';
import { isOneOfSeveral } from './fan-out-slots.ts';
import { keepVersion } from './keep-version.ts';
import { Marks } from './marks.svelte.ts';
import {
	hasNewer,
	hasOlder,
	isSameWindow,
	NOTHING,
	readAgain,
	readAround,
	readEnd,
	readNewer,
	readOlder,
	trimmed
} from './path-window.ts';
import type { LiveRun } from './run-registry.svelte.ts';

/** A message, or the end of the path. */
export type Target = { readonly node: NodeId } | 'end';

interface Place {
	readonly leaf: NodeId;
	readonly ref: string | null;
}

export const textOf = (entry: NodeRow): string => partsToText(entry.body?.parts ?? []);

/** The words of a message without what is quoted or attached. */
export const wordsOf = (entry: NodeRow): string =>
	(entry.body?.parts ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');

/** A message with other words: what was quoted and attached stays, what a model thought does not. */
function reworded(entry: NodeRow, text: string): readonly Part[] {
	const parts = entry.body?.parts ?? [];
	return [
		...parts.filter((part) => part.type === 'quote'),
		...keepSources(parts, text),
		...parts.filter((part) => ['image', 'file', 'commit', 'diff'].includes(part.type))
	];
}

export class Conversation {
	readonly id: ConversationId;
	readonly settings: ConversationSettings;
	readonly marks: Marks;
	#window = $state.raw<PathWindow>(NOTHING);
	leaf = $state<NodeId | null>(null);
	ref = $state<string | null>(null);
	/** Where the branch is that one reads: more than one end when it has diverged. */
	ends = $state.raw<readonly NodeId[]>([]);
	/** Answers to the leaf, none of which the path goes on with. */
	undecided = $state(0);
	#unanswered = $state.raw<RunRow | null>(null);
	isLoaded = $state(false);
	error = $state<string | null>(null);
	/** What to bring into view, once. */
	target = $state.raw<Target | null>(null);
	/** The message that is being edited in place. */
	editing = $state<NodeId | null>(null);

	/** Settled once it is known where one is and who answers: nothing should be sent before. */
	opened: Promise<unknown> = Promise.resolve();

	readonly entries = $derived(this.#window.entries);
	/** Length of the whole path. */
	readonly total = $derived(this.#window.total);
	readonly hasOlder = $derived(hasOlder(this.#window));
	readonly hasNewer = $derived(hasNewer(this.#window));
	/** Answers to the leaf that are being made. */
	readonly live = $derived.by((): readonly LiveRun[] =>
		this.leaf === null ? [] : this.#desk.runs.at(this.leaf)
	);
	/** The last attempt to answer the leaf, if it left nothing but an error and nobody went on since. */
	readonly failure = $derived(this.live.length > 0 ? null : this.#unanswered);

	readonly #desk: Desk;
	readonly #workspace: Workspace;
	readonly #unsubscribe: readonly (() => void)[];
	#loading = 0;
	/** Where one is, or is about to be. */
	#place: Place | null = null;
	/** The move that brought the branch to the leaf, as far as this tab has seen. */
	#seen: OpId | null = null;
	/** Messages of this conversation that this tab is about to write, and will show itself. */
	#writing = 0;
	/** Messages that came meanwhile. */
	#heard: NodeId[] = [];

	constructor(desk: Desk, id: ConversationId) {
		this.#desk = desk;
		this.#workspace = desk.workspace;
		this.id = id;
		this.settings = new ConversationSettings(desk.workspace, id);
		this.marks = new Marks(desk.workspace, desk.history, id);
		this.#unsubscribe = [
			this.settings.close,
			this.marks.close,
			desk.workspace.onChange((change) => {
				if (change.conversations?.includes(id) !== true) return;
				if (change.tables.includes('node')) this.#hear(change);
				else if (change.tables.includes('ref')) void this.#followRef();
			}),
			desk.runs.onEnded((run) => this.#follow(run))
		];
	}

	close(): void {
		for (const unsubscribe of this.#unsubscribe) unsubscribe();
	}

	/** @param at a message anywhere in the conversation; without it the place one had left */
	open(at: NodeId | null): Promise<unknown> {
		return (this.opened = Promise.all([this.#open(at), this.settings.load()]));
	}

	async #open(at: NodeId | null): Promise<void> {
		void this.marks.load();
		void this.#desk.queue.load(this.id);
		const found = at === null ? await this.#workspace.lastLeaf(this.id) : await this.#workspace.leafBelow(at);
		if (!found.ok) {
			this.error = at === null ? found.error.message : 'This message is not in the database.';
			this.isLoaded = true;
			return;
		}
		if (found.value) await this.#show(found.value, at);
		this.target = at === null ? 'end' : { node: at };
		this.isLoaded = true;
	}

	async loadOlder(): Promise<void> {
		await this.#extend(readOlder, (more, now) => [...more, ...now]);
	}

	async loadNewer(): Promise<void> {
		await this.#extend(readNewer, (more, now) => [...now, ...more]);
	}

	/** Lets go of what has become far away. @returns whether something went */
	trim(from: 'start' | 'end'): boolean {
		const less = trimmed(this.#window, from);
		if (less) this.#hold(less);
		return less !== null;
	}

	async goTo(target: Target): Promise<void> {
		const { leaf } = this;
		if (leaf === null) return;
		if (target === 'end' ? this.hasNewer : !this.entries.some(({ id }) => id === target.node)) {
			const window =
				target === 'end' ? await readEnd(this.#workspace, leaf) : await this.#around(leaf, target.node);
			if (window.ok && this.leaf === leaf) this.#hold(window.value);
		}
		this.target = target;
	}

	async send(parts: readonly Part[]): Promise<boolean> {
		const model = this.settings.once;
		const added = await this.#append('user', parts, this.leaf, this.ref, { seen: this.#seen });
		if (!added) return false;
		this.settings.once = null;
		await this.#answer(added, model);
		return true;
	}

	/** Asks several models at once. @returns the question, for their answers to be read side by side; null when it was not sent */
	async sendToSeveral(parts: readonly Part[], models: readonly Choice[]): Promise<NodeId | null> {
		const added = await this.#append('user', parts, this.leaf, this.ref, { seen: this.#seen });
		if (!added) return null;
		// All are versions of one message, each on a branch of its own until one is chosen.
		const change = this.#desk.randomHex(16);
		this.settings.several = [];
		for (const model of models) await this.#ask({ parent: added.node, ref: null, change, model });
		return added.node;
	}

	/** The branch one reads goes on with another version. */
	async keep(version: NodeId): Promise<void> {
		const { ref } = this;
		if (await keepVersion(this.#desk, this.id, ref, version)) await this.#goBelow(version, ref);
	}

	/** Where the branches end, the one on screen and the newest others; a branch that another goes on from has no end of its own. */
	async branchEnds(most: number): Promise<readonly NodeId[]> {
		const refs = await this.#workspace.refs(this.id);
		const heads = refs.ok
			? refs.value.filter(({ kind }) => kind === 'branch').flatMap((ref) => ref.heads.map(({ node }) => node))
			: [];
		const nodes = [...new Set(this.leaf === null ? heads : [...heads, this.leaf])];
		const related = await this.#workspace.relate(nodes);
		const ends = nodes.filter((node) => related.ok && !related.value.behind.includes(node));
		const others = ends.filter((node) => node !== this.leaf);
		return [...others.slice(1 - most), ...ends.filter((node) => node === this.leaf)];
	}

	/** Goes to a message wherever it is: on this path, or on another branch. @returns whether the branch changed */
	async reveal(node: NodeId): Promise<boolean> {
		const onPath = this.leaf === null ? null : await this.#workspace.isOnPath(node, this.leaf);
		const isHere = onPath?.ok === true && onPath.value;
		if (isHere) await this.goTo({ node });
		else await this.switchTo(node);
		return !isHere;
	}

	/** Asks again for what a run did not bring, as the same kind of version. */
	async retry(run: RunRow): Promise<void> {
		const continued = run.links.find(({ kind }) => kind === 'continues')?.target;
		const goesOn = continued === undefined ? null : await this.#workspace.node(continued);
		await this.#ask({
			parent: run.parent,
			ref: run.ref,
			change: run.change,
			links: run.links,
			...(goesOn?.ok === true && goesOn.value ? { goesOn: goesOn.value } : {})
		});
	}

	/** @param model another one than the conversation's */
	async regenerate(entry: PathEntry, model: Choice | null = null): Promise<void> {
		const parent = entry.parents[0];
		if (parent === undefined) return;
		await this.#show({ leaf: parent, ref: null });
		await this.#ask({
			parent,
			ref: null,
			change: entry.change,
			links: [{ kind: 'regen_of', target: entry.id }],
			model
		});
	}

	/** A new version that begins with the old text and goes on. */
	async continueAnswer(entry: PathEntry): Promise<void> {
		const parent = entry.parents[0];
		if (parent === undefined) return;
		await this.#show({ leaf: parent, ref: null });
		await this.#ask({
			parent,
			ref: null,
			change: entry.change,
			links: [{ kind: 'continues', target: entry.id }],
			goesOn: entry
		});
	}

	/** A new version of a message. A question is then asked anew. */
	async edit(entry: PathEntry, text: string): Promise<void> {
		this.editing = null;
		if (text === wordsOf(entry)) return;
		const added = await this.#append(entry.role, reworded(entry, text), entry.parents[0] ?? null, null, {
			kind: entry.kind,
			parents: entry.parents,
			change: entry.change,
			links: [{ kind: 'edit_of', target: entry.id }, ...entry.links.filter(({ kind }) => kind === 'quotes')]
		});
		if (added && entry.role === 'user') await this.#answer(added, null);
	}

	/** A new version of a message, and nothing is asked yet. @returns null when it could not be saved */
	async saveVersion(entry: PathEntry, text: string): Promise<NodeId | null> {
		this.editing = null;
		const added = await this.#append(entry.role, reworded(entry, text), entry.parents[0] ?? null, null, {
			change: entry.change,
			links: [{ kind: 'edit_of', target: entry.id }]
		});
		return added?.node ?? null;
	}

	/** A branch that starts at a message: the path ends there until one writes on. */
	async forkAt(entry: PathEntry): Promise<void> {
		const forked = await this.#workspace.fork(this.id, entry.id);
		if (!forked.ok) {
			toast.error('The branch could not be made.', { description: forked.error.message });
			return;
		}
		await this.#show({ leaf: entry.id, ref: forked.value.ref });
		this.target = 'end';
	}

	/** Shows another version of a message, down to the leaf that was left there. */
	async switchTo(version: NodeId): Promise<void> {
		await this.#goBelow(version, null);
	}

	/** @param ref the branch to be on; null for the one that ends there */
	async #goBelow(version: NodeId, ref: string | null): Promise<void> {
		const found = await this.#workspace.leafBelow(version);
		if (!found.ok) return;
		await this.#show(ref === null ? found.value : { ...found.value, ref }, version);
		this.target = { node: version };
	}

	/** The next of the ends of a branch that has diverged. */
	async showOtherEnd(): Promise<void> {
		const { ends, leaf, ref } = this;
		const other = ends[((leaf === null ? -1 : ends.indexOf(leaf)) + 1) % ends.length];
		if (other === undefined || other === leaf) return;
		await this.#show({ leaf: other, ref });
		this.target = 'end';
	}

	/** What is read stays on the branch; the other ends get branches of their own. */
	async keepBoth(): Promise<void> {
		const { ends, leaf, ref } = this;
		const stays = leaf !== null && ends.includes(leaf) ? leaf : ends[0];
		if (ref === null || stays === undefined) return;
		const kept = await this.#workspace.keepBoth(this.id, ref, stays);
		if (kept.ok) this.#desk.history.offer(`Kept as ${kept.value.refs.join(', ')}`, kept.value.op);
		else toast.error('The branches could not be made.', { description: kept.error.message });
	}

	/** What was just written is answered, wherever one reads by then. */
	async #answer({ node, ref }: Appended, model: Choice | null): Promise<void> {
		await this.#ask({ parent: node, ref, model });
	}

	async #ask(question: Omit<Question, 'conversation'>): Promise<void> {
		this.target = 'end';
		await ask(this.#desk, { conversation: this.id, ...question });
	}

	async #append(
		role: PathEntry['role'],
		parts: readonly Part[],
		parent: NodeId | null,
		ref: string | null,
		version: Partial<Pick<PathEntry, 'kind' | 'parents' | 'change' | 'links'>> & {
			seen?: OpId | null;
		} = {}
	): Promise<Appended | null> {
		this.#writing++;
		try {
			const added = await this.#workspace.append({
				conversation: this.id,
				role,
				parents: parent === null ? [] : [parent],
				parts,
				ref,
				...version
			});
			if (!added.ok) {
				toast.error('The message could not be saved.', { description: added.error.message });
				return null;
			}
			await this.#show({ leaf: added.value.node, ref: added.value.ref });
			this.target = 'end';
			return added.value;
		} finally {
			this.#writing--;
			this.#seeHeard();
		}
	}

	/** What this tab writes is shown by whoever wrote it: reading it twice would only cost. */
	#hear({ tables, nodes }: Change): void {
		const isSeal = tables.includes('run') && this.live.some((run) => !run.isElsewhere);
		// A text that has gone is read again at once.
		const isKept = nodes !== undefined && !tables.includes('body') && (this.#writing > 0 || isSeal);
		if (isKept) this.#heard.push(...nodes);
		else void this.#catchUp(!tables.includes('body'));
	}

	/** Once this tab has shown what it wrote: was there anything else? */
	#seeHeard(): void {
		const heard = this.#heard.splice(0);
		const known = new Set(this.entries.map(({ id }) => id));
		if (heard.some((node) => !known.has(node))) void this.#catchUp();
	}

	/** Another tab, or the queue, wrote on along the branch this one reads: so does this one. */
	async #catchUp(hasOld = true): Promise<void> {
		const place = this.#place;
		const { leaf = null, ref = null } = place ?? {};
		const found =
			leaf === null ? await this.#workspace.lastLeaf(this.id) : await this.#workspace.leafBelow(leaf);
		// One has gone elsewhere meanwhile, and knows better.
		if (this.#place !== place) return;
		if (!found.ok) return this.#reopen();
		const isAhead = found.value !== null && found.value.leaf !== leaf;
		if (isAhead && (leaf === null || (ref !== null && found.value.ref === ref))) {
			await this.#show(found.value, null, hasOld);
		} else await this.#refresh(hasOld);
	}

	/** The branch was moved by something else than a message: an undo, a restore, a choice. */
	async #followRef(): Promise<void> {
		const place = this.#place;
		if (place === null) return this.#reopen();
		const { leaf, ref } = place;
		const refs = await this.#workspace.refs(this.id);
		if (!refs.ok || this.#place !== place) return;
		const mine = refs.value.find(({ name }) => name === ref);
		const [end] = mine?.ends ?? [];
		if (ref === null || mine?.ends.includes(leaf) === true) await this.#refresh();
		else if (end !== undefined) await this.#show({ leaf: end, ref });
		else if (refs.value.length === 0) this.#showNothing();
		else {
			const below = await this.#workspace.leafBelow(leaf);
			if (below.ok && this.#place === place) await this.#show(below.value);
		}
	}

	/** What was read is gone. */
	async #reopen(): Promise<void> {
		const last = await this.#workspace.lastLeaf(this.id);
		if (last.ok && last.value) await this.#show(last.value);
		else this.#showNothing();
	}

	#showNothing(): void {
		this.#loading++;
		this.#place = null;
		this.leaf = null;
		this.ref = null;
		this.ends = [];
		this.#seen = null;
		this.#hold(NOTHING);
	}

	#hold(window: PathWindow): void {
		if (isSameWindow(this.#window, window)) return;
		this.#window = window;
		void this.marks.look(window.entries.map(({ id }) => id));
	}

	/** Goes on to an answer if the reader is still where the question was asked. */
	async #follow(run: RunRow): Promise<void> {
		if (run.conversation !== this.id) return;
		await this.#goOnTo(run);
		this.#seeHeard();
	}

	async #goOnTo(run: RunRow): Promise<void> {
		if (this.leaf !== run.parent) return;
		if (isOneOfSeveral(run)) return this.#refresh();
		const replaced = run.links.find(({ kind }) => kind === 'regen_of' || kind === 'continues')?.target;
		// Stopped before the first word: what was to be replaced is what there is.
		const next = run.node ?? (run.state === 'cancelled' ? replaced : undefined);
		if (next === undefined) return this.#refresh();
		const found = await this.#workspace.leafBelow(next);
		if (found.ok && this.leaf === run.parent) await this.#show(found.value);
	}

	/** Reads a path and shows it, both at once: what is on screen stays until the other is there. */
	async #show(place: Place, around: NodeId | null = null, hasOld = true): Promise<void> {
		await this.#read(place, around, hasOld);
		await this.#workspace.visit(this.id, place.leaf, place.ref);
	}

	/** @param hasOld whether the messages that are shown are still as they are */
	async #refresh(hasOld = true): Promise<void> {
		if (this.#place !== null) await this.#read(this.#place, null, hasOld);
	}

	async #read(place: Place, around: NodeId | null, hasOld = true): Promise<void> {
		const { leaf, ref } = place;
		const turn = ++this.#loading;
		this.#place = place;
		const [window, failed, refs, answers] = await Promise.all([
			around === null
				? readAgain(this.#workspace, leaf, this.#window, hasOld ? undefined : [])
				: this.#around(leaf, around),
			this.#lastFailure(leaf),
			this.#workspace.refs(this.id),
			this.#workspace.children(this.id, leaf)
		]);
		if (turn !== this.#loading) return;
		this.leaf = leaf;
		this.ref = ref;
		if (window.ok) this.#hold(window.value);
		const mine = refs.ok ? refs.value.find(({ name }) => name === ref) : undefined;
		this.ends = mine?.ends ?? [];
		this.#seen = mine?.heads.find(({ node }) => node === leaf)?.op ?? null;
		this.error = window.ok ? null : window.error.message;
		this.#unanswered = failed;
		this.undecided = answers.ok ? answers.value.length : 0;
	}

	async #around(leaf: NodeId, at: NodeId): ReturnType<typeof readAround> {
		const node = await this.#workspace.node(at);
		return node.ok && node.value
			? readAround(this.#workspace, leaf, node.value.pos)
			: readEnd(this.#workspace, leaf);
	}

	async #extend(
		read: typeof readOlder,
		join: (more: readonly PathEntry[], now: readonly PathEntry[]) => readonly PathEntry[]
	): Promise<void> {
		const { leaf } = this;
		const before = this.#window;
		if (leaf === null) return;
		const more = await read(this.#workspace, leaf, before);
		if (!more.ok || this.leaf !== leaf || this.#window !== before) return;
		this.#hold({ ...before, entries: join(more.value.entries, before.entries) });
	}

	async #lastFailure(leaf: NodeId): Promise<RunRow | null> {
		const failed = await this.#workspace.lastFailure(leaf);
		const last = failed.ok ? failed.value : null;
		if (!last) return null;
		const children = await this.#workspace.children(this.id, leaf);
		const wentOn = children.ok && children.value.some(({ createdAt }) => createdAt > last.createdAt);
		return wentOn ? null : last;
	}
}
