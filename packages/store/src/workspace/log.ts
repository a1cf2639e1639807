/** Appending to the operation log: read the end of the chain, build, compare-and-set, again if another tab was faster. */
import { appendOps, type ChainEnd, type Deed } from '@stemma/graph/op-log';
import { refKey, scalarKey, setKey } from '@stemma/graph/fold';
import { canonicalJson } from '@stemma/graph/jcs';
import type { DeviceId, HashedOp, Hlc, Op, OpId, OpPayload } from '@stemma/graph/op';
import { err, ok, type Result } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { Row, Statement, StatementResult, StoreError, Touched } from '../port.ts';
import type { WorkspaceContext } from './context.ts';

/** Each refusal means that another tab has written; while one imports, the others may lose many times in a row. */
export const MAX_TRIES = 200;

/** The end of a device's chain and the largest time stamp in the log; ?1 null: of this file's own device. */
const END_OF_CHAIN = `
SELECT (SELECT max(hlc) FROM op) AS clock, op.seq, op.hlc, lower(hex(op.hash)) AS hash, lower(hex(device.uid)) AS device
FROM device LEFT JOIN op ON op.device_id = device.id AND op.seq = (SELECT max(seq) FROM op o WHERE o.device_id = device.id)
WHERE device.uid = unhex(coalesce(?1, (SELECT value FROM meta WHERE key = 'device')))`;

const endRow = z.object({
	clock: z.nullable(z.number()),
	seq: z.nullable(z.number()),
	hlc: z.nullable(z.number()),
	hash: z.nullable(z.string()),
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
INSERT INTO op (hash, device_id, seq, hlc, kind, conv_id, register, payload, undoes, prev_hash, lead, restores)
SELECT unhex(?1), device.id, ?3, ?4, ?5,
	coalesce((SELECT id FROM conv WHERE uid = unhex(?6)), (SELECT conv_id FROM node WHERE hash = unhex(?11)),
		(SELECT n.conv_id FROM body b JOIN node n ON n.body_id = b.id WHERE b.hash = unhex(?11) LIMIT 1)),
	?7, ?8, unhex(?9), unhex(?10), ?12, ?13
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
	if (payload.kind === 'tombstone') return payload.scope === 'conversation' ? payload.id : null;
	return payload.entity === 'conversation' ? payload.id : null;
}

/** The node or body an operation is about, by which its conversation is found. */
export function subjectOf(payload: OpPayload): string | null {
	if (payload.kind === 'ref') return null;
	if (payload.kind === 'tombstone') return payload.scope === 'conversation' ? null : payload.id;
	return payload.entity === 'node' ? payload.id : null;
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
				op.prev,
				subjectOf(op.payload),
				op.lead ?? null,
				op.restores ?? null
			]
		},
		// Not there: another tab has taken the number in the meantime.
		{ sql: 'SELECT 1 AS one FROM op WHERE hash = unhex(?1)', params: [id], expect: 1 }
	];
}

export interface Draft<T> extends Deed {
	/** Written with it, and undone with it. */
	readonly also?: readonly Deed[];
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
 * Appends an operation with whatever belongs to it.
 *
 * @param reads statements whose results `build` needs; they are read anew on every try
 */
export async function commit<T>(
	context: WorkspaceContext,
	reads: readonly Statement[],
	build: (state: LogState) => Result<Draft<T>, StoreError>
): Promise<Result<T, StoreError>> {
	const { store, device, nowMs } = context;
	let refused: { readonly after: OpId | undefined; readonly error: StoreError } | null = null;
	for (let attempt = 1; ; attempt++) {
		const read = await store.batch([endOfChain(device), ...reads]);
		if (!read.ok) return read;
		const [end, ...rows] = read.value;
		const { clock, last } = toChainState(end?.rows[0]);
		// Nobody has written meanwhile: it was refused for a reason of its own.
		if (refused && refused.after === last?.id) return err(refused.error);
		const draft = build({ rows });
		if (!draft.ok) return draft;
		const { also = [], before = [], after = [], touched, value, ...deed } = draft.value;
		const ops = appendOps(device, last, clock, nowMs(), [deed, ...also]);
		const written = await store.batch([...before, ...ops.flatMap(insertOpStatements), ...after], {
			touched: { ...touched, tables: ['op', ...touched.tables] }
		});
		if (written.ok) return ok(value(ops[0]?.id ?? ''));
		if (written.error.code !== 'conflict' || attempt === MAX_TRIES) return written;
		refused = { after: last?.id, error: written.error };
	}
}

/** What `toHashedOp` reads, from `op o JOIN device d`. */
export const OP_COLUMNS = `lower(hex(o.hash)) AS hash, lower(hex(d.uid)) AS device, o.seq, o.hlc, o.payload,
	lower(hex(o.undoes)) AS undoes, lower(hex(o.prev_hash)) AS prev, o.lead, o.restores`;

const opRow = z.object({
	hash: z.string(),
	device: z.string(),
	seq: z.number(),
	hlc: z.number(),
	payload: z.string(),
	undoes: z.nullable(z.string()),
	prev: z.nullable(z.string()),
	lead: z.nullable(z.number()),
	restores: z.nullable(z.number())
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
		...(row.lead === null ? {} : { lead: row.lead }),
		...(row.restores === null ? {} : { restores: row.restores }),
		prev: row.prev === null || row.prev === '' ? null : row.prev
	};
	return { id: row.hash, op };
}
