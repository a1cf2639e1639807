/** Two to six messages, or the branches that end in them, beside each other. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { NodeRow, Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import { readColumns, readMore, type Column, type ColumnsProblem } from './columns.ts';

export class Comparison {
	columns = $state.raw<readonly Column[]>([]);
	common = $state.raw<NodeRow | null>(null);
	problem = $state<ColumnsProblem | null>(null);
	isLoaded = $state(false);

	readonly #workspace: Workspace;

	constructor(workspace: Workspace) {
		this.#workspace = workspace;
	}

	async load(conversation: ConversationId, nodes: readonly NodeId[]): Promise<void> {
		const read = await readColumns(this.#workspace, conversation, nodes);
		if (read.ok) {
			this.columns = read.value.columns;
			this.common = read.value.common;
		} else this.problem = read.error;
		this.isLoaded = true;
	}

	/** Further messages of the branch in a column. */
	async readMore(at: number): Promise<void> {
		const column = this.columns[at];
		const more = column ? await readMore(this.#workspace, column) : null;
		if (more?.ok === true) this.columns = this.columns.with(at, more.value);
		else if (more) toast.error('The messages could not be read.', { description: more.error.message });
	}
}
