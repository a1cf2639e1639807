/** Paths and where the reader was. Every walk is bounded by what is asked for, not by the history's length. */
import { err, ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { Row, Statement } from '../port.ts';
import type { WorkspaceContext } from './context.ts';
import { decodeList } from './codec.ts';
import { toNodeRow } from './node-row.ts';
import { NODE_COLUMNS } from './node-sql.ts';
import { ATTEMPT_COLUMNS, RUN_COLUMNS, toRunRows } from './run-row.ts';
import type { PathEntry, Workspace } from './workspace.ts';

/** The row at position ?2 of the path to leaf ?1, by jumps: about 2·log2(n) steps. */
const AT_POSITION = `
lifted (id, pos) AS (
	SELECT id, pos FROM node WHERE hash = unhex(?1)
	UNION ALL
	SELECT t.id, t.pos FROM lifted CROSS JOIN node c ON c.id = lifted.id CROSS JOIN node t ON t.id =
		CASE WHEN (SELECT pos FROM node WHERE id = c.jump_id) >= ?2 THEN c.jump_id ELSE c.parent_id END
	WHERE lifted.pos > ?2
)`;

/**
 * Ids of the window: at most ?3 rows, from position ?2 up to position ?4. What reads it says CROSS JOIN, which keeps the planner from
 * starting at the other end, with all nodes there are.
 */
export const WINDOW = `
WITH RECURSIVE ${AT_POSITION},
w (id, parent_id, n) AS (
	SELECT node.id, node.parent_id, 1 FROM lifted CROSS JOIN node ON node.id = lifted.id WHERE lifted.pos BETWEEN ?4 AND ?2
	UNION ALL
	SELECT node.id, node.parent_id, w.n + 1 FROM w CROSS JOIN node ON node.id = w.parent_id WHERE w.n < ?3 AND node.pos >= ?4
)`;

/** Beyond any position a path can have. */
export const NEWEST = 2 ** 40;

const leafRow = z.object({ leaf: z.string(), ref: z.nullable(z.string()) });
const hashRow = z.object({ hash: z.string() });
const versionRow = z.object({ hash: z.string(), versions: z.string() });

/** From node ?1 down along the newest children to a leaf, unless a branch already ends there. */
const SETTLE = `
WITH RECURSIVE d (id, n) AS (
	SELECT id, 0 FROM node WHERE hash = unhex(?1)
	UNION ALL
	SELECT (SELECT c.id FROM node c WHERE c.parent_id = d.id ORDER BY c.created_at DESC, c.id DESC LIMIT 1), n + 1
	FROM d WHERE d.id IS NOT NULL AND NOT (n = 0 AND EXISTS (
		SELECT 1 FROM ref_head h JOIN ref ON ref.id = h.ref_id WHERE h.node_id = d.id AND ref.name = ?2 AND ref.kind = 'branch'))
)
SELECT lower(hex(node.hash)) AS leaf,
	coalesce((SELECT ref.name FROM ref_head h JOIN ref ON ref.id = h.ref_id WHERE h.node_id = node.id AND ref.name = ?2 AND ref.kind = 'branch'),
		(SELECT ref.name FROM ref_head h JOIN ref ON ref.id = h.ref_id WHERE h.node_id = node.id AND ref.kind = 'branch' ORDER BY ref.id DESC LIMIT 1)) AS ref
FROM d CROSS JOIN node ON node.id = d.id ORDER BY d.n DESC LIMIT 1`;

/** Takes the number of an operation below every time there is. */
const AFTER_VISITS = 2 ** 52;

/** Leaves last seen (then branch ends, newest first) whose path goes through node ?1. */
const SEEN_BELOW = `
WITH RECURSIVE target AS (SELECT id, pos, conv_id FROM node WHERE hash = unhex(?1)),
candidate (node_id, ref, at) AS (
	SELECT * FROM (SELECT visit.node_id, visit.ref, visit.seen_at FROM target CROSS JOIN visit ON visit.conv_id = target.conv_id
		ORDER BY visit.seen_at DESC LIMIT 200)
	UNION ALL
	SELECT * FROM (SELECT h.node_id, ref.name, h.op_id - ${AFTER_VISITS} FROM target CROSS JOIN ref ON ref.conv_id = target.conv_id AND ref.kind = 'branch'
		CROSS JOIN ref_head h ON h.ref_id = ref.id ORDER BY h.op_id DESC LIMIT 200)
),
a (leaf, id) AS (
	SELECT DISTINCT candidate.node_id, candidate.node_id FROM candidate
	UNION ALL
	SELECT a.leaf, CASE WHEN j.pos >= target.pos THEN j.id ELSE n.parent_id END
	FROM a CROSS JOIN target CROSS JOIN node n ON n.id = a.id LEFT JOIN node j ON j.id = n.jump_id WHERE n.pos > target.pos
)
SELECT lower(hex(node.hash)) AS leaf, candidate.ref FROM a CROSS JOIN target ON a.id = target.id
CROSS JOIN candidate ON candidate.node_id = a.leaf CROSS JOIN node ON node.id = a.leaf ORDER BY candidate.at DESC LIMIT 1`;

/** Whether a row of `node` is one of several under its parent, or one of several roots. */
export function hasOtherVersions(n: string): string {
	return `CASE WHEN ${n}.parent_id IS NULL
		THEN EXISTS (SELECT 1 FROM node o WHERE o.conv_id = ${n}.conv_id AND o.pos = 0 AND o.id <> ${n}.id)
		ELSE EXISTS (SELECT 1 FROM node o WHERE o.parent_id = ${n}.parent_id AND o.id <> ${n}.id) END`;
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
	a.length === b.length && a.every((item, i) => item === b[i]);

export function createReading(
	context: WorkspaceContext
): Pick<Workspace, 'path' | 'visit' | 'leafBelow' | 'lastLeaf'> {
	const { store, nowMs } = context;

	const settle = async (leaf: string, ref: string | null) => {
		const rows = await store.query(SETTLE, [leaf, ref]);
		if (!rows.ok) return rows;
		const row = rows.value[0];
		if (!row) return err({ code: 'sql' as const, message: 'This message is not in the database.' });
		return ok(leafRow.parse(row));
	};

	return {
		async path(leaf, { limit, before, from = 0, have = [] }) {
			const params = [leaf, before === undefined ? NEWEST : before - 1, limit, from];
			const known = new Map(have.map((entry) => [entry.id, entry]));
			const unknown = [...params, JSON.stringify([...known.keys()])];
			const isUnknown = (n: string) => `${n}.hash NOT IN (SELECT unhex(value) FROM json_each(?5))`;
			const reads: readonly Statement[] = [
				{
					sql: `${WINDOW} SELECT lower(hex(n.hash)) AS hash FROM w CROSS JOIN node n ON n.id = w.id ORDER BY n.pos`,
					params
				},
				{
					sql: `${WINDOW} SELECT ${NODE_COLUMNS} FROM w CROSS JOIN node n ON n.id = w.id CROSS JOIN body b ON b.id = n.body_id
					CROSS JOIN conv ON conv.id = n.conv_id WHERE ${isUnknown('n')}`,
					params: unknown
				},
				{
					sql: `${WINDOW} SELECT lower(hex(n.hash)) AS hash,
						(SELECT group_concat(lower(hex(s.hash)), ',') FROM (
							SELECT hash FROM node WHERE parent_id = n.parent_id ORDER BY created_at, id) s) AS versions
					FROM w CROSS JOIN node n ON n.id = w.id WHERE n.parent_id IS NOT NULL
						AND EXISTS (SELECT 1 FROM node o WHERE o.parent_id = n.parent_id AND o.id <> n.id)
					UNION ALL
					SELECT lower(hex(n.hash)), (SELECT group_concat(lower(hex(s.hash)), ',') FROM (
							SELECT hash FROM node WHERE conv_id = n.conv_id AND pos = 0 ORDER BY created_at, id) s)
					FROM w CROSS JOIN node n ON n.id = w.id WHERE n.parent_id IS NULL`,
					params
				},
				{
					sql: `${WINDOW} SELECT ${RUN_COLUMNS} FROM w CROSS JOIN run r ON r.node_id = w.id CROSS JOIN conv ON conv.id = r.conv_id
					CROSS JOIN node p ON p.id = r.parent_id CROSS JOIN node n ON n.id = r.node_id WHERE ${isUnknown('n')}`,
					params: unknown
				},
				{
					sql: `${WINDOW} SELECT ${ATTEMPT_COLUMNS} FROM w CROSS JOIN run r ON r.node_id = w.id CROSS JOIN attempt t ON t.run_id = r.id
						CROSS JOIN node n ON n.id = w.id WHERE ${isUnknown('n')} ORDER BY t.n`,
					params: unknown
				},
				{ sql: 'SELECT pos FROM node WHERE hash = unhex(?1)', params: [leaf], expect: 1 }
			];
			const result = await store.batch(reads);
			if (!result.ok) return result;
			const [hashes, nodes, versions, runs, attempts, length] = result.value.map(({ rows }) => rows);
			const versionsByNode = new Map(
				versions?.map((raw) => {
					const row = versionRow.parse(raw);
					return [row.hash, decodeList(row.versions)] as const;
				})
			);
			const runByNode = new Map(toRunRows(runs ?? [], attempts ?? []).map((run) => [run.node, run]));
			const read = new Map((nodes ?? []).map(toNodeRow).map((node) => [node.id, node]));
			const entries = (hashes ?? []).flatMap((raw): readonly PathEntry[] => {
				const id = hashRow.parse(raw).hash;
				const beside = versionsByNode.get(id) ?? [id];
				const entry = known.get(id);
				if (entry) return [isSame(entry.versions, beside) ? entry : { ...entry, versions: beside }];
				const node = read.get(id);
				return node ? [{ ...node, versions: beside, run: runByNode.get(id) ?? null }] : [];
			});
			return ok({ entries, total: Number(length?.[0]?.['pos'] ?? -1) + 1 });
		},
		async visit(conversation, leaf, ref) {
			const written = await store.batch(
				[
					{
						sql: `INSERT INTO visit (conv_id, node_id, ref, seen_at)
						SELECT conv.id, node.id, ?3, ?4 FROM conv, node WHERE conv.uid = unhex(?1) AND node.hash = unhex(?2)
						ON CONFLICT (conv_id, node_id) DO UPDATE SET ref = excluded.ref, seen_at = excluded.seen_at`,
						params: [conversation, leaf, ref, nowMs()]
					}
				],
				{ touched: { tables: ['visit'], conversations: [conversation] } }
			);
			return written.ok ? ok(undefined) : written;
		},
		async leafBelow(node) {
			const rows = await store.query(SEEN_BELOW, [node]);
			if (!rows.ok) return rows;
			const seen: Row | undefined = rows.value[0];
			const { leaf, ref } = seen ? leafRow.parse(seen) : { leaf: node, ref: null };
			return settle(leaf, ref);
		},
		async lastLeaf(conversation) {
			// Where the branch that was read is by now. Where all branches were taken back there is no such place.
			const rows = await store.query(
				`SELECT lower(hex(node.hash)) AS leaf, v.ref FROM (
					SELECT * FROM (SELECT coalesce((SELECT h.node_id FROM ref JOIN ref_head h ON h.ref_id = ref.id
							WHERE ref.conv_id = conv.id AND ref.name = visit.ref
							ORDER BY h.node_id = visit.node_id DESC, h.op_id DESC LIMIT 1), visit.node_id) AS node_id, visit.ref
						FROM conv JOIN visit ON visit.conv_id = conv.id
						WHERE conv.uid = unhex(?1) ORDER BY visit.seen_at DESC LIMIT 1)
					UNION ALL
					SELECT * FROM (SELECT node.id, NULL FROM conv JOIN node ON node.conv_id = conv.id
						WHERE conv.uid = unhex(?1) ORDER BY node.id DESC LIMIT 1)
				) v CROSS JOIN node ON node.id = v.node_id
				WHERE EXISTS (SELECT 1 FROM conv JOIN ref ON ref.conv_id = conv.id JOIN ref_head h ON h.ref_id = ref.id WHERE conv.uid = unhex(?1))
					OR NOT EXISTS (SELECT 1 FROM conv JOIN ref ON ref.conv_id = conv.id WHERE conv.uid = unhex(?1)) LIMIT 1`,
				[conversation]
			);
			if (!rows.ok) return rows;
			const seen = rows.value[0];
			if (!seen) return ok(null);
			const { leaf, ref } = leafRow.parse(seen);
			return settle(leaf, ref);
		}
	};
}
