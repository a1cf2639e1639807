/** Between a conversation and the screens where messages are compared and merged: their addresses, in one place. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import { goto } from '$app/navigation';
import { resolve } from '$app/paths';

/** @param at a message in it */
export const goToConversation = (conversation: ConversationId, at?: NodeId): Promise<void> =>
	at === undefined
		? goto(resolve('/c/[conversation]', { conversation }))
		: goto(resolve(`/c/[conversation]?at=${at}`, { conversation }));

export const goToComparison = (conversation: ConversationId, nodes: readonly NodeId[]): Promise<void> =>
	goto(resolve(`/c/[conversation]/compare?of=${nodes.join(',')}`, { conversation }));

/** The answers to a question, while they are made and after. */
export const goToAnswers = (conversation: ConversationId, question: NodeId): Promise<void> =>
	goto(resolve(`/c/[conversation]/compare?answers=${question}`, { conversation }));

export const goToMerge = (conversation: ConversationId, nodes: readonly NodeId[]): Promise<void> =>
	goto(resolve(`/c/[conversation]/merge?of=${nodes.join(',')}`, { conversation }));
