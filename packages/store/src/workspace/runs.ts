/** Runs: a row before any network, a journal while text arrives, one transaction that turns it into a node. */
import { err, ok, type Result } from '@stemma/graph/result';
import { and, eq, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { attempt as awaitQuery, toStatement } from '../drizzle.ts';
import type { Statement, StoreError } from '../port.ts';
import { run as runTable, runChunk } from '../schema/tables.ts';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import { insertNodeStatements } from './node-sql.ts';
import { nodeFrom, touchConversation } from './nodes.ts';
import { planMove, refReads } from './refs.ts';
import { ATTEMPT_COLUMNS, RUN_COLUMNS, toRunRows } from './run-row.ts';
import type { Appended, AttemptRow, NewNode, RunChunk, RunRow, Workspace } from './workspace.ts';

type Runs = Pick<
	Workspace,
	'createRun' | 'recordRun' | 'journalled' | 'sealRun' | 'run' | 'openRuns' | 'lastFailure' | 'runsAt'
>;

const TERMINAL = `('done', 'cancelled', 'failed', 'interrupted')`;
const NOT_TERMINAL = sql.raw(`state NOT IN ${TERMINAL}`);

const FROM_RUN = `FROM run r JOIN conv ON conv.id = r.conv_id JOIN node p ON p.id = r.parent_id LEFT JOIN node n ON n.id = r.node_id`;
const refRow = z.object({ name: z.string(), op: z.string() });

export function createRuns(context: WorkspaceContext): Runs {
	const { db, store, nowMs, randomHex, device } = context;

	const select = async (
		where: string,
		params: readonly (string | null)[],
		limit = 1000
	): Promise<Result<readonly RunRow[], StoreError>> => {
		const result = await store.batch([
			{
				sql: `SELECT ${RUN_COLUMNS} ${FROM_RUN} WHERE ${where} ORDER BY r.created_at DESC LIMIT ${limit}`,
				params
			},
			{
				sql: `SELECT ${ATTEMPT_COLUMNS} ${FROM_RUN} JOIN attempt t ON t.run_id = r.id WHERE ${where} ORDER BY t.n`,
				params
			}
		]);
		if (!result.ok) return result;
		return ok(toRunRows(result.value[0]?.rows ?? [], result.value[1]?.rows ?? []));
	};

	const find = async (id: string): Promise<Result<RunRow | null, StoreError>> => {
		const found = await select('r.uid = unhex(?1)', [id]);
		return found.ok ? ok(found.value[0] ?? null) : found;
	};

	/** Where a sealed run's message is now. */
	const appended = async (run: RunRow): Promise<Result<Appended | null, StoreError>> => {
		if (run.node === null) return ok(null);
		const rows = await store.query(
			`SELECT ref.name, lower(hex(op.hash)) AS op FROM op JOIN ref ON ref.conv_id = op.conv_id AND ref.name = op.payload ->> 'name'
			WHERE op.conv_id = (SELECT id FROM conv WHERE uid = unhex(?1)) AND op.kind = 'ref' AND op.payload ->> 'target' = ?2 LIMIT 1`,
			[run.conversation, run.node]
		);
		if (!rows.ok) return rows;
		const { name, op } = refRow.parse(rows.value[0]);
		return ok({ node: run.node, change: run.change, ref: name, op });
	};

	return {
		async createRun(input) {
			const run: RunRow = {
				id: input.id ?? randomHex(16),
				conversation: input.conversation,
				parent: input.parent,
				node: null,
				state: 'queued',
				endpoint: input.endpoint,
				model: input.model,
				params: input.params,
				receipt: input.receipt,
				change: input.change ?? randomHex(16),
				links: input.links ?? [],
				merges: input.merges ?? [],
				ref: input.ref ?? null,
				notBefore: null,
				failure: null,
				createdAt: nowMs(),
				startedAt: null,
				endedAt: null,
				attempts: []
			};
			const written = await store.batch(
				[
					{
						sql: `INSERT INTO run (uid, conv_id, parent_id, state, endpoint, model, params, receipt, change_id, links, ref, created_at, merges)
						SELECT unhex(?1), conv.id, node.id, ?13, ?4, ?5, ?6, ?7, unhex(?8), ?9, ?10, ?11, ?12
						FROM conv, node WHERE conv.uid = unhex(?2) AND node.hash = unhex(?3) ON CONFLICT (uid) DO NOTHING`,
						params: [
							run.id,
							run.conversation,
							run.parent,
							run.endpoint,
							run.model,
							JSON.stringify(run.params),
							JSON.stringify(run.receipt),
							run.change,
							JSON.stringify(run.links),
							run.ref,
							run.createdAt,
							JSON.stringify(run.merges),
							run.state
						]
					},
					{ sql: 'SELECT 1 AS one FROM run WHERE uid = unhex(?1)', params: [run.id], expect: 1 }
				],
				{ touched: { tables: ['run'], conversations: [run.conversation] } }
			);
			return written.ok ? ok(run) : written;
		},

		async recordRun(id, { attempts = [], chunks = [], ...row }) {
			const set = {
				...(row.state === undefined ? {} : { state: row.state }),
				...(row.notBefore === undefined ? {} : { notBefore: row.notBefore }),
				...(row.failure === undefined ? {} : { failure: JSON.stringify(row.failure) }),
				...(row.startedAt === undefined ? {} : { startedAt: row.startedAt })
			};
			const isRow = Object.keys(set).length > 0;
			const written = await store.batch(
				[
					...(isRow
						? [
								toStatement(
									db
										.update(runTable)
										.set(set)
										.where(and(eq(runTable.uid, id), NOT_TERMINAL))
								)
							]
						: []),
					...attempts.map((attempt) => attemptStatement(id, attempt)),
					...(chunks.length > 0 ? [chunksStatement(id, chunks)] : [])
				],
				{
					touched: {
						tables: [
							...(isRow ? ['run'] : []),
							...(attempts.length > 0 ? ['attempt'] : []),
							...(chunks.length > 0 ? ['run_chunk'] : [])
						]
					}
				}
			);
			return written.ok ? ok(undefined) : written;
		},

		journalled: (run) =>
			awaitQuery(
				db
					.select({ seq: runChunk.seq, channel: runChunk.channel, text: runChunk.text })
					.from(runChunk)
					.where(sql`run_id = (SELECT id FROM run WHERE uid = unhex(${run}))`)
					.orderBy(runChunk.seq)
			),

		async sealRun(id, end) {
			const found = await find(id);
			if (!found.ok) return found;
			const run = found.value;
			if (!run) return err({ code: 'sql', message: 'There is no such run.' });
			if (run.endedAt !== null) return appended(run);

			const now = nowMs();
			const input: NewNode = {
				conversation: run.conversation,
				kind: run.merges.length > 0 ? 'merge' : 'message',
				role: 'assistant',
				parents: [run.parent, ...run.merges],
				parts: end.parts,
				change: run.change,
				links: run.links
			};
			const node = end.parts.length > 0 ? nodeFrom(input, randomHex) : null;
			const closing: readonly Statement[] = [
				...(end.attempts ?? []).map((attempt) => attemptStatement(id, attempt)),
				{
					sql: `UPDATE run SET state = ?2, failure = ?3, ended_at = ?4, not_before = NULL,
						node_id = (SELECT id FROM node WHERE hash = unhex(?5))
					WHERE uid = unhex(?1) AND state NOT IN ${TERMINAL}`,
					params: [id, end.state, JSON.stringify(end.failure ?? null), now, node?.id ?? null]
				},
				// Whoever seals second must not leave a second version behind.
				{
					sql: `SELECT 1 AS one FROM run WHERE uid = unhex(?1) AND node_id IS (SELECT id FROM node WHERE hash = unhex(?2))`,
					params: [id, node?.id ?? null],
					expect: 1
				},
				{
					sql: 'DELETE FROM run_chunk WHERE run_id = (SELECT id FROM run WHERE uid = unhex(?1))',
					params: [id]
				}
			];
			const touched = { tables: ['node', 'conv', 'ref', 'run'], conversations: [run.conversation] };
			if (!node) {
				const written = await store.batch(closing, { touched });
				return written.ok ? ok(null) : written;
			}
			const sealed = await commit(context, refReads(run.conversation, run.ref), ({ rows }) => {
				const payload = planMove(
					run.conversation,
					rows[0]?.rows ?? [],
					rows[1]?.rows[0],
					run.parent,
					node.id
				);
				return ok({
					payload,
					before: [
						...insertNodeStatements([{ conversation: run.conversation, node, createdAt: now }], device),
						touchConversation(input, now)
					],
					after: closing,
					touched: { ...touched, nodes: [node.id] },
					value: (op): Appended => ({ node: node.id, change: run.change, ref: payload.name, op })
				});
			});
			if (sealed.ok || sealed.error.code !== 'conflict') return sealed;
			const other = await find(id);
			if (!other.ok) return other;
			return other.value?.endedAt != null ? appended(other.value) : sealed;
		},

		run: find,
		openRuns: (except = []) =>
			select(`r.state NOT IN ${TERMINAL} AND r.uid NOT IN (SELECT unhex(value) FROM json_each(?1))`, [
				JSON.stringify(except)
			]),
		async lastFailure(parent) {
			const failed = await select(
				`p.hash = unhex(?1) AND r.state IN ('failed', 'cancelled', 'interrupted') AND r.node_id IS NULL`,
				[parent],
				1
			);
			return failed.ok ? ok(failed.value[0] ?? null) : failed;
		},
		runsAt: (parent) => select('p.hash = unhex(?1) AND r.conv_id = p.conv_id', [parent])
	};
}

function chunksStatement(run: string, chunks: readonly RunChunk[]): Statement {
	return {
		sql: `INSERT INTO run_chunk (run_id, seq, channel, text)
		SELECT run.id, c.value ->> 'seq', c.value ->> 'channel', c.value ->> 'text' FROM run, json_each(?2) c
		WHERE run.uid = unhex(?1) AND run.state NOT IN ${TERMINAL} ON CONFLICT DO NOTHING`,
		params: [run, JSON.stringify(chunks)]
	};
}

function attemptStatement(run: string, attempt: AttemptRow): Statement {
	return {
		sql: `INSERT INTO attempt (run_id, n, provider, served_model, upstream_id, http_status, error, sent_at, first_at, ended_at,
			finish, native_finish, tok_in, tok_cached, tok_out, tok_reason, cost_nano, flags)
		SELECT run.id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18 FROM run WHERE run.uid = unhex(?1)
		ON CONFLICT (run_id, n) DO UPDATE SET provider = excluded.provider, served_model = excluded.served_model,
			upstream_id = excluded.upstream_id, http_status = excluded.http_status, error = excluded.error,
			first_at = excluded.first_at, ended_at = excluded.ended_at, finish = excluded.finish,
			native_finish = excluded.native_finish, tok_in = excluded.tok_in, tok_cached = excluded.tok_cached,
			tok_out = excluded.tok_out, tok_reason = excluded.tok_reason, cost_nano = excluded.cost_nano, flags = excluded.flags`,
		params: [
			run,
			attempt.n,
			attempt.provider,
			attempt.servedModel,
			attempt.upstreamId,
			attempt.httpStatus,
			JSON.stringify(attempt.error),
			attempt.sentAt,
			attempt.firstTokenAt,
			attempt.endedAt,
			attempt.finish,
			attempt.nativeFinish,
			attempt.tokensIn,
			attempt.tokensCached,
			attempt.tokensOut,
			attempt.tokensReasoning,
			attempt.costNano,
			JSON.stringify(attempt.flags)
		]
	};
}
