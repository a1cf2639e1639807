/** The search for the first bad message of a path. Reads only the message it asks about and the one before it. */
import { bisect, type BisectMark, type BisectState, type Mark } from '@stemma/graph/bisect';
import type { NodeId } from '@stemma/graph/node';
import type { PathEntry, Workspace } from '@stemma/store/workspace/workspace';
import * as z from 'zod/mini';

const kept = z.array(z.object({ pos: z.int().check(z.minimum(0)), mark: z.enum(['good', 'bad', 'skip']) }));
const keyOf = (leaf: NodeId): string => `stemma.bisect.${leaf}`;

export class Bisect {
	readonly leaf: NodeId;
	length = $state(0);
	marks = $state.raw<readonly BisectMark[]>([]);
	/** The message to look at, and the one before it. */
	shown = $state.raw<readonly PathEntry[]>([]);
	isLoaded = $state(false);
	error = $state<string | null>(null);
	readonly state = $derived<BisectState>(bisect(this.length, this.marks));
	/** What to look at: what is asked about, or what was found. */
	readonly pos = $derived(
		this.state.kind === 'asking'
			? this.state.pos
			: this.state.kind === 'found'
				? this.state.from
				: this.state.kind === 'contradiction'
					? this.state.bad
					: this.length - 1
	);

	readonly #workspace: Workspace;
	readonly #storage: Storage;

	constructor(workspace: Workspace, leaf: NodeId, storage: Storage) {
		this.#workspace = workspace;
		this.#storage = storage;
		this.leaf = leaf;
	}

	async open(): Promise<void> {
		const tip = await this.#workspace.path(this.leaf, { limit: 1 });
		if (tip.ok) {
			this.length = tip.value.total;
			this.marks = this.#read();
			await this.#show();
		} else this.error = 'This message is not in the database.';
		this.isLoaded = true;
	}

	async mark(mark: Mark): Promise<void> {
		await this.#set([...this.marks, { pos: this.pos, mark }]);
	}

	async undo(): Promise<void> {
		await this.#set(this.marks.slice(0, -1));
	}

	async startAgain(): Promise<void> {
		await this.#set([]);
	}

	async #set(marks: readonly BisectMark[]): Promise<void> {
		this.marks = marks;
		if (marks.length === 0) this.#storage.removeItem(keyOf(this.leaf));
		else this.#storage.setItem(keyOf(this.leaf), JSON.stringify(marks));
		await this.#show();
	}

	async #show(): Promise<void> {
		const { pos } = this;
		const path = await this.#workspace.path(this.leaf, { limit: 2, before: pos + 1 });
		if (pos !== this.pos) return;
		this.shown = path.ok ? path.value.entries : [];
		this.error = path.ok ? null : path.error.message;
	}

	#read(): readonly BisectMark[] {
		try {
			const parsed = kept.safeParse(JSON.parse(this.#storage.getItem(keyOf(this.leaf)) ?? '[]'));
			return parsed.success ? parsed.data : [];
		} catch {
			return [];
		}
	}
}
