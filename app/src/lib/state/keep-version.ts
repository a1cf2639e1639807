/** A branch goes on with another version; the one it leaves stays, and so does the way back. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { toast } from 'svelte-sonner';

/**
 * @param ref the branch to move; null for a reader on none, who just goes there
 * @param onUndone told when the reader has taken it back
 */
export async function keepVersion(
	workspace: Workspace,
	conversation: ConversationId,
	ref: string | null,
	version: NodeId,
	onUndone?: () => void
): Promise<boolean> {
	const below = await workspace.leafBelow(version);
	if (!below.ok) {
		toast.error('The version could not be kept.', { description: below.error.message });
		return false;
	}
	const { leaf } = below.value;
	if (ref === null) return (await workspace.visit(conversation, leaf, below.value.ref)).ok;
	const moved = await workspace.moveBranch(conversation, ref, leaf);
	if (!moved.ok) {
		toast.error('The version could not be kept.', { description: moved.error.message });
		return false;
	}
	await workspace.visit(conversation, leaf, ref);
	toast(`“${ref}” goes on with this version.`, {
		description: 'The others stay as they are.',
		action: {
			label: 'Undo',
			onClick: () =>
				void workspace.undo(moved.value).then((undone) => {
					if (undone.ok) onUndone?.();
					else toast.error('This could not be undone.', { description: undone.error.message });
				})
		}
	});
	return true;
}
