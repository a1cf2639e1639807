/** Which branch a new message moves: every leaf is held by a ref, so no branch can vanish. */
import type { NodeId } from '@stemma/graph/node';
import type { MoveRef, OpId } from '@stemma/graph/op';
import { ok } from '@stemma/graph/result';
import { z } from 'zod';
import type { Row, Statement } from '../port.ts';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import type { RefRow, Workspace } from './workspace.ts';

const headRow = z.object({
	name: z.string(),
	kind: z.enum(['branch', 'bookmark', 'cursor']),
	op: z.string(),
	node: z.string()
});

/** The heads of one ref (?2), and how many refs the conversation has. */
export const refReads = (conversation: string, name: string | null): readonly Statement[] => [
	{
		sql: `SELECT ref.name, ref.kind, lower(hex(op.hash)) AS op, lower(hex(n.hash)) AS node FROM conv
		JOIN ref ON ref.conv_id = conv.id AND ref.name = ?2 JOIN ref_head h ON h.ref_id = ref.id
		JOIN op ON op.id = h.op_id JOIN node n ON n.id = h.node_id WHERE conv.uid = unhex(?1)`,
		params: [conversation, name]
	},
	{
		sql: `SELECT count(*) AS n, coalesce(max(CASE WHEN name GLOB 'branch-[0-9]*' THEN CAST(substr(name, 8) AS INTEGER) ELSE 1 END), 0) AS last
		FROM ref JOIN conv ON conv.id = ref.conv_id WHERE conv.uid = unhex(?1)`,
		params: [conversation]
	}
];

const countRow = z.object({ n: z.number(), last: z.number() });

function newBranchName(counted: Row | undefined): string {
	const { n, last } = countRow.parse(counted);
	return n === 0 ? 'main' : `branch-${Math.max(last, 1) + 1}`;
}

/**
 * The move to `target`: of the named branch if one of its heads is the parent, else of a new one.
 * Only the head that is replaced counts as seen, so two tabs that answer one leaf leave two heads.
 */
export function planMove(
	conversation: string,
	heads: readonly Row[],
	counted: Row | undefined,
	parent: NodeId | null,
	target: NodeId
): MoveRef {
	const head = heads.map((row) => headRow.parse(row)).find((row) => row.node === parent);
	return {
		kind: 'ref',
		conversation,
		name: head?.name ?? newBranchName(counted),
		refKind: 'branch',
		target,
		seen: head ? [head.op] : []
	};
}

export function createRefs(context: WorkspaceContext): Pick<Workspace, 'refs' | 'fork'> {
	return {
		async refs(conversation) {
			const rows = await context.store.query(
				`SELECT ref.name, ref.kind, lower(hex(op.hash)) AS op, lower(hex(n.hash)) AS node FROM conv
				JOIN ref ON ref.conv_id = conv.id JOIN ref_head h ON h.ref_id = ref.id
				JOIN op ON op.id = h.op_id JOIN node n ON n.id = h.node_id WHERE conv.uid = unhex(?1) ORDER BY ref.id, h.op_id`,
				[conversation]
			);
			if (!rows.ok) return rows;
			const refs = new Map<string, RefRow & { readonly heads: { node: NodeId; op: OpId }[] }>();
			for (const row of rows.value.map((raw) => headRow.parse(raw))) {
				const ref = refs.get(row.name) ?? { conversation, name: row.name, kind: row.kind, heads: [] };
				ref.heads.push({ node: row.node, op: row.op });
				refs.set(row.name, ref);
			}
			return ok([...refs.values()]);
		},
		fork: (conversation, node) =>
			commit(context, refReads(conversation, null), ({ rows }) => {
				const payload = planMove(conversation, [], rows[1]?.rows[0], null, node);
				return ok({
					payload,
					after: [{ sql: 'SELECT 1 AS one FROM node WHERE hash = unhex(?1)', params: [node], expect: 1 }],
					touched: { tables: ['ref'], conversations: [conversation], nodes: [node] },
					value: (op) => ({ ref: payload.name, op })
				});
			})
	};
}
