/**
 * The union of two databases: nodes, operations and what hangs on them are added where they are missing, and
 * the present state is folded anew by the same triggers that fold what is written here. Nothing is changed or lost.
 */
import type { PackedResult } from '../connection.ts';
import type { Statement } from '../port.ts';
import type { FileReport, MergeReport } from './files.ts';

/** Under this name the checked file is attached. */
export const INCOMING = 'incoming';

const NEW_NODES = `FROM ${INCOMING}.node i WHERE i.hash NOT IN (SELECT hash FROM main.node)`;

/** Messages that are buried here and on which nothing rests that is not: they do not come back. */
const LEFT_OUT = `
WITH RECURSIVE buried (id) AS (SELECT i.id FROM ${INCOMING}.node i JOIN main.tombstone t ON t.scope = 'node' AND t.uid = lower(hex(i.hash))),
needed (id) AS (
	SELECT e.parent_id FROM buried JOIN ${INCOMING}.edge e ON e.parent_id = buried.id WHERE e.child_id NOT IN (SELECT id FROM buried)
	UNION
	SELECT e.parent_id FROM needed JOIN ${INCOMING}.edge e ON e.child_id = needed.id
)
INSERT INTO temp.left_out SELECT id FROM buried WHERE id NOT IN (SELECT id FROM needed)`;

const values = ({ rows }: PackedResult): readonly (number | null)[] =>
	(rows[0] ?? []).map((value) => (value === null ? null : Number(value)));

/** With the file attached. */
export const COMPARE = `SELECT (SELECT count(*) FROM ${INCOMING}.conv) AS conversations,
	(SELECT count(*) FROM ${INCOMING}.node) AS messages,
	(SELECT count(*) FROM ${INCOMING}.conv WHERE uid NOT IN (SELECT uid FROM main.conv)) AS new_conversations,
	(SELECT count(*) ${NEW_NODES}) AS new_messages,
	(SELECT min(created_at) FROM ${INCOMING}.node) AS oldest,
	(SELECT max(created_at) FROM ${INCOMING}.node) AS newest`;

export function toComparison(
	compared: PackedResult
): Omit<FileReport, 'name' | 'sizeBytes' | 'schemaVersion'> {
	const [conversations, messages, newConversations, newMessages, oldest = null, newest = null] =
		values(compared);
	return {
		conversations: conversations ?? 0,
		messages: messages ?? 0,
		newConversations: newConversations ?? 0,
		newMessages: newMessages ?? 0,
		oldest,
		newest
	};
}

/** The same number of one device's log for two different operations: two copies of a file went separate ways. */
const FORKED = `SELECT 1 AS forked FROM ${INCOMING}.op i JOIN ${INCOMING}.device d ON d.id = i.device_id
	JOIN main.device md ON md.uid = d.uid JOIN main.op m ON m.device_id = md.id AND m.seq = i.seq WHERE m.hash <> i.hash LIMIT 1`;

const notBuried = (conversation: string): string =>
	`NOT EXISTS (SELECT 1 FROM main.tombstone WHERE scope = 'conversation' AND uid = lower(hex(${conversation})))`;

/** One statement each, in an order in which everything referred to is there already. */
const UNION: readonly string[] = [
	`INSERT INTO main.device (uid, name, created_at) SELECT uid, name, created_at FROM ${INCOMING}.device WHERE true
	ON CONFLICT (uid) DO NOTHING`,
	// Title, pin and the like are not copied: the operations bring them.
	`INSERT INTO main.conv (uid, preview, created_at, last_at) SELECT uid, preview, created_at, last_at FROM ${INCOMING}.conv WHERE true
	ON CONFLICT (uid) DO UPDATE SET preview = coalesce(conv.preview, CASE WHEN ${notBuried('conv.uid')} THEN excluded.preview END),
		created_at = min(conv.created_at, excluded.created_at), last_at = max(conv.last_at, excluded.last_at)`,
	`INSERT INTO main.body (hash, nonce, enc, size, data) SELECT hash, nonce, enc, size, data FROM ${INCOMING}.body WHERE true
	ON CONFLICT (hash) DO NOTHING`,
	`INSERT INTO main.blob (sha256, size, mime, data) SELECT sha256, size, mime, data FROM ${INCOMING}.blob WHERE true
	ON CONFLICT (sha256) DO NOTHING`,
	`CREATE TEMP TABLE left_out (id INTEGER PRIMARY KEY) STRICT`,
	LEFT_OUT,
	`CREATE TEMP TABLE arrived (old INTEGER PRIMARY KEY, new INTEGER NOT NULL) STRICT`,
	`INSERT INTO temp.arrived SELECT i.id, m.id FROM ${INCOMING}.node i JOIN main.node m ON m.hash = i.hash`,
	`INSERT INTO temp.arrived SELECT i.id, (SELECT coalesce(max(id), 0) FROM main.node) + row_number() OVER (ORDER BY i.gen, i.id) ${NEW_NODES}
	AND i.id NOT IN (SELECT id FROM temp.left_out)`,
	`INSERT INTO main.node (id, hash, conv_id, kind, role, parent_id, jump_id, gen, pos, change_id, body_id, tokens, chars, device_id, created_at, flags)
	SELECT a.new, i.hash, mc.id, i.kind, i.role, p.new, j.new, i.gen, i.pos, i.change_id, mb.id, i.tokens, i.chars, md.id, i.created_at, i.flags
	FROM temp.arrived a CROSS JOIN ${INCOMING}.node i ON i.id = a.old
	JOIN ${INCOMING}.conv ic ON ic.id = i.conv_id JOIN main.conv mc ON mc.uid = ic.uid
	JOIN ${INCOMING}.body ib ON ib.id = i.body_id JOIN main.body mb ON mb.hash = ib.hash
	LEFT JOIN ${INCOMING}.device d ON d.id = i.device_id LEFT JOIN main.device md ON md.uid = d.uid
	LEFT JOIN temp.arrived p ON p.old = i.parent_id LEFT JOIN temp.arrived j ON j.old = i.jump_id
	WHERE NOT EXISTS (SELECT 1 FROM main.node WHERE hash = i.hash) ORDER BY a.new`,
	`INSERT INTO main.edge (child_id, ord, parent_id) SELECT c.new, e.ord, p.new FROM ${INCOMING}.edge e
	JOIN temp.arrived c ON c.old = e.child_id JOIN temp.arrived p ON p.old = e.parent_id WHERE true ON CONFLICT DO NOTHING`,
	`INSERT INTO main.link (src_id, kind, dst_id) SELECT s.new, l.kind, d.new FROM ${INCOMING}.link l
	JOIN temp.arrived s ON s.old = l.src_id JOIN temp.arrived d ON d.old = l.dst_id WHERE true ON CONFLICT DO NOTHING`,
	`INSERT INTO main.link_gone (src_id, kind, dst) SELECT s.new, l.kind, n.hash FROM ${INCOMING}.link l
	JOIN temp.arrived s ON s.old = l.src_id JOIN ${INCOMING}.node n ON n.id = l.dst_id
	WHERE NOT EXISTS (SELECT 1 FROM temp.arrived WHERE old = l.dst_id) ON CONFLICT DO NOTHING`,
	`INSERT INTO main.link (src_id, kind, dst_id) SELECT s.new, l.kind, n.id FROM ${INCOMING}.link_gone l
	JOIN temp.arrived s ON s.old = l.src_id JOIN main.node n ON n.hash = l.dst WHERE true ON CONFLICT DO NOTHING`,
	`INSERT INTO main.link_gone (src_id, kind, dst) SELECT s.new, l.kind, l.dst FROM ${INCOMING}.link_gone l
	JOIN temp.arrived s ON s.old = l.src_id WHERE NOT EXISTS (SELECT 1 FROM main.node WHERE hash = l.dst) ON CONFLICT DO NOTHING`,
	// What links to a message that has arrived now.
	`INSERT INTO main.link (src_id, kind, dst_id) SELECT l.src_id, l.kind, n.id FROM main.link_gone l JOIN main.node n ON n.hash = l.dst
	WHERE true ON CONFLICT DO NOTHING`,
	`DELETE FROM main.link_gone WHERE dst IN (SELECT hash FROM main.node)`,
	`INSERT INTO main.run (uid, conv_id, parent_id, node_id, state, priority, endpoint, model, params, receipt, change_id, links, merges, ref, not_before, failure, created_at, started_at, ended_at)
	SELECT i.uid, mc.id, p.new, n.new, i.state, i.priority, i.endpoint, i.model, i.params, i.receipt, i.change_id, i.links, i.merges, i.ref, i.not_before, i.failure, i.created_at, i.started_at, i.ended_at
	FROM ${INCOMING}.run i JOIN ${INCOMING}.conv ic ON ic.id = i.conv_id JOIN main.conv mc ON mc.uid = ic.uid
	JOIN temp.arrived p ON p.old = i.parent_id LEFT JOIN temp.arrived n ON n.old = i.node_id WHERE true ON CONFLICT (uid) DO NOTHING`,
	`INSERT INTO main.attempt SELECT m.id, t.n, t.provider, t.served_model, t.upstream_id, t.http_status, t.error, t.sent_at, t.first_at, t.ended_at,
		t.finish, t.native_finish, t.tok_in, t.tok_cached, t.tok_out, t.tok_reason, t.cost_nano, t.flags
	FROM ${INCOMING}.attempt t JOIN ${INCOMING}.run i ON i.id = t.run_id JOIN main.run m ON m.uid = i.uid WHERE true ON CONFLICT DO NOTHING`,
	`INSERT INTO main.run_commit (run_id, root, folder, commit_id, branch, dirty) SELECT m.id, c.root, c.folder, c.commit_id, c.branch, c.dirty
	FROM ${INCOMING}.run_commit c JOIN ${INCOMING}.run i ON i.id = c.run_id JOIN main.run m ON m.uid = i.uid WHERE true ON CONFLICT DO NOTHING`,
	// The journal of an answer that was cut off there: it is recovered here.
	`INSERT INTO main.run_chunk SELECT m.id, c.seq, c.channel, c.text FROM ${INCOMING}.run_chunk c JOIN ${INCOMING}.run i ON i.id = c.run_id
	JOIN main.run m ON m.uid = i.uid WHERE m.state NOT IN ('done', 'cancelled', 'failed', 'interrupted') ON CONFLICT DO NOTHING`,
	`INSERT INTO main.op (hash, device_id, seq, hlc, kind, conv_id, register, payload, undoes, prev_hash, lead, restores)
	SELECT i.hash, md.id, i.seq, i.hlc, i.kind, mc.id, i.register, i.payload, i.undoes, i.prev_hash, i.lead, i.restores
	FROM ${INCOMING}.op i JOIN ${INCOMING}.device d ON d.id = i.device_id JOIN main.device md ON md.uid = d.uid
	LEFT JOIN ${INCOMING}.conv ic ON ic.id = i.conv_id LEFT JOIN main.conv mc ON mc.uid = ic.uid
	WHERE NOT EXISTS (SELECT 1 FROM main.op WHERE hash = i.hash) ORDER BY i.hlc, md.uid, i.seq`,
	`INSERT INTO main.visit (conv_id, node_id, ref, seen_at) SELECT mc.id, a.new, v.ref, v.seen_at FROM ${INCOMING}.visit v
	JOIN ${INCOMING}.conv ic ON ic.id = v.conv_id JOIN main.conv mc ON mc.uid = ic.uid JOIN temp.arrived a ON a.old = v.node_id
	WHERE true ON CONFLICT DO NOTHING`,
	`INSERT INTO main.draft SELECT conv, parent, text, updated_at, attached FROM ${INCOMING}.draft
	WHERE NOT EXISTS (SELECT 1 FROM main.tombstone WHERE uid IN (conv, parent)) ON CONFLICT DO NOTHING`,
	`INSERT INTO main.queued (uid, conv_id, ord, parts, created_at) SELECT q.uid, mc.id, q.ord, q.parts, q.created_at FROM ${INCOMING}.queued q
	JOIN ${INCOMING}.conv ic ON ic.id = q.conv_id JOIN main.conv mc ON mc.uid = ic.uid WHERE ${notBuried('mc.uid')} ON CONFLICT (uid) DO NOTHING`,
	`INSERT INTO main.replay (uid, conv_id, plan, made, created_at) SELECT r.uid, mc.id, r.plan, r.made, r.created_at FROM ${INCOMING}.replay r
	JOIN ${INCOMING}.conv ic ON ic.id = r.conv_id JOIN main.conv mc ON mc.uid = ic.uid WHERE ${notBuried('mc.uid')}
	ON CONFLICT (uid) DO UPDATE SET made = excluded.made
		WHERE (json_array_length(excluded.made), excluded.made) > (json_array_length(replay.made), replay.made)`,
	`INSERT INTO main.unfinished (conv, kind, key, data, updated_at) SELECT conv, kind, key, data, updated_at FROM ${INCOMING}.unfinished
	WHERE NOT EXISTS (SELECT 1 FROM main.tombstone WHERE scope = 'conversation' AND uid = conv)
		AND NOT EXISTS (SELECT 1 FROM main.tombstone WHERE scope = 'node' AND instr(key, uid) > 0)
	ON CONFLICT (conv, kind, key) DO UPDATE SET data = excluded.data, updated_at = excluded.updated_at
		WHERE (excluded.updated_at, excluded.data) > (unfinished.updated_at, unfinished.data)`,
	`DROP TABLE temp.arrived`,
	`DROP TABLE temp.left_out`
];

const COUNT = `SELECT (SELECT count(*) FROM main.conv) AS conversations, (SELECT count(*) FROM main.node) AS messages,
	(SELECT count(*) FROM main.op) AS operations`;

/** One transaction with the file attached: all of it or nothing, and `conflict` for what cannot be united. */
export const MERGE: readonly Statement[] = [
	{ sql: FORKED, expect: 0 },
	{ sql: COUNT },
	...UNION.map((sql) => ({ sql })),
	{ sql: COUNT }
];

/** @param results of all its statements */
export function toMergeReport(results: readonly PackedResult[]): MergeReport {
	const [before, after] = [results[1], results.at(-1)].map((counts) => (counts ? values(counts) : []));
	const [conversations = 0, messages = 0, operations = 0] = (after ?? []).map(
		(now, i) => (now ?? 0) - (before?.[i] ?? 0)
	);
	return { conversations, messages, operations };
}
