import { CONVERSATION, DEVICES, NOW_MS, randomOps } from '@stemma/testkit/graph-arbitrary';
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { fold, setKey, type FoldState } from '../src/fold.ts';
import { inverseOf } from '../src/inverse.ts';
import { appendOp, appendOps } from '../src/op-log.ts';
import type { HashedOp, OpId, OpPayload } from '../src/op.ts';
import { nextToTakeBack } from '../src/undo-history.ts';

const TARGETS = ['11'.repeat(32), '22'.repeat(32), '33'.repeat(32)];
const DEVICE = 'dd'.repeat(16);

/** Appends on one device, with a clock that everybody's operations have moved. */
function append(ops: readonly HashedOp[], payload: OpPayload, undoes?: OpId): readonly HashedOp[] {
	const own = ops.findLast(({ op }) => op.device === DEVICE);
	const clock = ops.reduce((largest, { op }) => Math.max(largest, op.hlc), 0);
	const last = own ? { id: own.id, seq: own.op.seq, hlc: own.op.hlc } : null;
	return [...ops, appendOp(DEVICE, last, clock, NOW_MS, payload, undoes)];
}

/** Takes back an operation and all that were written with it. */
function undo(ops: readonly HashedOp[], target: OpId): readonly HashedOp[] {
	const lead = ops.find(({ id }) => id === target)?.op;
	const deeds = ops
		.filter(({ id, op }) => id === target || (op.device === lead?.device && op.lead === lead.seq))
		.flatMap(({ id }) => {
			const payloads = inverseOf(id, ops);
			if (!payloads.ok) throw new Error(payloads.error.code);
			// What was redone is undone by its first name.
			const undone = ops.find((hashed) => hashed.id === id)?.op.undoes;
			const redone = ops.find((hashed) => hashed.id === undone)?.op.undoes;
			return payloads.value.map((payload) => ({ payload, undoes: redone ?? id }));
		});
	const own = ops.findLast(({ op }) => op.device === DEVICE);
	const clock = ops.reduce((largest, { op }) => Math.max(largest, op.hlc), 0);
	const last = own ? { id: own.id, seq: own.op.seq, hlc: own.op.hlc } : null;
	return [...ops, ...appendOps(DEVICE, last, clock, NOW_MS, deeds)];
}

/** The first operation of the last transaction. */
const lastId = (ops: readonly HashedOp[]): OpId => ops.findLast(({ op }) => op.lead === undefined)?.id ?? '';

/** The state without the ids of the operations it came from. */
const visible = ({ scalars, sets, refs, tombstones }: FoldState): unknown => ({
	scalars,
	sets,
	tombstones,
	refs: new Map([...refs].map(([key, { heads }]) => [key, new Set(heads.values())]))
});

const move = (target: string | null, seen: readonly OpId[]): OpPayload => ({
	kind: 'ref',
	conversation: CONVERSATION,
	name: 'main',
	refKind: 'branch',
	target,
	seen
});
const title = (value: string): OpPayload => ({
	kind: 'set',
	entity: 'conversation',
	id: CONVERSATION,
	field: 'title',
	value
});
const headsOf = (ops: readonly HashedOp[]): readonly string[] => [
	...(fold(ops).refs.get(`${CONVERSATION}/main`)?.heads.values() ?? [])
];

/** Something one device does after all it has seen. */
const payload = (
	ops: readonly HashedOp[],
	kind: 'title' | 'untitle' | 'move' | 'delete' | 'add' | 'remove'
): OpPayload => {
	const heads = [...(fold(ops).refs.get(`${CONVERSATION}/main`)?.heads.keys() ?? [])];
	const tag = { entity: 'conversation', id: CONVERSATION, name: 'tags', value: 'tag-0' } as const;
	const adds = ops.flatMap(({ id, op }) =>
		op.payload.kind === 'add' && op.payload.value === 'tag-0' ? [id] : []
	);
	switch (kind) {
		case 'title':
			return title(`title ${ops.length}`);
		case 'untitle':
			return { kind: 'set', entity: 'conversation', id: CONVERSATION, field: 'title', value: null };
		case 'move':
			return move(TARGETS[ops.length % 3] ?? null, heads);
		case 'delete':
			return move(null, heads);
		case 'add':
			// What is there is not added once more.
			return fold(ops).sets.get(setKey(tag))?.has('tag-0') === true
				? title(`no tag ${ops.length}`)
				: { kind: 'add', ...tag };
		case 'remove':
			return { kind: 'remove', ...tag, seen: adds };
	}
};

const kinds = fc.constantFrom('title', 'untitle', 'move', 'delete', 'add', 'remove');

describe('undo', () => {
	test('[G26] [G27] taking back the last operation restores the state, taking that back redoes it', () => {
		fc.assert(
			fc.property(
				randomOps(TARGETS, 15),
				fc.array(kinds, { minLength: 1, maxLength: 8 }),
				(others, steps) => {
					let ops = others;
					for (const kind of steps) {
						const before = visible(fold(ops));
						ops = append(ops, payload(ops, kind));
						const after = visible(fold(ops));
						ops = undo(ops, lastId(ops));
						expect(visible(fold(ops))).toEqual(before);
						ops = undo(ops, lastId(ops));
						expect(visible(fold(ops))).toEqual(after);
						ops = undo(ops, lastId(ops));
						expect(visible(fold(ops))).toEqual(before);
						ops = undo(ops, lastId(ops));
					}
				}
			)
		);
	});

	test('[G27] [G72] everything is taken back step by step and brought back again, twice', () => {
		fc.assert(
			fc.property(
				randomOps(TARGETS, 10),
				fc.array(kinds, { minLength: 1, maxLength: 8 }),
				(others, steps) => {
					let ops = others;
					const states = [visible(fold(ops))];
					for (const kind of steps) {
						ops = append(ops, payload(ops, kind));
						states.push(visible(fold(ops)));
					}
					const next = (direction: 'undo' | 'redo'): OpId | null => {
						const undoesOf = (id: OpId | undefined): OpId | null =>
							ops.find((hashed) => hashed.id === id)?.op.undoes ?? null;
						const own = ops.filter(({ op }) => op.device === DEVICE && op.lead === undefined);
						return nextToTakeBack(
							own.toReversed().map(({ id, op }) => ({
								id,
								undoes: op.undoes ?? null,
								redoes: undoesOf(op.undoes),
								isFinal: false
							})),
							direction
						);
					};
					for (const round of [1, 2]) {
						for (const state of states.toReversed().slice(1)) {
							ops = undo(ops, next('undo') ?? '');
							expect(visible(fold(ops)), `undo, round ${round}`).toEqual(state);
						}
						expect(next('undo')).toBeNull();
						for (const state of states.slice(1)) {
							ops = undo(ops, next('redo') ?? '');
							expect(visible(fold(ops)), `redo, round ${round}`).toEqual(state);
						}
						expect(next('redo')).toBeNull();
					}
				}
			)
		);
	});

	test('[G26] names what it undoes and removes nothing', () => {
		const ops = append([], title('a'));
		const undone = undo(ops, lastId(ops));
		expect(undone).toHaveLength(2);
		expect(undone[1]?.op.undoes).toBe(lastId(ops));
	});

	test('[G27] several steps back, one by one', () => {
		let ops: readonly HashedOp[] = [];
		for (const value of ['a', 'b', 'c']) ops = append(ops, title(value));
		const [a, b, c] = ops.map(({ id }) => id);
		const titleAfter = (target: OpId | undefined): unknown => {
			ops = undo(ops, target ?? '');
			return fold(ops).scalars.get(`conversation/${CONVERSATION}/title`);
		};
		expect(titleAfter(c)).toBe('b');
		expect(titleAfter(b)).toBe('a');
		expect(titleAfter(a)).toBeUndefined();
	});

	test('[G27] a branch goes back, and what another device did meanwhile stays beside it', () => {
		const first = append([], move(TARGETS[0] ?? '', []));
		const second = append(first, move(TARGETS[1] ?? '', [lastId(first)]));
		const other = appendOp(DEVICES[0], null, 0, NOW_MS, move(TARGETS[2] ?? '', [lastId(first)]));
		expect(headsOf(undo(second, lastId(second)))).toEqual([TARGETS[0] ?? '']);
		expect([...headsOf(undo([...second, other], lastId(second)))].sort()).toEqual([
			TARGETS[0] ?? '',
			TARGETS[2] ?? ''
		]);
	});

	test('[G27] all the heads that were replaced come back', () => {
		const left = append([], move(TARGETS[0] ?? '', []));
		const both = append(left, move(TARGETS[1] ?? '', []));
		const joined = append(
			both,
			move(
				TARGETS[2] ?? '',
				both.map(({ id }) => id)
			)
		);
		expect([...headsOf(undo(joined, lastId(joined)))].sort()).toEqual([TARGETS[0] ?? '', TARGETS[1] ?? '']);
	});

	test('[G27] undoing the removal of nothing adds nothing', () => {
		const ops = append([], payload([], 'remove'));
		expect(fold(undo(ops, lastId(ops))).sets.size).toBe(0);
	});

	test('[G28] tombstones stay, and what is not in the log cannot be undone', () => {
		const ops = append([], { kind: 'tombstone', scope: 'node', id: '11'.repeat(32) });
		expect(inverseOf(lastId(ops), ops)).toEqual({ ok: false, error: { code: 'irreversible' } });
		expect(inverseOf('00'.repeat(32), ops)).toEqual({ ok: false, error: { code: 'unknown_op' } });
	});
});
