/** The graph of a conversation on screen: read newest first, arranged in slices, kept up to date. */
import { parentRows, pathRows, rowOfKey, rowsBelow, type GraphRows } from '@stemma/graph/graph-rows';
import { foldedRows } from '@stemma/graph/folding';
import { addLane } from '@stemma/graph/lanes';
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type {
	NodeKey,
	NodeRow,
	OutlineMarks,
	OutlinePage,
	Workspace
} from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import { SvelteMap } from 'svelte/reactivity';
import {
	arrange,
	foldSheet,
	isFiltering,
	joinPages,
	keyOf,
	NO_FILTER,
	wholeGraph,
	type GraphFilter,
	type GraphOutline,
	type Sheet
} from './graph-sheet.ts';
import { walk, type Step } from './graph-walk.ts';

const FIRST_PAGE = 200;
const PAGE = 10_000;
/** More lines than this are not kept: what is far from the reader is read again. */
const MOST_LINES = 4000;
const QUIET_MS = 200;
const MOST_MARKED = 6;

export interface GraphLine {
	readonly id: NodeId;
	/** Null when redacted. */
	readonly line: string | null;
}
export interface GraphRef {
	readonly name: string;
	readonly kind: 'branch' | 'bookmark' | 'cursor';
	readonly isDiverged: boolean;
}

interface ReadGraph {
	readonly outline: GraphOutline;
	readonly graph: GraphRows;
}

/** Lets the page draw and hear keys before the next piece of work. */
const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

export class GraphView {
	readonly conversation: ConversationId;
	sheet = $state.raw<Sheet | null>(null);
	/** Whether all of the graph has been read. */
	isComplete = $state(false);
	error = $state<string | null>(null);
	readonly lines = new SvelteMap<NodeKey, GraphLine>();
	#marks = $state.raw<OutlineMarks>({ refs: [], tags: [], hidden: [] });
	/** The node one looks at; looking moves nothing. */
	looked = $state<NodeKey | null>(null);
	#preview = $state.raw<NodeRow | null>(null);
	marked = $state.raw<readonly NodeKey[]>([]);
	top = $state<NodeKey | null>(null);
	#filter = $state.raw<GraphFilter>(NO_FILTER);
	#query = $state('');
	isSearching = $state(false);
	areFolded = $state(true);

	readonly filter = $derived(this.#filter);
	readonly isFiltered = $derived(isFiltering(this.#filter) || this.#query.trim() !== '');
	readonly count = $derived(this.sheet?.shown.rows.length ?? 0);
	readonly preview = $derived(
		this.#preview !== null && this.looked !== null && this.lines.get(this.looked)?.id === this.#preview.id
			? this.#preview
			: null
	);
	readonly tags = $derived(
		new Map(
			[...Map.groupBy(this.#marks.tags, ({ key }) => key)].map(([key, tags]) => [
				key,
				tags.map(({ value }) => value)
			])
		)
	);
	/** Hidden from the conversation; the graph shows that they are. */
	readonly hidden = $derived(new Set(this.#marks.hidden));
	readonly tagNames = $derived([...new Set(this.#marks.tags.map(({ value }) => value))].toSorted());
	readonly models = $derived(
		this.isComplete
			? [...new Set([...(this.sheet?.outline.answers.values() ?? [])].map(({ model }) => model))].toSorted()
			: []
	);
	readonly refs = $derived.by((): ReadonlyMap<NodeKey, readonly GraphRef[]> => {
		const heads = Map.groupBy(this.#marks.refs, ({ name }) => name);
		return new Map(
			[...Map.groupBy(this.#marks.refs, ({ key }) => key)].map(([key, refs]) => [
				key,
				refs.map(({ name, kind }) => ({ name, kind, isDiverged: this.#isDiverged(heads.get(name) ?? []) }))
			])
		);
	});

	readonly #workspace: Workspace;
	readonly #unsubscribe: () => void;
	#pages: readonly OutlinePage[] = [];
	/** What the pages make, once somebody asked. */
	#read: ReadGraph | null = null;
	#leaf: NodeKey | null = null;
	#opened = new Set<NodeKey>();
	#mostLanes = 24;
	#reading = 0;
	#arranging = 0;
	#isArranging = false;
	#wanted: readonly NodeKey[] = [];
	#isReadingLines = false;
	#isCatchingUp = false;
	#isBehind = false;
	#searched: AbortController | null = null;
	#timer: ReturnType<typeof setTimeout> | null = null;

	constructor(workspace: Workspace, conversation: ConversationId) {
		this.#workspace = workspace;
		this.conversation = conversation;
		this.#unsubscribe = workspace.onChange(({ tables, conversations }) => {
			// A merged backup names no conversations: anything may have come.
			const isMine = conversations?.includes(conversation) ?? true;
			// Texts or messages are gone for good: nothing read before is sure to be there.
			if (isMine && tables.includes('body')) void this.open();
			else if (isMine && tables.includes('node')) void this.#catchUp();
			if ((isMine && tables.includes('ref')) || tables.includes('member')) void this.#readMarks();
		});
	}

	close(): void {
		this.#reading++;
		this.#arranging++;
		this.#unsubscribe();
		this.#searched?.abort();
		if (this.#timer !== null) clearTimeout(this.#timer);
	}

	/**
	 * Reads the graph: the newest rows are on screen before the others are read.
	 *
	 * @param following what is under way to find the path, without which lanes would have to move
	 */
	async open(following: Promise<void> = Promise.resolve()): Promise<void> {
		const turn = ++this.#reading;
		this.isComplete = false;
		this.lines.clear();
		this.#preview = null;
		const marks = this.#readMarks();
		let pages: readonly OutlinePage[] = [];
		/** @returns how many there were; null when there is nothing to go on with */
		const readOlder = async (limit: number): Promise<number | null> => {
			const before = pages.at(-1)?.keys.at(-1);
			const page = await this.#workspace.outlinePage(this.conversation, {
				limit,
				...(before === undefined ? {} : { before })
			});
			if (turn !== this.#reading) return null;
			this.error = page.ok ? null : page.error.message;
			if (!page.ok) return null;
			pages = [...pages, page.value];
			return page.value.keys.length;
		};
		const show = async (): Promise<boolean> => {
			this.#pages = pages;
			this.#read = null;
			await this.#arrange();
			return turn === this.#reading;
		};
		const first = await readOlder(FIRST_PAGE);
		if (first === null) return;
		await Promise.all([marks, following]);
		if (!(await show())) return;
		// What one looked at may be redacted by now, or gone.
		if (this.looked !== null) void this.#readPreview(this.looked);
		if (first === FIRST_PAGE) {
			for (let read = PAGE; read === PAGE;) {
				const count = await readOlder(PAGE);
				if (count === null) return;
				read = count;
			}
			if (!(await show())) return;
		}
		this.isComplete = true;
		void this.#catchUp();
	}

	/** Keeps lane 0 for the path that ends here. */
	async follow(leaf: NodeId | null): Promise<void> {
		const key = leaf === null ? null : await this.#workspace.outlineKey(this.conversation, leaf);
		if (key !== null && !key.ok) return;
		this.#leaf = key?.value ?? null;
		if (this.looked === null && this.#leaf !== null) this.look(this.#leaf);
		const newest = this.sheet?.outline.keys[0] ?? 0;
		// One that is not read yet is on its way, and the path with it.
		if (this.sheet && this.sheet.leaf !== this.#leaf && (this.#leaf ?? 0) <= newest) await this.#arrange();
	}

	/** As many lanes as there is room for. */
	async setMostLanes(most: number): Promise<void> {
		if (most === this.#mostLanes) return;
		this.#mostLanes = most;
		if (this.sheet) await this.#arrange();
	}

	async setFilter(part: Partial<Omit<GraphFilter, 'matches'>>): Promise<void> {
		this.#filter = { ...this.#filter, ...part };
		await this.#arrange();
	}

	get query(): string {
		return this.#query;
	}

	set query(text: string) {
		this.#query = text;
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#search(text.trim()), QUIET_MS);
	}

	async clearFilter(): Promise<void> {
		this.#searched?.abort();
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.isSearching = false;
		this.#query = '';
		this.#filter = NO_FILTER;
		await this.#arrange();
	}

	/** Shows only what follows from a node; null brings the rest back. */
	async hoist(key: NodeKey | null): Promise<void> {
		this.top = key;
		await this.#arrange();
	}

	setFolded(areFolded: boolean): void {
		this.areFolded = areFolded;
		this.#opened = new Set();
		this.#fold();
	}

	/** Shows the rows of the fold on a line. */
	openFold(line: number): void {
		const { sheet } = this;
		const row = sheet?.shown.rows[line];
		if (!sheet || row === undefined) return;
		const oldest = foldedRows(sheet.graph, row, sheet.shown.counts[line] ?? 1).at(-1) ?? row;
		this.#opened = new Set([...this.#opened, keyOf(sheet, oldest)]);
		this.#fold();
	}

	look(key: NodeKey): void {
		this.looked = key;
		void this.#readPreview(key);
	}

	walk(step: Step, page: number): void {
		if (!this.sheet || this.count === 0) return;
		this.look(walk(this.sheet, this.looked ?? keyOf(this.sheet, 0), step, page));
	}

	/** Marks a node for comparing and merging, or takes the mark away. */
	mark(key: NodeKey): void {
		if (this.marked.includes(key)) this.marked = this.marked.filter((other) => other !== key);
		else if (this.marked.length < MOST_MARKED) this.marked = [...this.marked, key];
		else toast(`At most ${MOST_MARKED} messages can be marked.`);
		this.#fold();
	}

	/** The marked nodes, then the one given, by id; those whose lines are not read are looked up. */
	async chosen(key: NodeKey): Promise<readonly NodeId[]> {
		const keys = [...new Set([...this.marked, key])].slice(0, MOST_MARKED);
		await this.#readLines(keys.filter((each) => !this.lines.has(each)));
		return keys.flatMap((each) => this.lines.get(each)?.id ?? []);
	}

	async idOf(key: NodeKey): Promise<NodeId | null> {
		if (!this.lines.has(key)) await this.#readLines([key]);
		return this.lines.get(key)?.id ?? null;
	}

	async toggleBookmark(key: NodeKey): Promise<void> {
		const id = await this.idOf(key);
		if (id === null) return;
		const done = await this.#workspace.toggleBookmark(this.conversation, id, this.lines.get(key)?.line ?? '');
		if (!done.ok) {
			toast.error('The bookmark was not saved.', { description: done.error.message });
			return;
		}
		const { isBookmarked, op } = done.value;
		toast(isBookmarked ? 'Bookmarked' : 'Bookmark taken away', {
			id: 'bookmark',
			action: { label: 'Undo', onClick: () => void this.#workspace.undo(op) }
		});
	}

	/** @returns whether it has the name now */
	async renameBookmark(key: NodeKey, name: string): Promise<boolean> {
		const id = await this.idOf(key);
		if (id === null) return false;
		const done = await this.#workspace.renameBookmark(this.conversation, id, name);
		if (!done.ok) {
			if (done.error.code === 'constraint') return true;
			toast.error('The bookmark was not renamed.', { description: done.error.message });
			return false;
		}
		const { op } = done.value;
		toast(`Bookmark renamed to ${done.value.name}`, {
			id: 'bookmark',
			action: { label: 'Undo', onClick: () => void this.#workspace.undo(op) }
		});
		return true;
	}

	/** The lines of these rows, soon; those asked for before and still missing are no longer wanted. */
	want(keys: readonly NodeKey[]): void {
		this.#wanted = keys;
		if (!this.#isReadingLines) void this.#readWanted();
	}

	async #readWanted(): Promise<void> {
		this.#isReadingLines = true;
		for (;;) {
			const missing = this.#wanted.filter((key) => !this.lines.has(key));
			if (missing.length === 0 || !(await this.#readLines(missing))) break;
		}
		this.#isReadingLines = false;
	}

	/** @returns false when nothing came */
	async #readLines(keys: readonly NodeKey[]): Promise<boolean> {
		if (keys.length === 0) return true;
		const read = await this.#workspace.outlineLines(keys);
		if (!read.ok || read.value.length === 0) return false;
		if (this.lines.size > MOST_LINES) {
			const near = new Set([...this.#wanted, ...this.marked, this.looked]);
			for (const key of this.lines.keys()) if (!near.has(key)) this.lines.delete(key);
		}
		for (const { key, id, line } of read.value) this.lines.set(key, { id, line });
		return read.value.length === keys.length;
	}

	async #readPreview(key: NodeKey): Promise<void> {
		const id = await this.idOf(key);
		if (id === null || this.looked !== key) return;
		const node = await this.#workspace.node(id);
		if (node.ok && this.looked === key) this.#preview = node.value;
	}

	async #readMarks(): Promise<void> {
		const marks = await this.#workspace.outlineMarks(this.conversation);
		if (!marks.ok) return;
		this.#marks = marks.value;
		this.#fold();
	}

	async #search(text: string): Promise<void> {
		this.#searched?.abort();
		const search = new AbortController();
		this.#searched = search;
		this.isSearching = text !== '';
		const matches = new Set<NodeKey>();
		try {
			if (text !== '')
				for await (const keys of this.#workspace.outlineMatches(this.conversation, text, search.signal))
					for (const key of keys) matches.add(key);
		} catch (thrown) {
			if (!search.signal.aborted) this.error = thrown instanceof Error ? thrown.message : String(thrown);
		}
		if (search.signal.aborted) return;
		this.isSearching = false;
		this.#filter = { ...this.#filter, matches: text === '' ? null : matches };
		await this.#arrange();
	}

	#whole(): ReadGraph {
		if (!this.#read) {
			const outline = joinPages(this.#pages);
			this.#read = { outline, graph: wholeGraph(outline) };
		}
		return this.#read;
	}

	/** Anew, in slices if there is more than the first page; the newest request wins. */
	async #arrange(): Promise<void> {
		const turn = ++this.#arranging;
		this.#isArranging = true;
		const pause = this.#pages.length > 1 ? breath : undefined;
		await pause?.();
		if (turn !== this.#arranging) return;
		const { outline, graph } = this.#whole();
		const steps = arrange(outline, graph, {
			leaf: this.#leaf,
			top: this.top,
			filter: this.#filter,
			tags: this.tags,
			mostLanes: this.#mostLanes
		});
		for (;;) {
			await pause?.();
			if (turn !== this.#arranging) return;
			const step = steps.next();
			if (step.done !== true) continue;
			this.#isArranging = false;
			this.sheet = foldSheet(step.value, this.#folds());
			return;
		}
	}

	/** What was written since goes on top; nothing that is there moves to another lane, and the path goes on. */
	async #catchUp(): Promise<void> {
		this.#isBehind = true;
		if (!this.isComplete || this.#isCatchingUp) return;
		this.#isCatchingUp = true;
		while (this.#isBehind) {
			this.#isBehind = false;
			const after = this.#pages[0]?.keys[0] ?? 0;
			const page = await this.#workspace.outlinePage(this.conversation, { after });
			if (!page.ok || page.value.keys.length === 0 || !this.isComplete) continue;
			this.#pages = [page.value, ...this.#pages];
			this.#read = null;
			const { sheet } = this;
			const isWhole = sheet?.places === null && this.top === null && !this.isFiltered && !this.#isArranging;
			if (isWhole && page.value.keys.length <= FIRST_PAGE) this.#putOnTop(sheet, page.value.keys.length);
			else await this.#arrange();
		}
		this.#isCatchingUp = false;
	}

	#putOnTop(sheet: Sheet, added: number): void {
		const { outline, graph } = this.#whole();
		let { lanes, leaf } = sheet;
		for (let row = added - 1; row >= 0; row--) {
			const parents = parentRows(graph, row);
			const goesOn = leaf !== null && outline.keys[parents[0] ?? -1] === leaf;
			if (goesOn) leaf = outline.keys[row] ?? leaf;
			lanes = addLane(
				lanes,
				parents.map((parent) => parent - row),
				goesOn,
				leaf !== null
			);
		}
		this.#leaf = leaf;
		const path = leaf === null ? null : pathRows(graph, rowOfKey(outline.keys, leaf));
		this.sheet = foldSheet({ outline, leaf, places: null, graph, path, lanes }, this.#folds());
	}

	/** A head that lies behind another is where the branch was; two that do not are two ends. */
	#isDiverged(heads: OutlineMarks['refs']): boolean {
		if (heads.length < 2 || !this.sheet) return false;
		const { outline, graph } = this.#whole();
		const rows = [...new Set(heads.map(({ key }) => rowOfKey(outline.keys, key)))].filter((row) => row >= 0);
		const ends = rows.filter((row) => {
			const below = rowsBelow(graph, row);
			return !rows.some((other) => other !== row && below[other] === 1);
		});
		return ends.length > 1;
	}

	#folds(): Parameters<typeof foldSheet>[1] {
		return {
			areFolded: this.areFolded && !this.isFiltered,
			opened: this.#opened,
			kept: new Set([...this.marked, ...this.#marks.refs.map(({ key }) => key), ...this.tags.keys()])
		};
	}

	#fold(): void {
		if (this.sheet) this.sheet = foldSheet(this.sheet, this.#folds());
	}
}
