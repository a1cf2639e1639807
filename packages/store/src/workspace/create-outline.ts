/** Reading outlines. Every page is one transaction and one row of columns. */
import { ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { Statement } from '../port.ts';
import type { WorkspaceContext } from './context.ts';
import type { Outline } from './outline.ts';
import { hasOtherVersions, NEWEST, WINDOW } from './reading.ts';

const LINE_CHARS = 120;
/** SQLite's word for no limit. */
const EVERY = -1;

/** Numbers grow as nodes arrive, and a node arrives after its parents. */
const PAGE = `(
	SELECT id, parent_id, created_at, role, kind FROM node INDEXED BY node_outline
	WHERE conv_id = (SELECT id FROM conv WHERE uid = unhex(?1)) AND id > ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4)`;

/** From the index alone: the rows of 100,000 nodes would take longer to read than all the rest. */
const COLUMNS = `
SELECT json_group_array(id) AS keys, json_group_array(coalesce(parent_id, 0)) AS parents,
	json_group_array(created_at) AS created_at, coalesce(group_concat(substr(role, 1, 1), ''), '') AS roles,
	coalesce(group_concat(CASE kind WHEN 'merge' THEN 'g' ELSE substr(kind, 1, 1) END, ''), '') AS kinds
FROM ${PAGE}`;

const MERGES = `
SELECT json_group_array(json_array(child_id, parent_id)) AS list FROM (
	SELECT e.child_id, e.parent_id FROM edge e INDEXED BY edge_further JOIN node n ON n.id = e.child_id
	WHERE e.ord > 0 AND e.child_id < ?3 AND e.child_id >= (SELECT min(id) FROM ${PAGE})
		AND n.conv_id = (SELECT id FROM conv WHERE uid = unhex(?1)) ORDER BY e.child_id DESC, e.ord)`;

const ANSWERS = `
SELECT json_group_array(json_array(k.id,
	coalesce((SELECT served_model FROM attempt WHERE run_id = r.id ORDER BY n DESC LIMIT 1), r.model),
	(SELECT sum(cost_nano) FROM attempt WHERE run_id = r.id))) AS list
FROM ${PAGE} k CROSS JOIN run r ON r.node_id = k.id`;

const MATCHES = `
SELECT n.id FROM conv CROSS JOIN node n ON n.conv_id = conv.id CROSS JOIN body b ON b.id = n.body_id
WHERE conv.uid = unhex(?1) AND EXISTS (
	SELECT 1 FROM json_each(b.data) p WHERE coalesce(p.value ->> 'text', p.value ->> 'name') LIKE ?2 ESCAPE '\\')`;

const FORKS = `${WINDOW}
SELECT lower(hex(n.hash)) AS node, n.pos, CASE WHEN n.parent_id IS NULL
	THEN (SELECT count(*) FROM node o WHERE o.conv_id = n.conv_id AND o.pos = 0)
	ELSE (SELECT count(*) FROM node o WHERE o.parent_id = n.parent_id) END AS versions
FROM w CROSS JOIN node n ON n.id = w.id WHERE ${hasOtherVersions('n')} ORDER BY n.pos`;

/** Made by SQLite of a STRICT column: to look at each of 100,000 again would cost more than to read them. */
const integers = (list: string): readonly number[] => JSON.parse(list) as readonly number[];

const columnsRow = z.object({
	keys: z.string(),
	parents: z.string(),
	created_at: z.string(),
	roles: z.string(),
	kinds: z.string()
});
const listRow = z.object({ list: z.string() });
const merges = z.array(z.tuple([z.number(), z.number()]));
const answers = z.array(z.tuple([z.number(), z.string(), z.nullable(z.number())]));
const lineRow = z.object({
	key: z.number(),
	id: z.string(),
	text: z.nullable(z.string()),
	redacted: z.number()
});
const refRow = z.object({
	key: z.number(),
	name: z.string(),
	kind: z.enum(['branch', 'bookmark', 'cursor'])
});
const tagRow = z.object({ key: z.number(), value: z.string() });
const keyRow = z.object({ key: z.number() });
const forkRow = z.object({ node: z.string(), pos: z.number(), versions: z.number() });

/** The first line with words in it, without the marks that make it a heading, a quote or a fence. */
function firstLine(text: string): string {
	const line = text.split('\n').find((each) => each.trim() !== '' && !/^\s*(```|~~~)/.test(each)) ?? '';
	return Array.from(line.replace(/^[\s#>]+/, '').trimEnd())
		.slice(0, LINE_CHARS)
		.join('');
}

export function createOutline(context: WorkspaceContext): Omit<Outline, 'toggleBookmark' | 'renameBookmark'> {
	const { store } = context;
	return {
		async outlinePage(conversation, { after = 0, before = NEWEST, limit = EVERY } = {}) {
			const params = [conversation, after, before, limit];
			const read = await store.batch([COLUMNS, MERGES, ANSWERS].map((sql): Statement => ({ sql, params })));
			if (!read.ok) return read;
			const [columns, mergeList, answerList] = read.value.map(({ rows }) => rows[0]);
			const { keys, parents, created_at, roles, kinds } = columnsRow.parse(columns);
			return ok({
				keys: integers(keys),
				parents: integers(parents),
				createdAt: integers(created_at),
				roles,
				kinds,
				merges: merges.parse(JSON.parse(listRow.parse(mergeList).list)),
				answers: answers.parse(JSON.parse(listRow.parse(answerList).list))
			});
		},
		async outlineLines(keys) {
			const rows = await store.query(
				`SELECT n.id AS key, lower(hex(n.hash)) AS id, b.data IS NULL AS redacted,
					(SELECT substr(coalesce(p.value ->> 'text', p.value ->> 'name'), 1, 400) FROM json_each(b.data) p
						ORDER BY p.value ->> 'type' = 'text' DESC, p.value ->> 'type' = 'reasoning', p.key LIMIT 1) AS text
				FROM json_each(?1) k CROSS JOIN node n ON n.id = k.value JOIN body b ON b.id = n.body_id`,
				[JSON.stringify(keys)]
			);
			if (!rows.ok) return rows;
			return ok(
				rows.value.map((raw) => {
					const { key, id, text, redacted } = lineRow.parse(raw);
					return { key, id, line: redacted === 1 ? null : firstLine(text ?? '') };
				})
			);
		},
		async outlineMarks(conversation) {
			const read = await store.batch([
				{
					sql: `SELECT h.node_id AS key, ref.name, ref.kind FROM conv CROSS JOIN ref ON ref.conv_id = conv.id
					CROSS JOIN ref_head h ON h.ref_id = ref.id WHERE conv.uid = unhex(?1) ORDER BY ref.id`,
					params: [conversation]
				},
				{
					sql: `SELECT DISTINCT n.id AS key, m.value FROM member m CROSS JOIN node n ON n.hash = unhex(substr(m.register, 10, 64))
					WHERE m.register >= 'set/node/' AND m.register < 'set/node0' AND (m.register GLOB '*/tag' OR m.register GLOB '*/role')
						AND n.conv_id = (SELECT id FROM conv WHERE uid = unhex(?1)) ORDER BY m.value`,
					params: [conversation]
				},
				{
					sql: `SELECT n.id AS key FROM scalar s CROSS JOIN node n ON n.hash = unhex(s.uid)
					WHERE s.entity = 'node' AND s.field = 'hidden' AND s.value = 'true'
						AND n.conv_id = (SELECT id FROM conv WHERE uid = unhex(?1))`,
					params: [conversation]
				}
			]);
			if (!read.ok) return read;
			const [refs, tags, hidden] = read.value.map(({ rows }) => rows);
			return ok({
				refs: (refs ?? []).map((row) => refRow.parse(row)),
				tags: (tags ?? []).map((row) => tagRow.parse(row)),
				hidden: (hidden ?? []).map((row) => keyRow.parse(row).key)
			});
		},
		async outlineKey(conversation, node) {
			const rows = await store.query(
				`SELECT n.id AS key FROM node n JOIN conv ON conv.id = n.conv_id WHERE n.hash = unhex(?2) AND conv.uid = unhex(?1)`,
				[conversation, node]
			);
			if (!rows.ok) return rows;
			return ok(rows.value[0] ? keyRow.parse(rows.value[0]).key : null);
		},
		async *outlineMatches(conversation, text, signal) {
			const pattern = `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
			const options = { batchRows: 500, ...(signal ? { signal } : {}) };
			for await (const rows of store.stream(MATCHES, [conversation, pattern], options))
				yield rows.map((row) => Number(row['id']));
		},
		async pathForks(leaf, { limit, before = NEWEST, from = 0 }) {
			const rows = await store.query(FORKS, [leaf, before - 1, limit, from]);
			return rows.ok ? ok(rows.value.map((row) => forkRow.parse(row))) : rows;
		}
	};
}
