import { diamondLadder, randomTopologies, skipLadder, type Topology } from '@stemma/testkit/graph-arbitrary';
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { filterRows, MOST_EDGES } from '../src/filtering.ts';
import { createGraphRows, parentRows, pathRows, rowsBelow, type GraphRows } from '../src/graph-rows.ts';
import { layOutLanes } from '../src/lanes.ts';
import { drawLanes, rowsOf, rowsOfText } from './drawn-rows.ts';

/** Kept rows that a row reaches over hidden ones only, by walking every way. */
function naiveParents(graph: GraphRows, kept: Uint8Array, row: number): ReadonlySet<number> {
	const found = new Set<number>();
	const pending = [...parentRows(graph, row)];
	const seen = new Set<number>();
	for (let here = pending.pop(); here !== undefined; here = pending.pop()) {
		if (seen.has(here)) continue;
		seen.add(here);
		if (kept[here] === 1) found.add(here);
		else pending.push(...parentRows(graph, here));
	}
	return found;
}

const bytes = (size: number, isKept: (row: number) => boolean): Uint8Array =>
	Uint8Array.from({ length: size }, (_, row) => (isKept(row) ? 1 : 0));

test('[G57] what is left hangs together as before, over what is hidden', () => {
	const { graph, names } = rowsOfText('root a<root b<root c<a d<b m<c,d e<m');
	const kept = bytes(graph.size, (row) => ['root', 'a', 'b', 'e'].includes(names[row] ?? ''));
	const filtered = filterRows(graph, kept);
	const left = [...filtered.rows].map((row) => names[row] ?? '');
	const path = pathRows(filtered.graph, left.indexOf('e'));
	expect(drawLanes(layOutLanes(filtered.graph, path), left)).toMatchInlineSnapshot(`
	  "●─╮  e
	  │ ●  b
	  ● │  a
	  ●─╯  root"
	`);
});

test('[G57] edges are those of the naive walk', () => {
	fc.assert(
		fc.property(randomTopologies(50), fc.infiniteStream(fc.boolean()), (topology, coins) => {
			const graph = rowsOf(topology);
			const kept = bytes(graph.size, () => coins.next().value === true);
			const { rows, graph: left } = filterRows(graph, kept);
			expect([...rows]).toEqual(
				Array.from({ length: graph.size }, (_, row) => row).filter((row) => kept[row] === 1)
			);
			for (const [at, row] of rows.entries()) {
				const parents = parentRows(left, at).map((parent) => rows[parent] ?? -1);
				const naive = naiveParents(graph, kept, row);
				if (naive.size <= MOST_EDGES)
					expect(parents.toSorted((a, b) => a - b)).toEqual([...naive].toSorted((a, b) => a - b));
				for (const parent of parents) expect(naive.has(parent), 'an edge stands for a way').toBe(true);
				expect(parents.length > 0, 'who had an ancestor left keeps one').toBe(naive.size > 0);
			}
		}),
		{ numRuns: 300 }
	);
});

test('[G57] a row keeps at most 16 edges over what is hidden, of its first parents first', () => {
	const roots = 200;
	const topology: Topology = [
		...Array.from({ length: roots }, () => []),
		...Array.from({ length: roots }, (_, i) => (i === 0 ? [0] : [roots + i - 1, i])),
		[2 * roots - 1]
	];
	const graph = rowsOf(topology);
	const kept = bytes(graph.size, (row) => row === 0 || row > roots);
	const { graph: left } = filterRows(graph, kept);
	expect(parentRows(left, 0)).toHaveLength(MOST_EDGES);
});

test('[G57] diamonds and ladders stay small', () => {
	for (const topology of [diamondLadder(20), skipLadder(2000)]) {
		const graph = rowsOf(topology);
		const { graph: left } = filterRows(
			graph,
			bytes(graph.size, (row) => row === 0 || row === graph.size - 1)
		);
		expect(parentRows(left, 0)).toEqual([1]);
	}
});

test('[G57] a row that lost a parent before the filter has lost it after', () => {
	const graph = createGraphRows([3, 2, 1], [99, 1, 0], []);
	expect([
		...filterRows(
			graph,
			bytes(3, () => true)
		).graph.cut
	]).toEqual([0]);
});

test('[G58] below a node lies all that has it as an ancestor, itself included', () => {
	fc.assert(
		fc.property(randomTopologies(50), fc.nat(), (topology, pick) => {
			const graph = rowsOf(topology);
			const root = pick % graph.size;
			const below = rowsBelow(graph, root);
			for (let row = 0; row < graph.size; row++) {
				const kept = bytes(graph.size, (each) => each === root);
				expect(below[row] === 1).toBe(row === root || naiveParents(graph, kept, row).has(root));
			}
		})
	);
	expect([...rowsBelow(rowsOf([[]]), -1)]).toEqual([0]);
});
