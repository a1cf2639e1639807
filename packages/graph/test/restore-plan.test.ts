import { CONVERSATION, NOW_MS, randomOps } from '@stemma/testkit/graph-arbitrary';
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { fold, type FoldState } from '../src/fold.ts';
import { inverseOf } from '../src/inverse.ts';
import { appendOps, compareOps, type Deed } from '../src/op-log.ts';
import type { HashedOp } from '../src/op.ts';
import { planRestore } from '../src/restore-plan.ts';

const TARGETS = ['11'.repeat(32), '22'.repeat(32), '33'.repeat(32)];
const DEVICE = 'dd'.repeat(16);

/** The state without the ids of the operations it came from. */
const visible = ({ scalars, sets, refs, tombstones }: FoldState): unknown => ({
	scalars: new Map([...scalars].sort()),
	sets: new Map([...sets].map(([key, values]) => [key, new Set([...values].sort())] as const).sort()),
	tombstones: new Set([...tombstones].sort()),
	refs: new Map(
		[...refs].map(([key, { heads }]) => [key, new Set([...heads.values()].sort())] as const).sort()
	)
});

function append(ops: readonly HashedOp[], deeds: readonly Deed[]): readonly HashedOp[] {
	const own = ops.findLast(({ op }) => op.device === DEVICE);
	const clock = ops.reduce((largest, { op }) => Math.max(largest, op.hlc), 0);
	const last = own ? { id: own.id, seq: own.op.seq, hlc: own.op.hlc } : null;
	return appendOps(DEVICE, last, clock, NOW_MS, deeds);
}

const histories = randomOps(TARGETS, 40, { buries: true }).filter((ops) => ops.length > 0);

test('[G74] the plan leads to the earlier state, but for what was destroyed or begun since', () => {
	fc.assert(
		fc.property(histories, fc.nat(), (ops, pick) => {
			const ordered = ops.toSorted((a, b) => compareOps(a.op, b.op));
			const at = ordered[pick % ordered.length];
			if (!at) throw new Error('no operation');
			const wasThere = (op: HashedOp['op']): boolean => compareOps(op, at.op) <= 0;
			const plan = planRestore(ops, wasThere);
			const restored = fold([
				...ops,
				...append(
					ops,
					plan.payloads.map((payload) => ({ payload }))
				)
			]);
			const tombstones = ops.filter(({ op }) => op.payload.kind === 'tombstone');
			const then = fold([...ops.filter(({ op }) => wasThere(op)), ...tombstones]);
			if (plan.begunSince.length === 0) {
				expect(visible(restored)).toEqual(visible(then));
				return;
			}
			const now = fold(ops);
			expect(plan.begunSince).toEqual([CONVERSATION]);
			expect(then.refs.size).toBe(0);
			expect(now.refs.size).toBeGreaterThan(0);
			expect(restored.scalars.get(`conversation/${CONVERSATION}/hidden`)).toBe(true);
			expect(visible({ ...restored, scalars: now.scalars })).toEqual(visible(now));
		}),
		{ numRuns: 400 }
	);
});

test('[G74] a restore is undone as one and leaves what was there before it', () => {
	fc.assert(
		fc.property(histories, fc.nat(), (ops, pick) => {
			const at = ops[pick % ops.length];
			if (!at) throw new Error('no operation');
			const plan = planRestore(ops, (op) => compareOps(op, at.op) < 0);
			const group = append(
				ops,
				plan.payloads.map((payload) => ({ payload }))
			);
			const all = [...ops, ...group];
			const inverses = group.flatMap(({ id }): Deed[] => {
				const payloads = inverseOf(id, all);
				if (!payloads.ok) throw new Error(payloads.error.code);
				return payloads.value.map((payload) => ({ payload, undoes: id }));
			});
			expect(visible(fold([...all, ...append(all, inverses)]))).toEqual(visible(fold(ops)));
		}),
		{ numRuns: 400 }
	);
});

test('[G74] a plan tells values, branches and marks in this order, whatever the ids are', () => {
	fc.assert(
		fc.property(histories, fc.nat(), (ops, pick) => {
			const at = ops[pick % ops.length];
			if (!at) throw new Error('no operation');
			const { payloads } = planRestore(ops, (op) => compareOps(op, at.op) < 0);
			const ranks = payloads.map(({ kind }) => (kind === 'set' ? 0 : kind === 'ref' ? 1 : 2));
			expect(ranks).toEqual(ranks.toSorted());
		}),
		{ numRuns: 400 }
	);
});

test('[G74] from a state to itself there is nothing to do', () => {
	fc.assert(
		fc.property(histories, (ops) => {
			expect(planRestore(ops, () => true)).toEqual({ payloads: [], begunSince: [], buriedSince: 0 });
		})
	);
});
