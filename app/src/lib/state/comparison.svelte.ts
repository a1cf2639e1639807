/** Two to six messages, or the branches that end in them, beside each other. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { NodeRow, Workspace } from '@stemma/store/workspace/workspace';
import { readColumns, type Column, type ColumnsProblem } from './columns.ts';

export class Comparison {
	columns = $state.raw<readonly Column[]>([]);
	common = $state.raw<NodeRow | null>(null);
	problem = $state<ColumnsProblem | null>(null);
	isLoaded = $state(false);

	async load(workspace: Workspace, conversation: ConversationId, nodes: readonly NodeId[]): Promise<void> {
		const read = await readColumns(workspace, conversation, nodes);
		if (read.ok) {
			this.columns = read.value.columns;
			this.common = read.value.common;
		} else this.problem = read.error;
		this.isLoaded = true;
	}
}
