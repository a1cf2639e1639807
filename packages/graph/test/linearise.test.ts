import {
	closure,
	diamondLadder,
	randomTopologies,
	skipLadder,
	type Topology
} from '@stemma/testkit/graph-arbitrary';
import { drawGraph, parseGraph } from '@stemma/testkit/graph-ascii';
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createGraphIndex } from '../src/derived.ts';
import { linearise, type LineStep } from '../src/linearise.ts';

function lineOf(topology: Topology, leaf: number): readonly LineStep[] {
	const index = createGraphIndex();
	for (const parents of topology) index.add(parents);
	return [...linearise(index, leaf)];
}

/** The rule [G34] said with sets, newest first. */
function naiveLine(
	topology: Topology,
	tips: readonly number[],
	scope: ReadonlySet<number>
): readonly number[] {
	const [tip, ...others] = tips;
	if (tip === undefined) return [];
	if (others.length === 0) {
		return [
			tip,
			...naiveLine(
				topology,
				(topology[tip] ?? []).filter((row) => scope.has(row)),
				scope
			)
		];
	}
	const reach = tips.map((each) => new Set([...closure(topology, [each])].filter((row) => scope.has(row))));
	const owns = reach.map(
		(rows, i) => new Set([...rows].filter((row) => !reach.some((other, j) => j !== i && other.has(row))))
	);
	const shared = new Set(
		reach.flatMap((rows) => [...rows]).filter((row) => !owns.some((own) => own.has(row)))
	);
	const newest = [...shared].filter(
		(row) => ![...shared].some((other) => other !== row && closure(topology, [other]).has(row))
	);
	return [
		...tips
			.flatMap((each, i) =>
				[...(owns[i]?.has(each) ? naiveLine(topology, [each], owns[i]) : [])].toReversed()
			)
			.toReversed(),
		...naiveLine(topology, asMet(topology, tips, new Set(newest), scope), shared)
	];
}

/** In the order of a depth-first walk along the parents. */
function asMet(
	topology: Topology,
	from: readonly number[],
	wanted: ReadonlySet<number>,
	scope: ReadonlySet<number>
): readonly number[] {
	const met = new Set<number>();
	const walk = (row: number): void => {
		if (!scope.has(row)) return;
		if (wanted.has(row)) met.add(row);
		else for (const parent of topology[row] ?? []) walk(parent);
	};
	for (const row of from) walk(row);
	return [...met];
}

/** Oldest first, as a model reads it, with the labels. */
function drawLine(text: string): string {
	const nodes = parseGraph(text);
	const topology = nodes.map(({ parents }) =>
		parents.map((parent) => nodes.findIndex(({ name }) => name === parent))
	);
	return lineOf(topology, topology.length - 1)
		.toReversed()
		.map(({ row, opens = [] }) =>
			[...opens.map(({ branch, of }) => `[${branch}/${of}]`), nodes[row]?.name].join('')
		)
		.join(' ');
}

const topologyAndLeaf = randomTopologies(24).chain((topology) =>
	fc.tuple(fc.constant(topology), fc.nat({ max: topology.length - 1 }))
);

describe('lines', () => {
	test('[G33] each ancestor once, children before parents', () => {
		fc.assert(
			fc.property(topologyAndLeaf, ([topology, leaf]) => {
				const line = lineOf(topology, leaf).map(({ row }) => row);
				expect(new Set(line).size).toBe(line.length);
				expect(new Set(line)).toEqual(new Set(closure(topology, [leaf])));
				for (const [i, row] of line.entries()) {
					for (const parent of topology[row] ?? []) expect(line.indexOf(parent)).toBeGreaterThan(i);
				}
			})
		);
	});

	test('[G34] the line is that of the rule said with sets', () => {
		fc.assert(
			fc.property(topologyAndLeaf, ([topology, leaf]) => {
				const expected = naiveLine(topology, [leaf], closure(topology, [leaf]));
				expect(lineOf(topology, leaf).map(({ row }) => row)).toEqual([...expected]);
			}),
			{ numRuns: 500 }
		);
	});

	test('[G34] [G35] a merge keeps the order of its parents', () => {
		const graph = 'root a1<root b1<root a2<a1 b2<b1 m<a2,b2';
		expect(drawGraph(parseGraph(graph))).toMatchInlineSnapshot(`
		  "● m
		  ├─┐
		  │ ● b2
		  ● │ a2
		  │ ● b1
		  ● │ a1
		  ├─┘
		  ●   root"
		`);
		expect(drawLine(graph)).toBe('root [1/2]a1 a2 [2/2]b1 b2 m');
		expect(drawLine(graph.replace('a2,b2', 'b2,a2'))).toBe('root [1/2]b1 b2 [2/2]a1 a2 m');
	});

	test('[G34] [G35] a branch that is all of the shared path gets no label', () => {
		expect(drawLine('root a<root b<a m<b,a')).toBe('root a b m');
	});

	test('[G34] [G35] a merge within a branch', () => {
		expect(drawLine('root a<root x<a y<a n<x,y b<root m<n,b')).toBe('root [1/2]a [1/2]x [2/2]y n [2/2]b m');
	});

	test('[G35] a branch of a branch may begin where the branch does', () => {
		expect(drawLine('r1 r2 n<r1,r2 b m<n,b')).toBe('[1/2][1/2]r1 [2/2]r2 n [2/2]b m');
	});

	test('[G34] two merges of the same two branches the other way round', () => {
		const graph = 'root a<root b<root p<a,b q<b,a m<p,q';
		expect(drawGraph(parseGraph(graph))).toMatchInlineSnapshot(`
		  "● m
		  ├─┐
		  │ ● q
		  │ ├─┐
		  ● │ │ p
		  ├─┼─┼─┐
		  │ ├─┼─┘
		  │ ● │   b
		  ├─┼─┘
		  ● │   a
		  ├─┘
		  ●   root"
		`);
		expect(drawLine(graph)).toBe('root [1/2]a [2/2]b [1/2]p [2/2]q m');
	});

	test('[G34] of what is shared, only the newest begin branches', () => {
		expect(drawLine('root y<root w<y x<w z<root p<x,z,y q<x,z,y m<p,q')).toBe(
			'root [1/2]y w x [2/2]z [1/2]p [2/2]q m'
		);
	});

	test('[G36] shared nodes come in the order of parents, not of insertion', () => {
		expect(drawLine('root b<root a<root p<a,b q<b,a m<p,q')).toBe('root [1/2]a [2/2]b [1/2]p [2/2]q m');
	});

	test('[G33] many merges on top of each other take no longer than their rows', () => {
		expect(lineOf(diamondLadder(2000), 6000)).toHaveLength(6001);
		expect(lineOf(skipLadder(2000), 1999)).toHaveLength(2000);
	});

	test('[G33] only as much is walked as is asked for', () => {
		const index = createGraphIndex();
		for (const parents of diamondLadder(50)) index.add(parents);
		let asked = 0;
		const counting = {
			...index,
			parents(row: number) {
				asked++;
				return index.parents(row);
			}
		};
		const line: number[] = [];
		for (const { row } of linearise(counting, 150)) if (line.push(row) === 5) break;
		expect(line).toEqual([150, 149, 148, 147, 146]);
		expect(asked).toBeLessThan(30);
	});
});
