/** What the graph's keys do, as ways through the app. The addresses of other pages are made here. */
import type { NodeId } from '@stemma/graph/node';
import type { NodeKey, Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import { goto } from '$app/navigation';
import { resolve } from '$app/paths';
import type { GraphActions } from '#lib/features/graph/graph-actions.ts';
import type { GraphView } from '#lib/state/graph-view.svelte.ts';

const addressOf = (
	conversation: string,
	page: '' | '/graph' | '/compare' | '/merge' = '',
	query: Readonly<Record<string, string>> = {}
): string => {
	const search = Object.entries(query).map(([name, value]) => `${name}=${value}`);
	const path = `${resolve('/c/[conversation]', { conversation })}${page}`;
	return search.length === 0 ? path : `${path}?${search.join('&')}`;
};
// eslint-disable-next-line svelte/no-navigation-without-resolve -- resolved above
const go = (...to: Parameters<typeof addressOf>): Promise<void> => goto(addressOf(...to));

export const goToGraph = (conversation: string): Promise<void> => go(conversation, '/graph');

/** @param open shows a message where the graph is beside its conversation; without it the page is opened */
export function createGraphActions(
	view: GraphView,
	workspace: Workspace,
	open: (node: NodeId) => void = (node) => void go(view.conversation, '', { at: node })
): GraphActions {
	const withMarked = async (key: NodeKey, page: 'compare' | 'merge'): Promise<void> => {
		const nodes = await view.chosen(key);
		if (nodes.length >= 2) void go(view.conversation, `/${page}`, { of: nodes.join(',') });
		else if (page === 'compare' && nodes.length === 1) {
			if (!view.marked.includes(key)) view.mark(key);
		} else toast('Mark another message first, with Space.');
	};
	return {
		open: (key) => void view.idOf(key).then((node) => node !== null && open(node)),
		fork: async (key) => {
			const node = await view.idOf(key);
			if (node === null) return;
			const forked = await workspace.fork(view.conversation, node);
			if (!forked.ok) {
				toast.error('The branch could not be made.', { description: forked.error.message });
				return;
			}
			// A place one has been at is where opening leads: the end of the new branch.
			await workspace.visit(view.conversation, node, forked.value.ref);
			open(node);
		},
		compare: (key) => void withMarked(key, 'compare'),
		merge: (key) => void withMarked(key, 'merge')
	};
}
