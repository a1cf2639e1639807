/**
 * Redaction and purge: the two ways in which something is destroyed. First a plan that says what it reaches,
 * then operations. Triggers do what follows from them, here and wherever the operations arrive.
 */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId, MoveRef, OpId, OpPayload } from '@stemma/graph/op';
import { err, ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { Row, Statement } from '../port.ts';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import type { Outcome } from './outcome.ts';

export type PurgeTarget = { readonly node: NodeId } | { readonly conversation: ConversationId };

/** What a redaction or a purge reaches, and what it leaves. */
export interface RemovalPlan {
	readonly messages: number;
	/** Branches that end in what goes. */
	readonly branches: readonly string[];
	/** Messages elsewhere that quote from it: their words stay. */
	readonly quotedBy: number;
	/** Answers that are being written there: nothing can be destroyed meanwhile. */
	readonly openRuns: number;
}

export interface Removal {
	planRedaction(node: NodeId): Outcome<RemovalPlan>;
	/** Drops the text of one version for good; the message stays as a place in the conversation. */
	redact(node: NodeId): Outcome<OpId>;
	planPurge(target: PurgeTarget): Outcome<RemovalPlan>;
	/** Drops a message and all below it, or a conversation, for good. */
	purge(target: PurgeTarget): Outcome<OpId>;
}

const isConversation = (
	target: PurgeTarget
): target is Extract<PurgeTarget, { conversation: ConversationId }> => 'conversation' in target;

/** Everything that rests on a node, over all parents, itself included; or a whole conversation. */
const doomed = (target: PurgeTarget): string =>
	isConversation(target)
		? 'WITH doomed (id) AS (SELECT node.id FROM conv CROSS JOIN node ON node.conv_id = conv.id WHERE conv.uid = unhex(?1))'
		: `WITH RECURSIVE doomed (id) AS (SELECT id FROM node WHERE hash = unhex(?1)
			UNION SELECT e.child_id FROM doomed CROSS JOIN edge e ON e.parent_id = doomed.id)`;
const paramsOf = (target: PurgeTarget): readonly string[] => [
	isConversation(target) ? target.conversation : target.node
];

const OPEN_RUNS = `FROM doomed CROSS JOIN run ON run.parent_id = doomed.id
	WHERE run.state NOT IN ('done', 'cancelled', 'failed', 'interrupted')`;

/** Screens of the conversation read again. */
const CONVERSATION_OF = `SELECT lower(hex(conv.uid)) AS hash FROM conv WHERE id = (SELECT conv_id FROM node WHERE hash = unhex(?1)) OR uid = unhex(?1)`;

const countRow = z.object({ n: z.number() });
const headRow = z.object({ conv: z.string(), name: z.string(), op: z.string() });
const hashRow = z.object({ hash: z.string() });
const toHashes = (rows: readonly Row[] = []): readonly string[] => rows.map((raw) => hashRow.parse(raw).hash);

export function createRemoval(context: WorkspaceContext): Removal {
	const { store } = context;

	/** The old pages of the log and of the file are overwritten, so that the text is in neither. */
	const sweep = async (op: OpId): Outcome<OpId> => {
		const swept = await store.query('PRAGMA wal_checkpoint(TRUNCATE)');
		return swept.ok ? ok(op) : swept;
	};

	const plan = async (cte: string, params: readonly string[]): Outcome<RemovalPlan> => {
		const read = await store.batch([
			{ sql: `${cte} SELECT count(*) AS n FROM doomed`, params },
			{
				sql: `${cte} SELECT DISTINCT ref.name FROM doomed CROSS JOIN ref_head h ON h.node_id = doomed.id CROSS JOIN ref ON ref.id = h.ref_id ORDER BY ref.name`,
				params
			},
			{
				sql: `${cte} SELECT count(DISTINCT l.src_id) AS n FROM doomed CROSS JOIN link l ON l.dst_id = doomed.id
					WHERE l.kind IN ('quotes', 'cherry_of', 'continues') AND l.src_id NOT IN (SELECT id FROM doomed)`,
				params
			},
			{ sql: `${cte} SELECT count(*) AS n ${OPEN_RUNS}`, params }
		]);
		if (!read.ok) return read;
		const [messages, branches, quotedBy, openRuns] = read.value.map(({ rows }) => rows);
		const count = (rows: typeof messages): number => countRow.parse(rows?.[0]).n;
		return ok({
			messages: count(messages),
			branches: (branches ?? []).map((row) => String(row['name'])),
			quotedBy: count(quotedBy),
			openRuns: count(openRuns)
		});
	};

	return {
		planRedaction: (node) => plan('WITH doomed (id) AS (SELECT id FROM node WHERE hash = unhex(?1))', [node]),
		async redact(node) {
			const body: Statement = {
				sql: `SELECT lower(hex(b.hash)) AS hash FROM node n JOIN body b ON b.id = n.body_id WHERE n.hash = unhex(?1) AND b.data IS NOT NULL`,
				params: [node]
			};
			const where: Statement = { sql: CONVERSATION_OF, params: [node] };
			const redacted = await commit(context, [body, where], ({ rows }) => {
				const found = hashRow.safeParse(rows[0]?.rows[0]);
				if (!found.success) return err({ code: 'constraint', message: 'Its text is gone already.' });
				return ok({
					payload: { kind: 'tombstone', scope: 'body', id: found.data.hash },
					touched: {
						tables: ['node', 'conv', 'body'],
						conversations: toHashes(rows[1]?.rows),
						nodes: [node]
					},
					value: (op) => op
				});
			});
			return redacted.ok ? sweep(redacted.value) : redacted;
		},
		planPurge: (target) => plan(doomed(target), paramsOf(target)),
		async purge(target) {
			const cte = doomed(target);
			const params = paramsOf(target);
			const reads: readonly Statement[] = [
				{
					sql: `${cte} SELECT lower(hex(node.hash)) AS hash FROM doomed CROSS JOIN node ON node.id = doomed.id ORDER BY node.gen DESC, node.id DESC`,
					params
				},
				{
					sql: `${cte} SELECT lower(hex(conv.uid)) AS conv, ref.name, lower(hex(op.hash)) AS op FROM doomed
					CROSS JOIN ref_head h ON h.node_id = doomed.id CROSS JOIN ref ON ref.id = h.ref_id CROSS JOIN conv ON conv.id = ref.conv_id
					CROSS JOIN op ON op.id = h.op_id ORDER BY ref.id`,
					params
				},
				{
					sql: `SELECT lower(hex(p.hash)) AS hash FROM node n JOIN node p ON p.id = n.parent_id WHERE n.hash = unhex(?1)`,
					params
				},
				{ sql: `${cte} SELECT count(*) AS n ${OPEN_RUNS}`, params },
				{ sql: CONVERSATION_OF, params }
			];
			const purged = await commit(context, reads, ({ rows }) => {
				const [nodes = [], heads = [], above = [], runs = [], where = []] = rows.map((result) => result.rows);
				if (countRow.parse(runs[0]).n > 0)
					return err({ code: 'conflict', message: 'An answer is being written there. Stop it first.' });
				const tombstones = toHashes(nodes).map((id): OpPayload => ({ kind: 'tombstone', scope: 'node', id }));
				const [parent = null] = toHashes(above);
				// The message above is a leaf again, and a leaf is held by a branch.
				const moves = heads.map((raw): MoveRef => {
					const { conv, name, op } = headRow.parse(raw);
					return {
						kind: 'ref',
						conversation: conv,
						name,
						refKind: 'branch',
						target: parent,
						seen: [op]
					};
				});
				const payloads: readonly OpPayload[] = isConversation(target)
					? [{ kind: 'tombstone', scope: 'conversation', id: target.conversation }, ...tombstones]
					: [...tombstones, ...moves];
				const [first, ...also] = payloads;
				if (!first) return err({ code: 'constraint', message: 'This message is gone already.' });
				return ok({
					payload: first,
					also: also.map((payload) => ({ payload })),
					touched: {
						tables: ['node', 'conv', 'body', 'ref', 'run', 'member', 'queued', 'draft'],
						conversations: toHashes(where)
					},
					value: (op) => op
				});
			});
			return purged.ok ? sweep(purged.value) : purged;
		}
	};
}
