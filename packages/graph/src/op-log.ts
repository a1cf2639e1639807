/** The append-only log of one device: gap-free numbers, a clock that never runs back, a hash chain. */
import { matchesHash, opId } from './hash.ts';
import type { DeviceId, HashedOp, Hlc, Op, OpId, OpPayload } from './op.ts';
import { err, ok, type Result } from './result.ts';
import { wellFormed } from './well-formed.ts';

/** Counter steps within one millisecond. */
const TICKS_PER_MS = 256;
const MAX_DRIFT_MS = 24 * 60 * 60 * 1000;

/** The next time stamp: the wall clock when it has advanced, else one tick after the largest seen. */
export function tickHlc(previous: Hlc, nowMs: number): Hlc {
	return Math.max(previous + 1, nowMs * TICKS_PER_MS);
}

export const hlcToMs = (hlc: Hlc): number => Math.floor(hlc / TICKS_PER_MS);

export interface ChainEnd {
	readonly seq: number;
	readonly id: OpId;
	readonly hlc: Hlc;
}

/** What one operation is to do. */
export interface Deed {
	readonly payload: OpPayload;
	readonly undoes?: OpId;
	readonly restores?: Hlc;
}

/**
 * The operations that follow `last` in the device's chain and belong together: they are written, shown and
 * undone as one. `clock` is the largest time stamp seen from anybody.
 */
export function appendOps(
	device: DeviceId,
	last: ChainEnd | null,
	clock: Hlc,
	nowMs: number,
	deeds: readonly Deed[]
): readonly HashedOp[] {
	const ops: HashedOp[] = [];
	let end = last;
	for (const { payload, undoes, restores } of deeds) {
		const lead = ops[0]?.op.seq;
		const op: Op = {
			v: 1,
			device,
			seq: (end?.seq ?? 0) + 1,
			hlc: tickHlc(Math.max(clock, end?.hlc ?? 0), nowMs),
			payload: wellFormed(payload),
			...(undoes === undefined ? {} : { undoes }),
			...(lead === undefined ? {} : { lead }),
			...(restores === undefined ? {} : { restores }),
			prev: end?.id ?? null
		};
		const id = opId(op);
		ops.push({ id, op });
		end = { id, seq: op.seq, hlc: op.hlc };
	}
	return ops;
}

/** One operation by itself. */
export function appendOp(
	device: DeviceId,
	last: ChainEnd | null,
	clock: Hlc,
	nowMs: number,
	payload: OpPayload,
	undoes?: OpId
): HashedOp {
	const deed = undoes === undefined ? { payload } : { payload, undoes };
	const [op] = appendOps(device, last, clock, nowMs, [deed]);
	if (!op) throw new Error('one deed makes one operation');
	return op;
}

/** Total order of the fold: time, then device, then number. */
export function compareOps(a: Op, b: Op): number {
	if (a.hlc !== b.hlc) return a.hlc - b.hlc;
	if (a.device !== b.device) return a.device < b.device ? -1 : 1;
	return a.seq - b.seq;
}

export interface ChainDefect {
	readonly code: 'hash' | 'gap' | 'fork' | 'chain' | 'clock' | 'future';
	readonly device: DeviceId;
	readonly seq: number;
}

/** Checks every device's chain. */
export function verifyChains(ops: readonly HashedOp[], nowMs: number): Result<void, ChainDefect> {
	const byDevice = new Map<DeviceId, HashedOp[]>();
	for (const hashed of ops) {
		const { device, seq, hlc } = hashed.op;
		if (!matchesHash('op/1', hashed.op, hashed.id)) return err({ code: 'hash', device, seq });
		if (hlcToMs(hlc) > nowMs + MAX_DRIFT_MS) return err({ code: 'future', device, seq });
		const chain = byDevice.get(device);
		if (chain) chain.push(hashed);
		else byDevice.set(device, [hashed]);
	}
	for (const [device, chain] of byDevice) {
		chain.sort((a, b) => a.op.seq - b.op.seq);
		let previous: HashedOp | null = null;
		for (const hashed of chain) {
			const { seq, prev, hlc, lead } = hashed.op;
			const expected: number = (previous?.op.seq ?? 0) + 1;
			if (previous && seq === previous.op.seq) return err({ code: 'fork', device, seq });
			if (seq !== expected) return err({ code: 'gap', device, seq });
			if (prev !== (previous?.id ?? null)) return err({ code: 'chain', device, seq });
			if (lead !== undefined && lead !== (previous?.op.lead ?? previous?.op.seq))
				return err({ code: 'chain', device, seq });
			if (previous && hlc <= previous.op.hlc) return err({ code: 'clock', device, seq });
			previous = hashed;
		}
	}
	return ok(undefined);
}
