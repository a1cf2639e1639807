/** A branch goes on with another version; the one it leaves stays, and so does the way back. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import { toast } from '#lib/toast.ts';
import type { Desk } from './app-state.svelte.ts';

/** @param ref the branch to move; null for a reader on none, who just goes there */
export async function keepVersion(
	{ workspace, history }: Pick<Desk, 'workspace' | 'history'>,
	conversation: ConversationId,
	ref: string | null,
	version: NodeId
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
	history.offer(`“${ref}” goes on with this version.`, moved.value, 'The others stay as they are.');
	return true;
}
