import { DEVICES, NOW_MS, randomOps } from '@stemma/testkit/graph-arbitrary';
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { opId } from '../src/hash.ts';
import { appendOp, appendOps, hlcToMs, tickHlc, verifyChains, type ChainEnd } from '../src/op-log.ts';
import type { HashedOp, Op, OpPayload } from '../src/op.ts';

const rename = (value: string): OpPayload => ({
	kind: 'set',
	entity: 'conversation',
	id: 'c0'.repeat(16),
	field: 'title',
	value
});
const endOf = ({ id, op }: HashedOp): ChainEnd => ({ id, seq: op.seq, hlc: op.hlc });

function chainOf(length: number, device: string = DEVICES[0]): readonly HashedOp[] {
	const ops: HashedOp[] = [];
	for (let i = 0; i < length; i++) {
		const last = ops.at(-1);
		ops.push(appendOp(device, last ? endOf(last) : null, 0, NOW_MS + i, rename(`title ${i}`)));
	}
	return ops;
}

/** An operation with another content whose own hash fits. */
const forged = (hashed: HashedOp | undefined, change: Partial<Op>): HashedOp => {
	if (!hashed) throw new Error('no such operation');
	const op = { ...hashed.op, ...change };
	return { id: opId(op), op };
};

describe('the log', () => {
	test('[G16] operations are numbered and name the one before', () => {
		const ops = chainOf(3);
		expect(ops.map(({ op }) => op.seq)).toEqual([1, 2, 3]);
		expect(ops.map(({ op }) => op.prev)).toEqual([null, ops[0]?.id ?? '', ops[1]?.id ?? '']);
		expect(verifyChains(ops, NOW_MS).ok).toBe(true);
	});

	test('[G70] what is written together names its first, and a stranger in between is refused', () => {
		const before = chainOf(1);
		const deeds = ['a', 'b', 'c'].map((title) => ({ payload: rename(title) }));
		const group = appendOps(DEVICES[0], endOf(before[0] ?? forged(undefined, {})), 0, NOW_MS, deeds);
		expect(group.map(({ op }) => op.lead)).toEqual([undefined, 2, 2]);
		expect(verifyChains([...before, ...group], NOW_MS).ok).toBe(true);
		for (const lead of [1, 3, 9]) {
			const wrong = [...before, ...group.slice(0, 2), forged(group[2], { lead })];
			expect(verifyChains(wrong, NOW_MS), `a lead of ${lead}`).toMatchObject({
				ok: false,
				error: { code: 'chain', seq: 4 }
			});
		}
	});

	test('[G4] a payload cut inside an emoji is made well-formed before it is hashed', () => {
		const { op } = appendOp(DEVICES[0], null, 0, NOW_MS, rename('leaf \ud83c'));
		expect(op.payload).toEqual(rename('leaf \ufffd'));
	});

	test('[G17] the clock follows the wall clock and never runs back', () => {
		const stamp = tickHlc(0, NOW_MS);
		expect(hlcToMs(stamp)).toBe(NOW_MS);
		expect(tickHlc(stamp, NOW_MS)).toBe(stamp + 1);
		expect(tickHlc(stamp, NOW_MS - 5000)).toBe(stamp + 1);
		expect(hlcToMs(tickHlc(stamp, NOW_MS + 1))).toBe(NOW_MS + 1);
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 0, max: 4e12 }), { maxLength: 50 }), (walls) => {
				let last = 0;
				for (const wall of walls) {
					const next = tickHlc(last, wall);
					expect(next).toBeGreaterThan(last);
					expect(next).toBeGreaterThanOrEqual(wall * 256);
					expect(Number.isSafeInteger(next)).toBe(true);
					last = next;
				}
			})
		);
	});

	test('[G17] what a device has seen from others moves its clock on', () => {
		const ahead = tickHlc(0, NOW_MS + 3_600_000);
		expect(appendOp(DEVICES[0], null, ahead, NOW_MS, rename('later')).op.hlc).toBe(ahead + 1);
	});

	test('[G18] devices with skewed clocks pass, in any order', () => {
		fc.assert(
			fc.property(
				randomOps(['11'.repeat(32)], 25).chain((ops) =>
					fc.shuffledSubarray([...ops], { minLength: ops.length })
				),
				(ops) => {
					expect(verifyChains(ops, NOW_MS + 60_000)).toEqual({ ok: true, value: undefined });
				}
			)
		);
	});

	const day = 24 * 3_600_000;
	const good = chainOf(4);
	test.each<[string, readonly HashedOp[]]>([
		[
			'hash',
			good.map((hashed, i) =>
				i === 2 ? { ...hashed, op: { ...hashed.op, payload: rename('other') } } : hashed
			)
		],
		[
			'hash',
			good.map((hashed, i) => (i === 2 ? { ...hashed, op: { ...hashed.op, hlc: Number.NaN } } : hashed))
		],
		['gap', good.filter((_, i) => i !== 2)],
		['gap', good.slice(1)],
		['fork', [...good, forged(good[2], { payload: rename('other') })]],
		['chain', good.map((hashed, i) => (i === 2 ? forged(hashed, { payload: rename('other') }) : hashed))],
		['chain', good.map((hashed, i) => (i === 0 ? forged(hashed, { prev: '11'.repeat(32) }) : hashed))],
		[
			'clock',
			good.slice(0, 3).map((hashed, i) => (i === 2 ? forged(hashed, { hlc: good[1]?.op.hlc ?? 0 }) : hashed))
		],
		['future', [appendOp(DEVICES[1], null, 0, NOW_MS + day + 1, rename('from next week'))]]
	])('[G18] refused: %s', (code, ops) => {
		expect(verifyChains(ops, NOW_MS)).toMatchObject({ ok: false, error: { code } });
	});

	test('[G18] a clock one day ahead is still taken', () => {
		expect(verifyChains([appendOp(DEVICES[1], null, 0, NOW_MS + day, rename('tomorrow'))], NOW_MS).ok).toBe(
			true
		);
	});
});
