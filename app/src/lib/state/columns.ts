/** What stands beside each other: ends of branches with all that is their own, from where their paths part. */
import { MOST_MERGED, passagesOf, type Passage } from '@stemma/graph/merge-plan';
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import { err, ok, type Result } from '@stemma/graph/result';
import type { StoreError } from '@stemma/store/port';
import type { NodeRow, PathEntry, Relation, RunRow, Workspace } from '@stemma/store/workspace/workspace';
import type { LiveRun } from './run-registry.svelte.ts';

export const MOST_COLUMNS = MOST_MERGED;
/** A longer branch is read by so many messages at a time. */
const PAGE = 40;

export interface Column {
	readonly key: string;
	/** Oldest first; empty while the first answer is being made, or when there is none. */
	readonly entries: readonly PathEntry[];
	/** Messages of the branch that are not shown. */
	readonly later: number;
	/** What makes it, or made its last message. */
	readonly run: RunRow | null;
	readonly live: LiveRun | null;
	/** The end of the branch. */
	readonly tip: PathEntry | null;
}

export type ColumnsProblem = 'too_few' | 'too_many' | 'unknown' | 'elsewhere';

export interface Columns {
	readonly columns: readonly Column[];
	readonly relation: Relation;
	/** The last message that all share; one of those given, if the others go on from it. */
	readonly common: NodeRow | null;
}

/** The passages of a column, message by message. */
export const passagesIn = (column: Column): readonly (readonly Passage[])[] =>
	column.entries.map(({ id, body }) => passagesOf(id, body));

/** From the address: given once each, in order. */
export const nodesOf = (list: string | null): readonly NodeId[] => [
	...new Set((list ?? '').split(',').filter((id) => id !== ''))
];

export async function readEntry(workspace: Workspace, node: NodeId): Promise<PathEntry | null> {
	const path = await workspace.path(node, { limit: 1 });
	return path.ok ? (path.value.entries[0] ?? null) : null;
}

/** The column with the next messages of its branch. */
export async function readMore(workspace: Workspace, column: Column): Promise<Result<Column, StoreError>> {
	const { tip, entries, later } = column;
	const last = entries.at(-1);
	if (!tip || !last || later === 0) return ok(column);
	const limit = Math.min(later, PAGE);
	const path = await workspace.path(tip.id, { limit, before: last.pos + 1 + limit });
	if (!path.ok) return path;
	const more = path.value.entries;
	return ok({ ...column, entries: [...entries, ...more], later: later - more.length });
}

export async function readColumns(
	workspace: Workspace,
	conversation: ConversationId,
	nodes: readonly NodeId[]
): Promise<Result<Columns, ColumnsProblem>> {
	if (nodes.length < 2) return err('too_few');
	if (nodes.length > MOST_COLUMNS) return err('too_many');
	const tips: PathEntry[] = [];
	for (const node of nodes) {
		const entry = /^[0-9a-f]{64}$/.test(node) ? await readEntry(workspace, node) : null;
		if (!entry) return err('unknown');
		if (entry.conversation !== conversation) return err('elsewhere');
		tips.push(entry);
	}
	const relation = await workspace.relate(nodes);
	if (!relation.ok) return err('unknown');
	const { common } = relation.value;
	const shared = common === null ? null : await readEntry(workspace, common);
	// One that the others go on from has nothing of its own: then all begin with it.
	const isOneOfThem = common !== null && nodes.includes(common);
	const start = shared === null ? 0 : isOneOfThem ? shared.pos : shared.pos + 1;
	const columns: Column[] = [];
	for (const tip of tips) {
		const own = tip.pos + 1 - start;
		const limit = Math.min(own, PAGE);
		const path = await workspace.path(tip.id, { limit, before: start + limit });
		if (!path.ok) return err('unknown');
		const { entries } = path.value;
		columns.push({ key: tip.id, entries, later: own - entries.length, run: tip.run, live: null, tip });
	}
	return ok({ columns, relation: relation.value, common: shared });
}
