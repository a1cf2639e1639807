/** Words of all messages: kept in an index behind the writing, asked for a conversation or for all of them. */
import { auxWords, findTerms, type FindTerm } from '@stemma/graph/find-text';
import type { NodeId, Role } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import { ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { WorkspaceContext } from './context.ts';
import type { Outcome } from './outcome.ts';

/** A message that has what is looked for. */
export interface FindHit {
	readonly node: NodeId;
	readonly pos: number;
}

export interface MessageHit extends FindHit {
	readonly conversation: ConversationId;
	readonly role: Role;
	readonly createdAt: number;
	/** The message's text, as far as an excerpt may need it. */
	readonly text: string;
}

export interface Finding {
	/** Takes up to `limit` waiting messages into the index. @returns how many still wait */
	indexSome(limit: number): Outcome<number>;
	/**
	 * The messages of a conversation that have a passage, newest first, in batches.
	 *
	 * @param leaf only those on the path to it
	 */
	find(
		conversation: ConversationId,
		query: string,
		options: { readonly leaf?: NodeId; readonly signal?: AbortSignal }
	): AsyncIterable<readonly FindHit[]>;
	/** The newest messages of all conversations that have some words. */
	searchMessages(
		query: string,
		limit: number,
		options?: { readonly hidden?: boolean }
	): Outcome<readonly MessageHit[]>;
	/** Whether a message lies on the path to a leaf. */
	isOnPath(node: NodeId, leaf: NodeId): Outcome<boolean>;
}

/** Of one message; longer ones are cut where an excerpt is made. */
const MOST_CHARS = 200_000;

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** In the words of FTS5. Every term is a string to it: nothing that is typed is syntax. */
function toMatch(terms: readonly FindTerm[]): string {
	return terms
		.map(({ text, aux, isPrefix }) => {
			const star = isPrefix ? ' *' : '';
			const phrases = aux.map((phrase, i) => `${quoted(phrase)}${i === aux.length - 1 ? star : ''}`);
			const inText = `text : ${quoted(text)}${star}`;
			return phrases.length === 0 ? `(${inText})` : `((${inText}) OR (aux : (${phrases.join(' AND ')})))`;
		})
		.join(' AND ');
}

/** Whether node `n` is the ancestor at its position of leaf ?3, by jumps. */
const ON_PATH = `n.id = (
	WITH RECURSIVE lifted (id, pos) AS (
		SELECT id, pos FROM node WHERE hash = unhex(?3)
		UNION ALL
		SELECT t.id, t.pos FROM lifted CROSS JOIN node c ON c.id = lifted.id CROSS JOIN node t ON t.id =
			CASE WHEN (SELECT pos FROM node WHERE id = c.jump_id) >= n.pos THEN c.jump_id ELSE c.parent_id END
		WHERE lifted.pos > n.pos
	)
	SELECT id FROM lifted WHERE pos = n.pos
)`;

const hitsIn = (where: string): string => `
SELECT lower(hex(n.hash)) AS node, n.pos FROM find CROSS JOIN node n ON n.body_id = find.rowid
WHERE find MATCH ?2 AND n.conv_id = (SELECT id FROM conv WHERE uid = unhex(?1)) AND ${where}
ORDER BY find.rowid DESC`;

const SEARCH = `
SELECT lower(hex(n.hash)) AS node, n.pos, lower(hex(conv.uid)) AS conversation, n.role, n.created_at AS createdAt,
	substr((SELECT text FROM find_text t WHERE t.id = find.rowid), 1, ${MOST_CHARS}) AS text
FROM find CROSS JOIN node n ON n.body_id = find.rowid CROSS JOIN conv ON conv.id = n.conv_id
WHERE find MATCH ?1 AND conv.hidden = ?3 ORDER BY find.rowid DESC LIMIT ?2`;

const pendingRow = z.object({ id: z.number(), text: z.nullable(z.string()) });
const hitRow = z.object({ node: z.string(), pos: z.number() });
const messageRow = z.extend(hitRow, {
	conversation: z.string(),
	role: z.enum(['system', 'user', 'assistant', 'tool']),
	createdAt: z.number(),
	text: z.pipe(
		z.nullable(z.string()),
		z.transform((text) => text ?? '')
	)
});

export function createFinding({ store }: WorkspaceContext): Finding {
	return {
		async indexSome(limit) {
			const waiting = await store.query(
				`SELECT p.body_id AS id, (SELECT group_concat(t.value ->> 'text', char(10, 10)) FROM json_each(b.data) t
					WHERE t.value ->> 'type' IN ('text', 'quote', 'tool_result')) AS text
				FROM find_pending p CROSS JOIN body b ON b.id = p.body_id ORDER BY p.body_id DESC LIMIT ?1`,
				[limit]
			);
			if (!waiting.ok) return waiting;
			const entries = waiting.value
				.map((row) => pendingRow.parse(row))
				.map(({ id, text }) => [id, auxWords(text ?? '')] as const);
			const written = await store.batch([
				{
					// Only what still waits: another tab may have been faster, or the text may be gone.
					sql: `INSERT INTO find_entry (body_id, aux) SELECT p.body_id, e.value ->> 1 FROM json_each(?1) e
						CROSS JOIN find_pending p ON p.body_id = e.value ->> 0 CROSS JOIN body b ON b.id = p.body_id WHERE b.data IS NOT NULL
						ON CONFLICT DO NOTHING`,
					params: [JSON.stringify(entries)]
				},
				{
					sql: 'DELETE FROM find_pending WHERE body_id IN (SELECT value ->> 0 FROM json_each(?1))',
					params: [JSON.stringify(entries)]
				},
				{ sql: 'SELECT count(*) AS n FROM find_pending' }
			]);
			return written.ok ? ok(Number(written.value[2]?.rows[0]?.['n'] ?? 0)) : written;
		},
		async *find(conversation, query, { leaf, signal }) {
			const terms = findTerms(query, 'phrase');
			if (terms.length === 0) return;
			const match = toMatch(terms);
			const hits =
				leaf === undefined
					? store.stream(hitsIn('true'), [conversation, match], {
							batchRows: 200,
							...(signal ? { signal } : {})
						})
					: store.stream(hitsIn(ON_PATH), [conversation, match, leaf], {
							batchRows: 200,
							...(signal ? { signal } : {})
						});
			for await (const rows of hits) yield rows.map((row) => hitRow.parse(row));
		},
		async searchMessages(query, limit, { hidden = false } = {}) {
			const terms = findTerms(query, 'words');
			if (terms.length === 0) return ok([]);
			const rows = await store.query(SEARCH, [toMatch(terms), limit, hidden ? 1 : 0]);
			return rows.ok ? ok(rows.value.map((row) => messageRow.parse(row))) : rows;
		},
		async isOnPath(node, leaf) {
			const rows = await store.query(
				`SELECT 1 AS one FROM node n WHERE n.hash = unhex(?1) AND ?2 = ?2 AND ${ON_PATH}`,
				[node, '', leaf]
			);
			return rows.ok ? ok(rows.value.length > 0) : rows;
		}
	};
}
