/** Inserting nodes. Positions, generations and jumps are computed in the insert, from the parents' rows. */
import { canonicalJson } from '@stemma/graph/jcs';
import type { GraphNode } from '@stemma/graph/node';
import { partsToText } from '@stemma/graph/render';
import { estimateTokens } from '@stemma/graph/tokens';
import type { ConversationId } from '@stemma/graph/op';
import type { Statement } from '../port.ts';

export interface NodeToInsert {
	readonly conversation: ConversationId;
	readonly node: GraphNode;
	readonly createdAt: number;
}

const INSERT_BODIES = `
INSERT INTO body (hash, nonce, enc, size, data)
SELECT unhex(b.value ->> 'hash'), unhex(b.value ->> 'nonce'), 0, b.value ->> 'size', b.value ->> 'data'
FROM json_each(?1) b WHERE true ON CONFLICT (hash) DO NOTHING`;

/** One node at a time, because a later one may be the child of an earlier one. */
const INSERT_NODE = `
INSERT INTO node (hash, conv_id, kind, role, parent_id, jump_id, gen, pos, change_id, body_id, tokens, chars, device_id, created_at)
SELECT unhex(?1), conv.id, ?3, ?4, p.id,
	CASE WHEN p.id IS NULL THEN NULL
		WHEN j.jump_id IS NOT NULL AND p.pos - j.pos = j.pos - jj.pos THEN jj.id
		ELSE p.id END,
	coalesce((SELECT 1 + max(n.gen) FROM json_each(?5) e JOIN node n ON n.hash = unhex(e.value)), 0),
	coalesce(p.pos + 1, 0), unhex(?6), body.id, ?8, ?9,
	(SELECT id FROM device WHERE uid = unhex(?10)), ?11
FROM conv JOIN body ON body.hash = unhex(?7)
LEFT JOIN node p ON p.hash = unhex(?5 ->> 0)
LEFT JOIN node j ON j.id = p.jump_id
LEFT JOIN node jj ON jj.id = j.jump_id
WHERE conv.uid = unhex(?2)
	AND (SELECT count(*) FROM json_each(?5) e JOIN node n ON n.hash = unhex(e.value)) = json_array_length(?5)
ON CONFLICT (hash) DO NOTHING`;

const INSERT_EDGES = `
INSERT INTO edge (child_id, ord, parent_id)
SELECT c.id, e.value ->> 1, p.id FROM json_each(?1) e
JOIN node c ON c.hash = unhex(e.value ->> 0) JOIN node p ON p.hash = unhex(e.value ->> 2)
WHERE true ON CONFLICT DO NOTHING`;

const INSERT_LINKS = `
INSERT INTO link (src_id, kind, dst_id)
SELECT s.id, l.value ->> 1, d.id FROM json_each(?1) l
JOIN node s ON s.hash = unhex(l.value ->> 0) JOIN node d ON d.hash = unhex(l.value ->> 2)
WHERE true ON CONFLICT DO NOTHING`;

/** To messages that are not here. */
const INSERT_LINKS_GONE = `
INSERT INTO link_gone (src_id, kind, dst)
SELECT s.id, l.value ->> 1, unhex(l.value ->> 2) FROM json_each(?1) l JOIN node s ON s.hash = unhex(l.value ->> 0)
WHERE NOT EXISTS (SELECT 1 FROM node d WHERE d.hash = unhex(l.value ->> 2)) ON CONFLICT DO NOTHING`;

const COUNT_PRESENT = `SELECT 1 AS one FROM json_each(?1) e JOIN node n ON n.hash = unhex(e.value)`;

/** Statements that add nodes, parents before children; the batch fails with `conflict` if a parent is missing. */
export function insertNodeStatements(inserts: readonly NodeToInsert[], device: string): readonly Statement[] {
	const bodies = inserts.map(({ node }) => {
		const data = node.body ? canonicalJson(node.body.parts) : null;
		return { hash: node.header.body_hash, nonce: node.body?.nonce ?? null, size: data?.length ?? 0, data };
	});
	const edges = inserts.flatMap(({ node }) =>
		node.header.parents.map((parent, ord) => [node.id, ord, parent])
	);
	const links = inserts.flatMap(({ node }) =>
		node.header.links.map((link) => [node.id, link.kind, link.target])
	);
	return [
		{ sql: INSERT_BODIES, params: [JSON.stringify(bodies)] },
		...inserts.map(({ conversation, node, createdAt }): Statement => {
			const text = partsToText(node.body?.parts ?? []);
			const { kind, role, parents, change, body_hash } = node.header;
			return {
				sql: INSERT_NODE,
				params: [
					node.id,
					conversation,
					kind,
					role,
					JSON.stringify(parents),
					change,
					body_hash,
					estimateTokens(text),
					text.length,
					device,
					createdAt
				]
			};
		}),
		{
			sql: COUNT_PRESENT,
			params: [JSON.stringify(inserts.map(({ node }) => node.id))],
			expect: inserts.length
		},
		...(edges.length > 0 ? [{ sql: INSERT_EDGES, params: [JSON.stringify(edges)] }] : []),
		...(links.length > 0
			? [INSERT_LINKS, INSERT_LINKS_GONE].map((sql) => ({ sql, params: [JSON.stringify(links)] }))
			: [])
	];
}

/** Columns of a NodeRow from `node n JOIN body b JOIN conv`. */
export const NODE_COLUMNS = `
	lower(hex(n.hash)) AS hash, lower(hex(conv.uid)) AS conv, n.kind, n.role, n.pos, n.gen,
	lower(hex(n.change_id)) AS change_id, n.created_at,
	CASE WHEN b.nonce IS NULL THEN NULL ELSE lower(hex(b.nonce)) END AS nonce, b.data,
	(SELECT group_concat(lower(hex(p.hash)), ',') FROM (SELECT parent_id FROM edge WHERE child_id = n.id ORDER BY ord) origin
		CROSS JOIN node p ON p.id = origin.parent_id) AS parents,
	(SELECT json_group_array(json_object('kind', linked.kind, 'target', lower(hex(linked.dst)))) FROM (
		SELECT l.kind, d.hash AS dst FROM link l CROSS JOIN node d ON d.id = l.dst_id WHERE l.src_id = n.id
		UNION ALL SELECT g.kind, g.dst FROM link_gone g WHERE g.src_id = n.id) linked) AS links`;

/** The beginning of the first text of a message, from `body b`. */
export const FIRST_LINE = `
	(SELECT substr(ltrim(p.value ->> 'text'), 1, 200) FROM json_each(b.data) p WHERE p.value ->> 'type' = 'text' LIMIT 1)`;
