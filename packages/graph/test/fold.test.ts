import {
	CONVERSATION,
	DEVICES,
	NOW_MS,
	randomOps,
	randomTopologies,
	topologyToNodes
} from '@stemma/testkit/graph-arbitrary';
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createGraphIndex } from '../src/derived.ts';
import { fold } from '../src/fold.ts';
import type { NodeId } from '../src/node.ts';
import { appendOp, compareOps, type ChainEnd } from '../src/op-log.ts';
import type { HashedOp, OpId, OpPayload } from '../src/op.ts';
import { refPosition } from '../src/refs.ts';

const TARGETS = ['11'.repeat(32), '22'.repeat(32), '33'.repeat(32)];
const conversation = { entity: 'conversation', id: CONVERSATION } as const;

/** Devices that write one after the other; `at` is the wall clock. */
function createLog(): {
	readonly ops: HashedOp[];
	readonly write: (device: number, at: number, payload: OpPayload) => OpId;
} {
	const ops: HashedOp[] = [];
	const ends = new Map<number, ChainEnd>();
	return {
		ops,
		write(device, at, payload) {
			const hashed = appendOp(DEVICES[device] ?? '', ends.get(device) ?? null, 0, NOW_MS + at, payload);
			ends.set(device, { id: hashed.id, seq: hashed.op.seq, hlc: hashed.op.hlc });
			ops.push(hashed);
			return hashed.id;
		}
	};
}

const move = (target: NodeId | null, seen: readonly OpId[], name = 'main'): OpPayload => ({
	kind: 'ref',
	conversation: CONVERSATION,
	name,
	refKind: 'branch',
	target,
	seen
});
const headsOf = (ops: readonly HashedOp[], name = 'main'): readonly NodeId[] => [
	...(fold(ops).refs.get(`${CONVERSATION}/${name}`)?.heads.values() ?? [])
];

describe('the fold', () => {
	test('[G19] neither order nor repetition of its input matters', () => {
		fc.assert(
			fc.property(
				randomOps(TARGETS, 30).chain((ops) =>
					fc.tuple(fc.constant(ops), fc.shuffledSubarray([...ops, ...ops], { minLength: ops.length * 2 }))
				),
				([ops, shuffled]) => {
					expect(fold(shuffled)).toEqual(fold(ops));
				}
			)
		);
	});

	test('[G20] [G21] [G22] is that of a rule said in one line each', () => {
		fc.assert(
			fc.property(randomOps(TARGETS, 30), (ops) => {
				const state = fold(ops);
				const ordered = [...ops].sort((a, b) => compareOps(a.op, b.op));
				const isSeen = (id: OpId): boolean =>
					ops.some(({ op }) => 'seen' in op.payload && op.payload.seen.includes(id));
				const title = ordered.findLast(({ op }) => op.payload.kind === 'set' && op.payload.field === 'title')
					?.op.payload;
				expect(state.scalars.get(`conversation/${CONVERSATION}/title`) ?? null).toEqual(
					title?.kind === 'set' ? title.value : null
				);
				const tags = ops.flatMap(({ id, op }) =>
					op.payload.kind === 'add' && !isSeen(id) ? [op.payload.value] : []
				);
				expect(state.sets.get(`conversation/${CONVERSATION}/tags`) ?? new Set()).toEqual(new Set(tags));
				for (const name of ['branch-0', 'branch-1']) {
					const heads = ops.filter(
						({ id, op }) =>
							op.payload.kind === 'ref' &&
							op.payload.name === name &&
							op.payload.target !== null &&
							!isSeen(id)
					);
					expect([...(state.refs.get(`${CONVERSATION}/${name}`)?.heads.keys() ?? [])].sort()).toEqual(
						heads.map(({ id }) => id).sort()
					);
				}
			})
		);
	});

	test('[G20] of two devices the later clock wins, then the larger device', () => {
		const { ops, write } = createLog();
		write(1, 5, { kind: 'set', ...conversation, field: 'title', value: 'late' });
		write(0, 3, { kind: 'set', ...conversation, field: 'title', value: 'early' });
		expect(fold(ops).scalars.get(`conversation/${CONVERSATION}/title`)).toBe('late');
		write(2, 5, { kind: 'set', ...conversation, field: 'title', value: 'as late' });
		expect(fold(ops).scalars.get(`conversation/${CONVERSATION}/title`)).toBe('as late');
	});

	test('[G21] a tag added at the same time as it is removed stays', () => {
		const { ops, write } = createLog();
		const tag = { ...conversation, name: 'tags', value: 'good' } as const;
		const first = write(0, 1, { kind: 'add', ...tag });
		write(1, 2, { kind: 'add', ...tag });
		write(0, 3, { kind: 'remove', ...tag, seen: [first] });
		expect(fold(ops).sets.get(`conversation/${CONVERSATION}/tags`)).toEqual(new Set(['good']));
	});

	test('[G22] two tabs that move one branch at a time leave two heads', () => {
		const { ops, write } = createLog();
		const start = write(0, 1, move('11'.repeat(32), []));
		write(0, 2, move('22'.repeat(32), [start]));
		write(1, 2, move('33'.repeat(32), [start]));
		expect([...headsOf(ops)].sort()).toEqual(['22'.repeat(32), '33'.repeat(32)]);
	});

	test('[G22] a deletion takes away what it has seen and no more', () => {
		const { ops, write } = createLog();
		const start = write(0, 1, move('11'.repeat(32), []));
		write(1, 2, move('22'.repeat(32), [start]));
		write(0, 3, move(null, [start]));
		expect(headsOf(ops)).toEqual(['22'.repeat(32)]);
		const last = ops[1]?.id ?? '';
		write(0, 4, move(null, [last]));
		expect(fold(ops).refs.size).toBe(0);
	});

	test('[G23] nothing is seen from another register', () => {
		const { ops, write } = createLog();
		const main = write(0, 1, move('11'.repeat(32), []));
		const tag = write(0, 2, { kind: 'add', ...conversation, name: 'tags', value: 'good' });
		write(1, 3, move('22'.repeat(32), [main, tag], 'other'));
		write(1, 4, { kind: 'remove', ...conversation, name: 'tags', value: 'bad', seen: [main, tag] });
		expect(headsOf(ops)).toEqual(['11'.repeat(32)]);
		expect(fold(ops).sets.get(`conversation/${CONVERSATION}/tags`)).toEqual(new Set(['good']));
	});

	test('[G25] a tombstone wins over an edit made at the same time, and over later ones', () => {
		const { ops, write } = createLog();
		write(0, 1, { kind: 'set', ...conversation, field: 'title', value: 'before' });
		write(1, 2, { kind: 'tombstone', scope: 'conversation', id: CONVERSATION });
		write(0, 3, { kind: 'set', ...conversation, field: 'title', value: 'after' });
		write(0, 4, { kind: 'add', ...conversation, name: 'tags', value: 'good' });
		write(0, 5, move('11'.repeat(32), []));
		write(0, 6, { kind: 'set', entity: 'setting', id: 'app', field: 'theme', value: 'dark' });
		const state = fold(ops);
		expect([...state.scalars]).toEqual([['setting/app/theme', 'dark']]);
		expect(state.sets.size + state.refs.size).toBe(0);
	});

	test('[G25] a branch to a buried node has lost that head', () => {
		const { ops, write } = createLog();
		write(0, 1, move('11'.repeat(32), []));
		write(1, 1, move('22'.repeat(32), []));
		write(0, 2, { kind: 'tombstone', scope: 'node', id: '22'.repeat(32) });
		expect(headsOf(ops)).toEqual(['11'.repeat(32)]);
	});
});

describe('refs', () => {
	test('[G24] a fast-forward is no conflict, a real fork is', () => {
		const graph = createGraphIndex();
		for (const parents of [[], [0], [1], [1]]) graph.add(parents);
		expect(refPosition(graph, [])).toEqual({ kind: 'gone' });
		expect(refPosition(graph, [0, 2, 1])).toEqual({ kind: 'at', row: 2 });
		expect(refPosition(graph, [3, 2, 0])).toEqual({ kind: 'diverged', rows: [3, 2] });
	});

	test('[G24] concurrent moves end at the maximal targets, whoever merges', () => {
		fc.assert(
			fc.property(
				randomTopologies(12).chain((topology) => {
					const ids = topologyToNodes(topology).map(({ id }) => id);
					return fc.tuple(fc.constant(topology), fc.constant(ids), randomOps(ids, 20));
				}),
				([topology, ids, ops]) => {
					const graph = createGraphIndex();
					for (const parents of topology) graph.add(parents);
					for (const { heads } of fold(ops).refs.values()) {
						const rows = [...heads.values()].map((id) => ids.indexOf(id));
						const position = refPosition(graph, rows);
						const kept =
							position.kind === 'at' ? [position.row] : position.kind === 'diverged' ? position.rows : [];
						expect(kept.length).toBeGreaterThan(0);
						for (const row of rows) expect(kept.some((other) => graph.isAncestor(row, other))).toBe(true);
					}
				}
			)
		);
	});
});
