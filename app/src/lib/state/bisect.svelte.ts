/** The search for the first bad message of a path. Reads only the message it asks about and the one before it. */
import { bisect, type BisectMark, type BisectState, type Mark } from '@stemma/graph/bisect';
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { PathEntry, Workspace } from '@stemma/store/workspace/workspace';
import * as z from 'zod/mini';

const kept = z.array(z.object({ pos: z.int().check(z.minimum(0)), mark: z.enum(['good', 'bad', 'skip']) }));

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

	readonly close: () => void;
	readonly #workspace: Workspace;
	readonly #conversation: ConversationId;

	constructor(workspace: Workspace, conversation: ConversationId, leaf: NodeId) {
		this.#workspace = workspace;
		this.#conversation = conversation;
		this.leaf = leaf;
		// The same branch may be searched in another tab, or a backup bring its marks.
		this.close = workspace.onChange(({ tables, conversations }) => {
			if (this.isLoaded && tables.includes('unfinished') && (conversations?.includes(conversation) ?? true))
				void this.#read();
		});
	}

	async open(): Promise<void> {
		const tip = await this.#workspace.path(this.leaf, { limit: 1 });
		if (tip.ok) {
			this.length = tip.value.total;
			await this.#read();
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
		const saved = await this.#workspace.saveUnfinished(
			'bisect',
			this.#conversation,
			this.leaf,
			marks.length === 0 ? null : marks.map(({ pos, mark }) => ({ pos, mark }))
		);
		await this.#show();
		if (!saved.ok) this.error = `The marks were not saved: ${saved.error.message}`;
	}

	async #show(): Promise<void> {
		const { pos } = this;
		const path = await this.#workspace.path(this.leaf, { limit: 2, before: pos + 1 });
		if (pos !== this.pos) return;
		this.shown = path.ok ? path.value.entries : [];
		this.error = path.ok ? null : path.error.message;
	}

	async #read(): Promise<void> {
		const found = await this.#workspace.unfinished('bisect', this.#conversation, this.leaf);
		const parsed = kept.safeParse(found.ok ? found.value : null);
		this.marks = parsed.success ? parsed.data : [];
		await this.#show();
	}
}
