import {
	chain,
	closure,
	diamondLadder,
	randomTopologies,
	skipLadder,
	type Topology
} from '@stemma/testkit/graph-arbitrary';
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createGraphIndex, type GraphIndex } from '../src/derived.ts';

function indexOf(topology: Topology): GraphIndex {
	const index = createGraphIndex();
	for (const parents of topology) index.add(parents);
	return index;
}

/** The first-parent chain, newest first. */
function lineOf(topology: Topology, row: number): readonly number[] {
	const line: number[] = [];
	for (let here: number | undefined = row; here !== undefined; here = topology[here]?.[0]) line.push(here);
	return line;
}

const topologyAndRows = randomTopologies(40).chain((topology) =>
	fc.tuple(fc.constant(topology), fc.nat({ max: topology.length - 1 }), fc.nat({ max: topology.length - 1 }))
);

describe('derived integers', () => {
	test('[G8] [G9] gen and pos are the longest way to a root and the length of the reply chain', () => {
		fc.assert(
			fc.property(randomTopologies(40), (topology) => {
				const index = indexOf(topology);
				const longest = (row: number): number =>
					Math.max(0, ...(topology[row] ?? []).map((parent) => 1 + longestOf(parent)));
				const known = new Map<number, number>();
				const longestOf = (row: number): number => {
					const length = known.get(row) ?? longest(row);
					known.set(row, length);
					return length;
				};
				for (const row of topology.keys()) {
					expect(index.derived(row).gen).toBe(longestOf(row));
					expect(index.derived(row).pos).toBe(lineOf(topology, row).length - 1);
				}
			})
		);
	});

	test('[G10] jumps stay on the reply chain', () => {
		fc.assert(
			fc.property(randomTopologies(60), (topology) => {
				const index = indexOf(topology);
				for (const row of topology.keys()) {
					const { jump, pos } = index.derived(row);
					if (pos === 0) expect(jump).toBeNull();
					else expect(lineOf(topology, row).slice(1)).toContain(jump ?? -1);
				}
			})
		);
	});

	test('[G12] jumps reach any position of a long chain in few steps, also where merges make gen skip', () => {
		const rows: (readonly number[])[] = [];
		// Every tenth message merges a side line of five, so gen runs away from pos.
		let tip = -1;
		for (let pos = 0; pos < 10_000; pos++) {
			const parents = tip < 0 ? [] : [tip];
			if (pos % 10 === 9) {
				let side = tip;
				for (let i = 0; i < 5; i++) side = rows.push([side]) - 1;
				parents.push(side);
			}
			tip = rows.push(parents) - 1;
		}
		const stepsIn = (index: GraphIndex, from: number, pos: number): number => {
			let steps = 0;
			for (let row = from; index.derived(row).pos > pos; steps++) {
				const jump = index.derived(row).jump ?? -1;
				row = jump >= 0 && index.derived(jump).pos >= pos ? jump : (index.parents(row)[0] ?? row);
			}
			return steps;
		};
		const merged = indexOf(rows);
		const long = indexOf(chain(100_000));
		expect(merged.derived(tip).gen).toBeGreaterThan(merged.derived(tip).pos);
		for (let pos = 0; pos < 10_000; pos += 97) expect(stepsIn(merged, tip, pos)).toBeLessThan(60);
		for (let pos = 0; pos < 100_000; pos += 997) expect(stepsIn(long, 99_999, pos)).toBeLessThan(60);
	});

	test('[G11] the order of insertion makes no difference', () => {
		fc.assert(
			fc.property(
				randomTopologies(30).chain((topology) =>
					fc.tuple(fc.constant(topology), fc.array(fc.nat(), { minLength: topology.length }))
				),
				([topology, picks]) => {
					const index = indexOf(topology);
					const other = createGraphIndex();
					const placed = new Map<number, number>();
					for (const pick of picks.slice(0, topology.length)) {
						const ready = [...topology.keys()].filter(
							(row) => !placed.has(row) && (topology[row] ?? []).every((parent) => placed.has(parent))
						);
						const row = ready[pick % ready.length] ?? 0;
						placed.set(row, other.add((topology[row] ?? []).map((parent) => placed.get(parent) ?? -1)));
					}
					for (const [row, there] of placed) {
						const { gen, pos, jump } = index.derived(row);
						expect(other.derived(there)).toEqual({
							gen,
							pos,
							jump: jump === null ? null : (placed.get(jump) ?? -1)
						});
					}
				}
			)
		);
	});

	test('[G9] [G12] a million rows with five hundred siblings at every fork', () => {
		const index = createGraphIndex();
		for (let row = 0; row < 1_000_000; row++)
			index.add(row === 0 ? [] : [row % 2000 < 500 ? row - (row % 2000 || 1) : row - 1]);
		expect(index.size).toBe(1_000_000);
		const { pos } = index.derived(999_999);
		expect(index.levelAncestor(999_999, pos - 1)).toBe(999_998);
		expect(index.levelAncestor(999_999, 0)).toBe(0);
	});
});

describe('walks', () => {
	test('[G12] the level ancestor is the one a walk finds', () => {
		fc.assert(
			fc.property(topologyAndRows, ([topology, row]) => {
				const index = indexOf(topology);
				const line = lineOf(topology, row).toReversed();
				for (const [pos, ancestor] of line.entries()) expect(index.levelAncestor(row, pos)).toBe(ancestor);
				expect(index.levelAncestor(row, line.length)).toBeNull();
				expect(index.levelAncestor(row, -1)).toBeNull();
			})
		);
	});

	test('[G13] the lowest common ancestor is the newest row on both reply chains', () => {
		fc.assert(
			fc.property(topologyAndRows, ([topology, a, b]) => {
				const index = indexOf(topology);
				const other = new Set(lineOf(topology, b));
				const expected = lineOf(topology, a).find((row) => other.has(row)) ?? null;
				expect(index.lowestCommonAncestor(a, b)).toBe(expected);
			})
		);
	});

	test('[G14] ancestors are the closure over all parents, children first', () => {
		fc.assert(
			fc.property(topologyAndRows, ([topology, a, b]) => {
				const index = indexOf(topology);
				const found = index.ancestors([a, b]);
				const expected = closure(topology, [a, b]);
				expect([...found].sort((x, y) => x - y)).toEqual([...expected].sort((x, y) => x - y));
				for (const [i, row] of found.entries()) {
					for (const parent of topology[row] ?? []) expect(found.indexOf(parent)).toBeGreaterThan(i);
				}
				expect(index.isAncestor(a, b)).toBe(closure(topology, [b]).has(a));
				expect(index.isAncestor(a, a)).toBe(true);
			})
		);
	});

	test('[G14] twenty diamonds are sixty-one rows, not four million paths', () => {
		const index = indexOf(diamondLadder(20));
		expect(index.ancestors([60])).toHaveLength(61);
		expect(index.isAncestor(0, 60)).toBe(true);
		const ladder = indexOf(skipLadder(2000));
		expect(ladder.ancestors([1999])).toHaveLength(2000);
		expect(ladder.isAncestor(0, 1999)).toBe(true);
	});

	test('[G15] maximal keeps what no other reaches', () => {
		fc.assert(
			fc.property(
				randomTopologies(30).chain((topology) =>
					fc.tuple(fc.constant(topology), fc.array(fc.nat({ max: topology.length - 1 }), { maxLength: 6 }))
				),
				([topology, rows]) => {
					const expected = [...new Set(rows)].filter(
						(row) => !rows.some((other) => other !== row && closure(topology, [other]).has(row))
					);
					expect([...indexOf(topology).maximal(rows)].sort()).toEqual(expected.sort());
				}
			)
		);
	});

	test('a parent that is not there yet, and a row that does not exist, are defects', () => {
		const index = indexOf([[], [0]]);
		expect(() => index.add([2])).toThrow(RangeError);
		expect(() => index.add([-1])).toThrow(RangeError);
		expect(index.size).toBe(2);
		expect(() => index.derived(2)).toThrow(RangeError);
	});
});
