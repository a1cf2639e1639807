/** Which branch a new message moves: every leaf is held by a ref, so no branch can vanish. */
import type { NodeId } from '@stemma/graph/node';
import type { MoveRef, OpId } from '@stemma/graph/op';
import { err, ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
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

/** The heads of one branch (?2), and how many branches the conversation has. */
export const refReads = (conversation: string, name: string | null): readonly Statement[] => [
	{
		sql: `SELECT ref.name, ref.kind, lower(hex(op.hash)) AS op, lower(hex(n.hash)) AS node FROM conv
		CROSS JOIN ref ON ref.conv_id = conv.id AND ref.name = ?2 AND ref.kind = 'branch' CROSS JOIN ref_head h ON h.ref_id = ref.id
		CROSS JOIN op ON op.id = h.op_id CROSS JOIN node n ON n.id = h.node_id WHERE conv.uid = unhex(?1)`,
		params: [conversation, name]
	},
	{
		sql: `SELECT count(*) AS n, coalesce(max(CASE WHEN name GLOB 'branch-[0-9]*' THEN CAST(substr(name, 8) AS INTEGER) ELSE 1 END), 0) AS last
		FROM ref JOIN conv ON conv.id = ref.conv_id WHERE conv.uid = unhex(?1) AND ref.kind = 'branch'`,
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
 * Only the head that is replaced counts as seen. Who says which move was the last it has seen stays on the
 * branch, so two tabs that answer one leaf leave two heads.
 */
export function planMove(
	conversation: string,
	heads: readonly Row[],
	counted: Row | undefined,
	parent: NodeId | null,
	target: NodeId,
	lastSeen: { readonly name: string; readonly op: OpId } | null = null
): MoveRef {
	const head = heads.map((row) => headRow.parse(row)).find((row) => row.node === parent) ?? lastSeen;
	return {
		kind: 'ref',
		conversation,
		name: head?.name ?? newBranchName(counted),
		refKind: 'branch',
		target,
		seen: head ? [head.op] : []
	};
}

/** Of some nodes (?1, a JSON list) those on which another of them rests. */
export const BEHIND = `
WITH RECURSIVE top (id, gen) AS (SELECT id, gen FROM node WHERE hash IN (SELECT unhex(value) FROM json_each(?1))),
a (id) AS (
	SELECT e.parent_id FROM top CROSS JOIN edge e ON e.child_id = top.id
	UNION
	SELECT e.parent_id FROM a CROSS JOIN node n ON n.id = a.id CROSS JOIN edge e ON e.child_id = a.id WHERE n.gen > (SELECT min(gen) FROM top)
)
SELECT lower(hex(node.hash)) AS node FROM top CROSS JOIN node ON node.id = top.id WHERE top.id IN (SELECT id FROM a)`;

/** Leaves that the named ref (?2) alone holds. */
const HELD_ALONE = `
SELECT lower(hex(n.hash)) AS node FROM conv CROSS JOIN ref ON ref.conv_id = conv.id AND ref.name = ?2
CROSS JOIN ref_head h ON h.ref_id = ref.id CROSS JOIN node n ON n.id = h.node_id WHERE conv.uid = unhex(?1)
	AND NOT EXISTS (SELECT 1 FROM edge WHERE edge.parent_id = n.id)
	AND NOT EXISTS (SELECT 1 FROM ref_head o WHERE o.node_id = n.id AND o.ref_id <> ref.id)`;

export function createRefs(
	context: WorkspaceContext
): Pick<Workspace, 'refs' | 'fork' | 'keepBoth' | 'moveBranch'> {
	return {
		async refs(conversation) {
			const rows = await context.store.query(
				`SELECT ref.name, ref.kind, lower(hex(op.hash)) AS op, lower(hex(n.hash)) AS node FROM conv
				CROSS JOIN ref ON ref.conv_id = conv.id CROSS JOIN ref_head h ON h.ref_id = ref.id
				CROSS JOIN op ON op.id = h.op_id CROSS JOIN node n ON n.id = h.node_id WHERE conv.uid = unhex(?1) ORDER BY ref.id, h.op_id`,
				[conversation]
			);
			if (!rows.ok) return rows;
			const refs = new Map<string, Omit<RefRow, 'ends'> & { readonly heads: { node: NodeId; op: OpId }[] }>();
			for (const row of rows.value.map((raw) => headRow.parse(raw))) {
				const ref = refs.get(row.name) ?? { conversation, name: row.name, kind: row.kind, heads: [] };
				ref.heads.push({ node: row.node, op: row.op });
				refs.set(row.name, ref);
			}
			const withEnds: RefRow[] = [];
			for (const ref of refs.values()) {
				const nodes = [...new Set(ref.heads.map(({ node }) => node))];
				const behind = nodes.length > 1 ? await context.store.query(BEHIND, [JSON.stringify(nodes)]) : ok([]);
				if (!behind.ok) return behind;
				const isBehind = new Set(behind.value.map((row) => row['node']));
				withEnds.push({ ...ref, ends: nodes.filter((node) => !isBehind.has(node)) });
			}
			return ok(withEnds);
		},
		keepBoth: (conversation, name, stays) =>
			commit(context, refReads(conversation, name), ({ rows }) => {
				const heads = (rows[0]?.rows ?? []).map((row) => headRow.parse(row));
				const leaving = heads.filter(({ node }) => node !== stays);
				const [first] = leaving;
				if (!first || leaving.length === heads.length)
					return err({ code: 'conflict', message: 'The branch has one end only by now.' });
				const { n, last } = countRow.parse(rows[1]?.rows[0]);
				const targets = [...new Set(leaving.map(({ node }) => node))];
				const names = targets.map((_, i) => `branch-${Math.max(last, n, 1) + 1 + i}`);
				const move = (ref: string, target: NodeId | null, seen: readonly OpId[]): MoveRef => ({
					kind: 'ref',
					conversation,
					name: ref,
					refKind: 'branch',
					target,
					seen
				});
				return ok({
					// A head that goes each: so each comes back by itself when this is undone.
					payload: move(name, null, [first.op]),
					also: [
						...leaving.slice(1).map(({ op }) => ({ payload: move(name, null, [op]) })),
						...targets.map((target, i) => ({ payload: move(names[i] ?? '', target, []) }))
					],
					touched: { tables: ['ref'], conversations: [conversation], nodes: targets },
					value: (op) => ({ refs: names, op })
				});
			}),
		moveBranch: (conversation, name, target) =>
			commit(
				context,
				[...refReads(conversation, name), { sql: HELD_ALONE, params: [conversation, name] }],
				({ rows }) => {
					const heads = (rows[0]?.rows ?? []).map((row) => headRow.parse(row));
					const [first] = heads;
					if (!first) return err({ code: 'sql', message: `There is no branch “${name}”.` });
					const { n, last } = countRow.parse(rows[1]?.rows[0]);
					const left = [...new Set((rows[2]?.rows ?? []).map((row) => String(row['node'])))];
					const move = (ref: string, to: NodeId, seen: readonly OpId[]): { payload: MoveRef } => ({
						payload: { kind: 'ref', conversation, name: ref, refKind: 'branch', target: to, seen }
					});
					return ok({
						...move(
							name,
							target,
							heads.map(({ op }) => op)
						),
						also: left
							.filter((node) => node !== target)
							.map((node, i) => move(`branch-${Math.max(last, n, 1) + 1 + i}`, node, [])),
						after: [
							{
								sql: `SELECT 1 AS one FROM node JOIN conv ON conv.id = node.conv_id
								WHERE node.hash = unhex(?1) AND conv.uid = unhex(?2)`,
								params: [target, conversation],
								expect: 1
							}
						],
						touched: { tables: ['ref'], conversations: [conversation], nodes: [target] },
						value: (op) => op
					});
				}
			),
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
