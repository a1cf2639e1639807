/**
 * Whether a file is a whole, honest database of ours. It may come from anybody: nothing in it is believed
 * that can be computed, and what is not in our own schema is refused.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { compareLinks, nodeDefect } from '@stemma/graph/hash';
import { parseNodeHeader } from '@stemma/graph/parse-header';
import { verifyChains } from '@stemma/graph/op-log';
import type { HashedOp } from '@stemma/graph/op';
import { err, ok, type Result } from '@stemma/graph/result';
import type { PackedResult } from '../connection.ts';
import { APPLICATION_ID } from '../migrate.ts';
import type { Row, StoreError } from '../port.ts';
import { toStoreError } from '../sql-error.ts';
import { decodeBody, decodeLinks, decodeList } from '../workspace/codec.ts';
import { conversationOf, OP_COLUMNS, registerOf, subjectOf, toHashedOp } from '../workspace/log.ts';
import { NODE_COLUMNS } from '../workspace/node-sql.ts';

/** A file that was taken in, by itself. It throws what `toStoreError` understands. */
export interface Incoming {
	query(sql: string): Promise<PackedResult>;
	/** Reads in slices with a pause between them, so that others get their turn. Stops at the first complaint. */
	each(sql: string, check: (row: Row) => string | null): Promise<string | null>;
	/** Brings it to the newest schema. */
	migrate(): Promise<Result<unknown, StoreError>>;
}

const bad = (message: string): Result<never, StoreError> => err({ code: 'corrupt', message });

/** Everything a schema is made of, without what SQLite keeps for itself. */
const SCHEMA = `SELECT type, name, tbl_name, sql FROM sqlite_schema
	WHERE name NOT GLOB 'sqlite_*' ORDER BY type, name`;

/** Derived integers that do not follow from the parents. */
const WRONG_PLACES = `
SELECT count(*) FROM node n LEFT JOIN node p ON p.id = n.parent_id LEFT JOIN node j ON j.id = p.jump_id LEFT JOIN node jj ON jj.id = j.jump_id
WHERE n.pos IS NOT coalesce(p.pos + 1, 0)
	OR n.parent_id IS NOT (SELECT parent_id FROM edge WHERE child_id = n.id AND ord = 0)
	OR n.gen IS NOT coalesce((SELECT 1 + max(q.gen) FROM edge e JOIN node q ON q.id = e.parent_id WHERE e.child_id = n.id), 0)
	OR n.jump_id IS NOT (CASE WHEN p.id IS NULL THEN NULL
		WHEN j.jump_id IS NOT NULL AND p.pos - j.pos = j.pos - jj.pos THEN jj.id ELSE p.id END)
	OR EXISTS (SELECT 1 FROM edge e JOIN node q ON q.id = e.parent_id WHERE e.child_id = n.id AND q.conv_id <> n.conv_id)`;

const OPS = `SELECT ${OP_COLUMNS}, o.kind, o.register, lower(hex(conv.uid)) AS conv
	FROM op o JOIN device d ON d.id = o.device_id LEFT JOIN conv ON conv.id = o.conv_id ORDER BY o.id`;

/**
 * @param incoming brought to the newest schema on the way
 * @returns the schema version the file came with
 */
export async function checkFile(
	incoming: Incoming,
	live: Pick<Incoming, 'query'>,
	nowMs: number
): Promise<Result<number, StoreError>> {
	const first = async (sql: string): Promise<unknown> => (await incoming.query(sql)).rows[0]?.[0];
	try {
		if (Number(await first('PRAGMA application_id')) !== APPLICATION_ID)
			return bad('This is not a Stemma database.');
		const version = Number(await first('PRAGMA user_version'));
		const whole = await first('PRAGMA integrity_check(1)');
		if (whole !== 'ok') return bad(`The file is damaged: ${String(whole)}`);
		const migrated = await incoming.migrate();
		if (!migrated.ok) return migrated;
		const [theirs, ours] = [await incoming.query(SCHEMA), await live.query(SCHEMA)];
		if (JSON.stringify(theirs.rows) !== JSON.stringify(ours.rows))
			return bad('The file has tables or triggers that are not Stemma’s.');
		if ((await incoming.query('PRAGMA foreign_key_check')).rows.length > 0)
			return bad('The file refers to things that are not in it.');
		const misplaced = Number(await first(WRONG_PLACES));
		if (misplaced > 0) return bad(`${misplaced} messages do not stand where their parents say.`);
		const nodes = await incoming.each(
			`SELECT ${NODE_COLUMNS}, lower(hex(b.hash)) AS body_hash FROM node n JOIN body b ON b.id = n.body_id JOIN conv ON conv.id = n.conv_id`,
			(row) => (isWholeNode(row) ? null : `Message ${String(row['hash'])} is not what its id says.`)
		);
		if (nodes !== null) return bad(nodes);
		const ops: HashedOp[] = [];
		const read = await incoming.each(OPS, (row) => {
			const hashed = toHashedOp(row);
			ops.push(hashed);
			const { payload } = hashed.op;
			const isWhatItSays =
				row['kind'] === payload.kind &&
				row['register'] === registerOf(payload) &&
				// Where a message belongs is not said in the operation, and the message may be gone.
				(subjectOf(payload) !== null ||
					(row['conv'] === '' ? null : row['conv']) === conversationOf(payload));
			return isWhatItSays ? null : `Change ${hashed.id} is filed under what it is not.`;
		});
		if (read !== null) return bad(read);
		const chains = verifyChains(ops, nowMs);
		if (!chains.ok)
			return bad(`The log of changes is not whole (${chains.error.code} at ${chains.error.seq}).`);
		const blobs = await incoming.each(
			'SELECT lower(hex(sha256)) AS hash, data FROM blob WHERE data IS NOT NULL',
			(row) =>
				row['data'] instanceof Uint8Array && bytesToHex(sha256(row['data'])) === row['hash']
					? null
					: 'An attached text is not what its id says.'
		);
		return blobs === null ? ok(version) : bad(blobs);
	} catch (thrown) {
		const { message } = toStoreError(thrown);
		return bad(`The file could not be read: ${message}`);
	}
}

function isWholeNode(row: Row): boolean {
	const text = (name: string): string => String(row[name]);
	const header = parseNodeHeader({
		v: 1,
		kind: row['kind'],
		role: row['role'],
		parents: decodeList(row['parents'] as string | null),
		change: row['change_id'],
		body_hash: row['body_hash'],
		links: decodeLinks(text('links')).toSorted(compareLinks)
	});
	if (!header.ok) return false;
	const body = decodeBody(row['nonce'] as string | null, row['data'] as string | null);
	return nodeDefect({ id: text('hash'), header: header.value, body }) === null;
}
