/** Appending to the operation log: read the end of the chain, build, compare-and-set, again if another tab was faster. */
import { appendOp, type ChainEnd } from '@stemma/graph/op-log';
import { refKey, scalarKey, setKey } from '@stemma/graph/fold';
import { canonicalJson } from '@stemma/graph/jcs';
import type { DeviceId, HashedOp, Hlc, Op, OpId, OpPayload } from '@stemma/graph/op';
import { err, ok, type Result } from '@stemma/graph/result';
import { z } from 'zod';
import type { Row, Statement, StatementResult, StoreError, Touched } from '../port.ts';
import type { WorkspaceContext } from './context.ts';

const MAX_TRIES = 12;

/** The end of a device's chain and the largest time stamp in the log; ?1 null: of this file's own device. */
const END_OF_CHAIN = `
SELECT (SELECT max(hlc) FROM op) AS clock, op.seq, op.hlc, lower(hex(op.hash)) AS hash, lower(hex(device.uid)) AS device
FROM device LEFT JOIN op ON op.device_id = device.id AND op.seq = (SELECT max(seq) FROM op o WHERE o.device_id = device.id)
WHERE device.uid = unhex(coalesce(?1, (SELECT value FROM meta WHERE key = 'device')))`;

const endRow = z.object({
	clock: z.number().nullable(),
	seq: z.number().nullable(),
	hlc: z.number().nullable(),
	hash: z.string().nullable(),
	device: z.string()
});

export const endOfChain = (device: DeviceId | null): Statement => ({ sql: END_OF_CHAIN, params: [device] });

export interface ChainState {
	readonly device: DeviceId;
	readonly clock: Hlc;
	readonly last: ChainEnd | null;
}

export function toChainState(row: Row | undefined): ChainState {
	if (!row) throw new Error('this device is not registered in the database');
	const { clock, seq, hlc, hash, device } = endRow.parse(row);
	return {
		device,
		clock: clock ?? 0,
		last: seq === null || hlc === null || hash === null ? null : { seq, hlc, id: hash }
	};
}

const INSERT_OP = `
INSERT INTO op (hash, device_id, seq, hlc, kind, conv_id, register, payload, undoes, prev_hash)
SELECT unhex(?1), device.id, ?3, ?4, ?5, (SELECT id FROM conv WHERE uid = unhex(?6)), ?7, ?8, unhex(?9), unhex(?10)
FROM device WHERE device.uid = unhex(?2)
	AND NOT EXISTS (SELECT 1 FROM op WHERE device_id = device.id AND seq = ?3)
ON CONFLICT (hash) DO NOTHING`;

export function registerOf(payload: OpPayload): string {
	switch (payload.kind) {
		case 'set':
			return scalarKey(payload);
		case 'ref':
			return `ref/${refKey(payload)}`;
		case 'add':
		case 'remove':
			return `set/${setKey(payload)}`;
		case 'tombstone':
			return `tombstone/${payload.scope}/${payload.id}`;
	}
}

export function conversationOf(payload: OpPayload): string | null {
	if (payload.kind === 'ref') return payload.conversation;
	if (payload.kind === 'tombstone') return null;
	return payload.entity === 'conversation' ? payload.id : null;
}

export function insertOpStatements({ id, op }: HashedOp): readonly Statement[] {
	return [
		{
			sql: INSERT_OP,
			params: [
				id,
				op.device,
				op.seq,
				op.hlc,
				op.payload.kind,
				conversationOf(op.payload),
				registerOf(op.payload),
				canonicalJson(op.payload),
				op.undoes ?? null,
				op.prev
			]
		},
		// Not there: another tab has taken the number in the meantime.
		{ sql: 'SELECT 1 AS one FROM op WHERE hash = unhex(?1)', params: [id], expect: 1 }
	];
}

export interface Draft<T> {
	readonly payload: OpPayload;
	readonly undoes?: OpId;
	/** Run before the operation, in the same transaction. */
	readonly before?: readonly Statement[];
	readonly after?: readonly Statement[];
	readonly touched: Touched;
	readonly value: (op: OpId) => T;
}

export interface LogState {
	readonly rows: readonly StatementResult[];
}

/**
 * Appends one operation with whatever belongs to it.
 *
 * @param reads statements whose results `build` needs; they are read anew on every try
 */
export async function commit<T>(
	context: WorkspaceContext,
	reads: readonly Statement[],
	build: (state: LogState) => Result<Draft<T>, StoreError>
): Promise<Result<T, StoreError>> {
	const { store, device, nowMs } = context;
	for (let attempt = 1; ; attempt++) {
		const read = await store.batch([endOfChain(device), ...reads]);
		if (!read.ok) return read;
		const [end, ...rows] = read.value;
		const { clock, last } = toChainState(end?.rows[0]);
		const draft = build({ rows });
		if (!draft.ok) return draft;
		const { payload, undoes, before = [], after = [], touched, value } = draft.value;
		const hashed = appendOp(device, last, clock, nowMs(), payload, undoes);
		const written = await store.batch([...before, ...insertOpStatements(hashed), ...after], {
			touched: { ...touched, tables: ['op', ...touched.tables] }
		});
		if (written.ok) return ok(value(hashed.id));
		if (written.error.code !== 'conflict' || attempt === MAX_TRIES) return written;
	}
}

const OPS_ON_REGISTER_OF = `
SELECT lower(hex(o.hash)) AS hash, lower(hex(d.uid)) AS device, o.seq, o.hlc, o.payload,
	lower(hex(o.undoes)) AS undoes, lower(hex(o.prev_hash)) AS prev
FROM op target JOIN op o ON o.register = target.register JOIN device d ON d.id = o.device_id
WHERE target.hash = unhex(?1) AND (o.hlc <= target.hlc)
ORDER BY o.hlc DESC LIMIT 200`;

const opRow = z.object({
	hash: z.string(),
	device: z.string(),
	seq: z.number(),
	hlc: z.number(),
	payload: z.string(),
	undoes: z.string().nullable(),
	prev: z.string().nullable()
});

export function toHashedOp(raw: Row): HashedOp {
	const row = opRow.parse(raw);
	const op: Op = {
		v: 1,
		device: row.device,
		seq: row.seq,
		hlc: row.hlc,
		// Written by insertOpStatements from a typed payload; imports verify the hash before they insert.
		payload: JSON.parse(row.payload) as OpPayload,
		...(row.undoes === null || row.undoes === '' ? {} : { undoes: row.undoes }),
		prev: row.prev === null || row.prev === '' ? null : row.prev
	};
	return { id: row.hash, op };
}

/** The operation and the newest ones before it on the same register: what its inverse depends on. */
export async function opsBefore(
	context: WorkspaceContext,
	op: OpId
): Promise<Result<readonly HashedOp[], StoreError>> {
	const rows = await context.store.query(OPS_ON_REGISTER_OF, [op]);
	if (!rows.ok) return rows;
	if (rows.value.length === 0) return err({ code: 'sql', message: 'There is no such operation.' });
	return ok(rows.value.map(toHashedOp));
}
