/** Where the path on screen forks: read in pages, from its end to its beginning. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { PathFork, Workspace } from '@stemma/store/workspace/workspace';

const PAGE = 5000;

export class PathForks {
	/** Oldest first. */
	all = $state.raw<readonly PathFork[]>([]);
	readonly #workspace: Workspace;
	/** What was read last. */
	#known: { readonly leaf: NodeId; readonly total: number } | null = null;
	/** Messages that were written since, wherever. */
	#written: readonly NodeId[] = [];
	#turn = 0;
	readonly close: () => void;

	constructor(workspace: Workspace, conversation: ConversationId) {
		this.#workspace = workspace;
		this.close = workspace.onChange(({ tables, conversations, nodes }) => {
			if (!tables.includes('node') || conversations?.includes(conversation) === false) return;
			if (nodes) this.#written = [...this.#written, ...nodes];
			else this.#known = null;
		});
	}

	/** @param total length of the path */
	async read(leaf: NodeId | null, total: number): Promise<void> {
		const turn = ++this.#turn;
		const written = this.#written;
		this.#written = [];
		// What is not the end of this path may stand beside any message of it.
		if (written.some((node) => node !== leaf && node !== this.#known?.leaf)) this.#known = null;
		const known = this.#known;
		if (leaf === null) {
			this.#known = null;
			this.all = [];
			return;
		}
		// A path that goes on from where it ended forks where it did, and from there on.
		const goesOn =
			known !== null && known.total < total ? await this.#workspace.isOnPath(known.leaf, leaf) : null;
		const from = known !== null && goesOn?.ok === true && goesOn.value ? known.total - 1 : 0;
		let found: readonly PathFork[] = [];
		for (let before = total; before > from; before -= PAGE) {
			const page = await this.#workspace.pathForks(leaf, { limit: PAGE, before, from });
			if (turn !== this.#turn || !page.ok) return;
			found = [...page.value, ...found];
		}
		if (turn !== this.#turn) return;
		this.all = [...this.all.filter(({ pos }) => pos < from), ...found];
		this.#known = { leaf, total };
	}

	/** The nearest one before a position, or after it; null when there is none. */
	near(pos: number, direction: 'previous' | 'next'): PathFork | null {
		return (
			(direction === 'previous'
				? this.all.findLast((fork) => fork.pos < pos)
				: this.all.find((fork) => fork.pos > pos)) ?? null
		);
	}
}
