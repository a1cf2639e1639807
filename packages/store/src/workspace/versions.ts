/** Messages beside each other: what versions there are, and how they lie to each other. */
import type { NodeId } from '@stemma/graph/node';
import { ok, type Result } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { StoreError } from '../port.ts';
import type { WorkspaceContext } from './context.ts';
import { FIRST_LINE } from './node-sql.ts';
import { BEHIND } from './refs.ts';
import { ATTEMPT_COLUMNS, RUN_COLUMNS, toRunRows } from './run-row.ts';
import type { VersionRow, Workspace } from './workspace.ts';

const MOST_DESCENDANTS = 1000;

/** Node ?1 and the others under its parent, or all roots of its conversation. */
const SIBLINGS = `
WITH s (id) AS (
	SELECT o.id FROM node n CROSS JOIN node o ON o.parent_id = n.parent_id WHERE n.hash = unhex(?1)
	UNION ALL
	SELECT o.id FROM node n CROSS JOIN node o ON o.conv_id = n.conv_id AND o.pos = 0 WHERE n.hash = unhex(?1) AND n.parent_id IS NULL
)`;

/**
 * Where the paths to ?1 and ?2 part. Both are lifted to one height, then together: jumps lead from equal heights
 * to equal heights, so they are taken as long as they lead to different nodes.
 */
export const COMMON_ANCESTOR = `
WITH RECURSIVE step (a, b) AS (
	SELECT a.id, b.id FROM node a JOIN node b ON b.hash = unhex(?2) WHERE a.hash = unhex(?1)
	UNION ALL
	SELECT
		CASE WHEN a.pos < b.pos THEN a.id
			WHEN a.pos > b.pos THEN iif(ja.pos >= b.pos, ja.id, a.parent_id)
			ELSE iif(a.jump_id IS NOT b.jump_id, a.jump_id, a.parent_id) END,
		CASE WHEN b.pos < a.pos THEN b.id
			WHEN b.pos > a.pos THEN iif(jb.pos >= a.pos, jb.id, b.parent_id)
			ELSE iif(a.jump_id IS NOT b.jump_id, b.jump_id, b.parent_id) END
	FROM step CROSS JOIN node a ON a.id = step.a CROSS JOIN node b ON b.id = step.b
	LEFT JOIN node ja ON ja.id = a.jump_id LEFT JOIN node jb ON jb.id = b.jump_id
	WHERE step.a <> step.b
)
SELECT lower(hex(node.hash)) AS hash FROM step CROSS JOIN node ON node.id = step.a WHERE step.a = step.b`;

const versionRow = z.object({
	hash: z.string(),
	role: z.enum(['system', 'user', 'assistant', 'tool']),
	created_at: z.number(),
	line: z.nullable(z.string()),
	redacted: z.number(),
	descendants: z.number()
});
const hashRow = z.object({ hash: z.string() });

export function createVersions({ store }: WorkspaceContext): Pick<Workspace, 'versions' | 'relate'> {
	const common = async (a: NodeId, b: NodeId): Promise<Result<NodeId | null, StoreError>> => {
		const rows = await store.query(COMMON_ANCESTOR, [a, b]);
		if (!rows.ok) return rows;
		return ok(rows.value[0] ? hashRow.parse(rows.value[0]).hash : null);
	};

	return {
		async versions(node) {
			const read = await store.batch([
				{
					sql: `${SIBLINGS} SELECT lower(hex(n.hash)) AS hash, n.role, n.created_at, b.data IS NULL AS redacted,
						${FIRST_LINE} AS line, (
							WITH RECURSIVE d (id) AS (
								SELECT e.child_id FROM edge e WHERE e.parent_id = n.id
								UNION SELECT e.child_id FROM d CROSS JOIN edge e ON e.parent_id = d.id LIMIT ${MOST_DESCENDANTS}
							) SELECT count(*) FROM d
						) AS descendants
					FROM s CROSS JOIN node n ON n.id = s.id CROSS JOIN body b ON b.id = n.body_id ORDER BY n.created_at, n.id`,
					params: [node]
				},
				{
					sql: `${SIBLINGS} SELECT ${RUN_COLUMNS} FROM s CROSS JOIN run r ON r.node_id = s.id CROSS JOIN conv ON conv.id = r.conv_id
					CROSS JOIN node p ON p.id = r.parent_id CROSS JOIN node n ON n.id = r.node_id`,
					params: [node]
				},
				{
					sql: `${SIBLINGS} SELECT ${ATTEMPT_COLUMNS} FROM s CROSS JOIN run r ON r.node_id = s.id CROSS JOIN attempt t ON t.run_id = r.id ORDER BY t.n`,
					params: [node]
				}
			]);
			if (!read.ok) return read;
			const [nodes, runs, attempts] = read.value.map(({ rows }) => rows);
			const runByNode = new Map(toRunRows(runs ?? [], attempts ?? []).map((run) => [run.node, run]));
			return ok(
				(nodes ?? []).map((raw): VersionRow => {
					const row = versionRow.parse(raw);
					return {
						id: row.hash,
						role: row.role,
						createdAt: row.created_at,
						firstLine: row.line?.split('\n', 1)[0] ?? '',
						isRedacted: row.redacted === 1,
						descendants: row.descendants,
						run: runByNode.get(row.hash) ?? null
					};
				})
			);
		},

		async relate(nodes) {
			const behind = await store.query(BEHIND, [JSON.stringify(nodes)]);
			if (!behind.ok) return behind;
			let shared: NodeId | null = nodes[0] ?? null;
			for (const node of nodes.slice(1)) {
				if (shared === null) break;
				const found = await common(shared, node);
				if (!found.ok) return found;
				shared = found.value;
			}
			return ok({ common: shared, behind: behind.value.map((raw) => String(raw['node'])) });
		}
	};
}
