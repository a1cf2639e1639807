/** Where the path on screen forks: read in pages, from its end to its beginning. */
import type { NodeId } from '@stemma/graph/node';
import type { PathFork, Workspace } from '@stemma/store/workspace/workspace';

const PAGE = 5000;

export class PathForks {
	/** Oldest first. */
	all = $state.raw<readonly PathFork[]>([]);
	readonly #workspace: Workspace;
	#turn = 0;

	constructor(workspace: Workspace) {
		this.#workspace = workspace;
	}

	/** @param total length of the path */
	async read(leaf: NodeId | null, total: number): Promise<void> {
		const turn = ++this.#turn;
		if (leaf === null) {
			this.all = [];
			return;
		}
		let found: readonly PathFork[] = [];
		for (let before = total; before > 0; before -= PAGE) {
			const page = await this.#workspace.pathForks(leaf, { limit: PAGE, before });
			if (turn !== this.#turn || !page.ok) return;
			found = [...page.value, ...found];
		}
		this.all = found;
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
