/** Addresses of the screens that replay and bisect a branch, and of the messages they lead to. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import { goto } from '$app/navigation';
import { resolve } from '$app/paths';

export const replayPath = (conversation: ConversationId, from: NodeId): string =>
	`${resolve('/c/[conversation]/replay', { conversation })}?from=${from}`;
export const bisectPath = (conversation: ConversationId, leaf: NodeId): string =>
	`${resolve('/c/[conversation]/bisect', { conversation })}?leaf=${leaf}`;
export const messagePath = (conversation: ConversationId, node: NodeId): string =>
	`${resolve('/c/[conversation]', { conversation })}?at=${node}`;

/** @param path one of those above, which are resolved */
// eslint-disable-next-line svelte/no-navigation-without-resolve
export const goToScreen = (path: string): Promise<void> => goto(path);
