import * as z from 'zod/mini';
import type { Row } from '../port.ts';
import { decodeHashes, decodeJson, decodeLinks } from './codec.ts';
import type { AttemptRow, RunRow } from './workspace.ts';

/** From `run r JOIN conv JOIN node p (parent) LEFT JOIN node n (result)`. */
export const RUN_COLUMNS = `
	r.id AS row, lower(hex(r.uid)) AS uid, lower(hex(conv.uid)) AS conv, lower(hex(p.hash)) AS parent,
	CASE WHEN n.id IS NULL THEN NULL ELSE lower(hex(n.hash)) END AS node, r.state, r.endpoint, r.model, r.params, r.receipt,
	lower(hex(r.change_id)) AS change_id, r.links, r.merges, r.ref, r.not_before, r.failure, r.created_at, r.started_at, r.ended_at`;

/** From `run r JOIN attempt t`. */
export const ATTEMPT_COLUMNS = `
	t.run_id AS row, t.n, t.provider, t.served_model, t.upstream_id, t.http_status, t.error, t.sent_at, t.first_at, t.ended_at,
	t.finish, t.native_finish, t.tok_in, t.tok_cached, t.tok_out, t.tok_reason, t.cost_nano, t.flags`;

const runRow = z.object({
	row: z.number(),
	uid: z.string(),
	conv: z.string(),
	parent: z.string(),
	node: z.nullable(z.string()),
	state: z.enum([
		'queued',
		'connecting',
		'retry_wait',
		'waiting',
		'streaming',
		'finishing',
		'done',
		'cancelled',
		'failed',
		'interrupted'
	]),
	endpoint: z.string(),
	model: z.string(),
	params: z.string(),
	receipt: z.string(),
	change_id: z.string(),
	links: z.string(),
	merges: z.string(),
	ref: z.nullable(z.string()),
	not_before: z.nullable(z.number()),
	failure: z.string(),
	created_at: z.number(),
	started_at: z.nullable(z.number()),
	ended_at: z.nullable(z.number())
});

const count = z.nullable(z.number());
const attemptRow = z.object({
	row: z.number(),
	n: z.number(),
	provider: z.nullable(z.string()),
	served_model: z.nullable(z.string()),
	upstream_id: z.nullable(z.string()),
	http_status: count,
	error: z.string(),
	sent_at: z.number(),
	first_at: count,
	ended_at: count,
	finish: z.nullable(z.string()),
	native_finish: z.nullable(z.string()),
	tok_in: count,
	tok_cached: count,
	tok_out: count,
	tok_reason: count,
	cost_nano: count,
	flags: z.string()
});
const flags = z.array(z.string());

export function toRunRows(runs: readonly Row[], attempts: readonly Row[]): readonly RunRow[] {
	const attemptsByRun = new Map<number, AttemptRow[]>();
	for (const raw of attempts) {
		const row = attemptRow.parse(raw);
		const list = attemptsByRun.get(row.row) ?? [];
		list.push({
			n: row.n,
			provider: row.provider,
			servedModel: row.served_model,
			upstreamId: row.upstream_id,
			httpStatus: row.http_status,
			error: decodeJson(row.error),
			sentAt: row.sent_at,
			firstTokenAt: row.first_at,
			endedAt: row.ended_at,
			finish: row.finish,
			nativeFinish: row.native_finish,
			tokensIn: row.tok_in,
			tokensCached: row.tok_cached,
			tokensOut: row.tok_out,
			tokensReasoning: row.tok_reason,
			costNano: row.cost_nano,
			flags: flags.parse(JSON.parse(row.flags))
		});
		attemptsByRun.set(row.row, list);
	}
	return runs.map((raw) => {
		const row = runRow.parse(raw);
		return {
			id: row.uid,
			conversation: row.conv,
			parent: row.parent,
			node: row.node,
			state: row.state,
			endpoint: row.endpoint,
			model: row.model,
			params: decodeJson(row.params),
			receipt: decodeJson(row.receipt),
			change: row.change_id,
			links: decodeLinks(row.links),
			merges: decodeHashes(row.merges),
			ref: row.ref,
			notBefore: row.not_before,
			failure: decodeJson(row.failure),
			createdAt: row.created_at,
			startedAt: row.started_at,
			endedAt: row.ended_at,
			attempts: attemptsByRun.get(row.row) ?? []
		};
	});
}
