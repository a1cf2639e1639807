import { createNode } from '@stemma/graph/hash';
import type { GraphNode } from '@stemma/graph/node';
import { partsToText } from '@stemma/graph/render';
import { ok } from '@stemma/graph/result';
import { wellFormed } from '@stemma/graph/well-formed';
import * as z from 'zod/mini';
import type { Statement } from '../port.ts';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import { toNodeRow } from './node-row.ts';
import { FIRST_LINE, insertNodeStatements, NODE_COLUMNS } from './node-sql.ts';
import { leaveQueue } from './queue.ts';
import { planMove, refReads } from './refs.ts';
import type { NewNode, Workspace } from './workspace.ts';

const PREVIEW_CHARS = 120;

/** A node for what the user or a model said; the nonce tells two equal messages apart. */
export function nodeFrom(input: NewNode, randomHex: (bytes: number) => string): GraphNode {
	return createNode(
		{
			kind: input.kind ?? 'message',
			role: input.role,
			parents: input.parents,
			change: input.change ?? randomHex(16),
			links: input.links ?? []
		},
		{ nonce: randomHex(16), parts: wellFormed(input.parts) }
	);
}

/** The conversation's time and, from the first user message, its preview. */
export function touchConversation(input: NewNode, now: number): Statement {
	const line = partsToText(input.parts).trim().split('\n', 1)[0] ?? '';
	return {
		sql: `UPDATE conv SET last_at = max(last_at, ?2), preview = coalesce(preview, ?3) WHERE uid = unhex(?1)`,
		params: [
			input.conversation,
			now,
			input.role === 'user' && line !== '' ? line.slice(0, PREVIEW_CHARS) : null
		]
	};
}

const firstLineRow = z.object({
	hash: z.string(),
	role: z.enum(['system', 'user', 'assistant', 'tool']),
	created_at: z.number(),
	line: z.nullable(z.string())
});

export function createNodes(
	context: WorkspaceContext
): Pick<Workspace, 'append' | 'node' | 'ancestors' | 'children'> {
	const { store, nowMs, randomHex, device } = context;
	return {
		append(input) {
			const node = nodeFrom(input, randomHex);
			const now = nowMs();
			return commit(context, refReads(input.conversation, input.ref ?? null), ({ rows }) => {
				const payload = planMove(
					input.conversation,
					rows[0]?.rows ?? [],
					rows[1]?.rows[0],
					input.parents[0] ?? null,
					node.id,
					input.ref != null && input.seen != null ? { name: input.ref, op: input.seen } : null
				);
				return ok({
					payload,
					before: [
						...(input.queued === undefined ? [] : [leaveQueue(input.queued)]),
						...insertNodeStatements([{ conversation: input.conversation, node, createdAt: now }], device),
						touchConversation(input, now)
					],
					touched: {
						tables: ['node', 'conv', 'ref', ...(input.queued === undefined ? [] : ['queued'])],
						conversations: [input.conversation],
						nodes: [node.id]
					},
					value: (op) => ({ node: node.id, change: node.header.change, ref: payload.name, op })
				});
			});
		},
		async node(id) {
			const rows = await store.query(
				`SELECT ${NODE_COLUMNS} FROM node n JOIN body b ON b.id = n.body_id JOIN conv ON conv.id = n.conv_id WHERE n.hash = unhex(?1)`,
				[id]
			);
			if (!rows.ok) return rows;
			const row = rows.value[0];
			return ok(row ? toNodeRow(row) : null);
		},
		async *ancestors(leaf, signal) {
			// CROSS JOIN: with statistics the planner would rather start at the conversation, and lose the order.
			const sql = `
			WITH RECURSIVE a (id) AS (
				SELECT id FROM node WHERE hash = unhex(?1)
				UNION ALL SELECT n.parent_id FROM a CROSS JOIN node n ON n.id = a.id WHERE n.parent_id IS NOT NULL
			)
			SELECT ${NODE_COLUMNS} FROM a CROSS JOIN node n ON n.id = a.id CROSS JOIN body b ON b.id = n.body_id
			CROSS JOIN conv ON conv.id = n.conv_id`;
			for await (const rows of store.stream(sql, [leaf], { batchRows: 100, ...(signal ? { signal } : {}) })) {
				yield rows.map(toNodeRow);
			}
		},
		async children(conversation, parent) {
			const rows = await store.query(
				`SELECT lower(hex(n.hash)) AS hash, n.role, n.created_at, ${FIRST_LINE} AS line
				FROM node n JOIN body b ON b.id = n.body_id
				WHERE ${parent === null ? 'n.conv_id = (SELECT id FROM conv WHERE uid = unhex(?1)) AND n.pos = 0' : 'n.parent_id = (SELECT id FROM node WHERE hash = unhex(?1))'}
				ORDER BY n.created_at, n.id`,
				[parent ?? conversation]
			);
			if (!rows.ok) return rows;
			return ok(
				rows.value.map((raw) => {
					const row = firstLineRow.parse(raw);
					return {
						id: row.hash,
						role: row.role,
						createdAt: row.created_at,
						firstLine: row.line?.split('\n', 1)[0] ?? ''
					};
				})
			);
		}
	};
}
