import { chain, randomTopologies } from '@stemma/testkit/graph-arbitrary';
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { foldedRows, foldRuns } from '../src/folding.ts';
import { childRows, parentRows, pathRows, versionRows, type GraphRows } from '../src/graph-rows.ts';
import { layOutLanes } from '../src/lanes.ts';
import { drawLanes, rowsOf, rowsOfText } from './drawn-rows.ts';

const never = (): boolean => false;

/** What stands in each line on screen, with the lanes of that line. */
function drawFolded(text: string, leaf: string, longest: number, kept: readonly string[] = []): string {
	const { graph, names } = rowsOfText(text);
	const lanes = layOutLanes(graph, pathRows(graph, names.indexOf(leaf)));
	const { rows, counts } = foldRuns(graph, lanes, {
		keeps: (row) => kept.includes(names[row] ?? ''),
		isOpen: never,
		longest
	});
	const only = (bits: Uint8Array | Uint32Array): Uint32Array =>
		Uint32Array.from(rows, (row) => bits[row] ?? 0);
	return drawLanes(
		{
			lane: Uint8Array.from(rows, (row) => lanes.lane[row] ?? 0),
			through: only(lanes.through),
			up: only(lanes.up),
			down: only(lanes.down),
			limit: lanes.limit
		},
		[...rows].map((row, i) => ((counts[i] ?? 1) > 1 ? `⋯ ${counts[i]}` : (names[row] ?? '')))
	);
}

test('[G56] a fold stands where its newest row was, and the lines around it stay as they were', () => {
	const text = 'root a<root b<a c<b x<a d<c e<d y<x f<e leaf<f';
	expect(drawFolded(text, 'leaf', 3)).toMatchInlineSnapshot(`
	  "●  leaf
	  ●  ⋯ 5
	  │ ●  y
	  │ ●  x
	  ●─╯  a
	  ●  root"
	`);
	expect(drawFolded(text, 'leaf', 3, ['d'])).toMatchInlineSnapshot(`
	  "●  leaf
	  ●  f
	  │ ●  y
	  ● │  e
	  ● │  d
	  │ ●  x
	  ● │  c
	  ● │  b
	  ●─╯  a
	  ●  root"
	`);
	expect(drawFolded(text, 'leaf', 5)).toMatchInlineSnapshot(`
	  "●  leaf
	  ●  f
	  │ ●  y
	  ● │  e
	  ● │  d
	  │ ●  x
	  ● │  c
	  ● │  b
	  ●─╯  a
	  ●  root"
	`);
});

test('[G56] every row is shown or in one fold; a fold has no fork, no merge, no end and nothing that is kept', () => {
	fc.assert(
		fc.property(
			randomTopologies(80),
			fc.integer({ min: 1, max: 6 }),
			fc.nat(),
			fc.integer({ min: 2, max: 9 }),
			(topology, longest, leaf, kept) => {
				const graph = rowsOf(topology);
				const lanes = layOutLanes(graph, pathRows(graph, leaf % graph.size));
				const keeps = (row: number): boolean => row % kept === 0;
				const { rows, counts, lines } = foldRuns(graph, lanes, { keeps, isOpen: never, longest });
				const covered: number[] = [];
				for (const [i, row] of rows.entries()) {
					const count = counts[i] ?? 0;
					const inside = foldedRows(graph, row, count);
					covered.push(...inside);
					for (const each of inside) expect(lines[each]).toBe(i);
					if (count === 1) continue;
					expect(count).toBeGreaterThan(longest);
					for (const each of inside) {
						expect(keeps(each)).toBe(false);
						expect(parentRows(graph, each)).toHaveLength(1);
						expect(childrenOf(graph, each)).toHaveLength(1);
					}
				}
				expect(covered.toSorted((a, b) => a - b)).toEqual(Array.from({ length: graph.size }, (_, i) => i));
			}
		),
		// A child that merges comes in the line of the one that goes straight on.
		{ numRuns: 200, examples: [[[[], [0], [0, 1], [1], [3]], 1, 0, 2]] }
	);
});

const childrenOf = (graph: GraphRows, row: number): readonly number[] =>
	Array.from({ length: graph.size }, (_, child) => child).filter((child) =>
		parentRows(graph, child).includes(row)
	);

test('[G56] a chain of 100,000 is three rows; with no limit, nothing is folded', () => {
	const graph = rowsOf(chain(100_000));
	const lanes = layOutLanes(graph, pathRows(graph, 0));
	expect([...foldRuns(graph, lanes, { keeps: never, isOpen: never, longest: 8 }).counts]).toEqual([
		1, 99_998, 1
	]);
	const opened = foldRuns(graph, lanes, { keeps: never, isOpen: (oldest) => oldest === 99_998, longest: 8 });
	expect(opened.rows, 'one that was opened is shown whole').toHaveLength(100_000);
	expect(foldRuns(graph, lanes, { keeps: never, isOpen: never, longest: Infinity }).rows).toHaveLength(
		100_000
	);
});

test('children and versions of a row', () => {
	fc.assert(
		fc.property(randomTopologies(40), fc.nat(), (topology, pick) => {
			const graph = rowsOf(topology);
			const row = pick % graph.size;
			expect(childRows(graph, row).toSorted((a, b) => a - b)).toEqual([...childrenOf(graph, row)]);
			const parent = graph.first[row] ?? -1;
			const versions = Array.from({ length: graph.size }, (_, each) => each).filter(
				(each) => graph.first[each] === parent
			);
			expect(versionRows(graph, row)).toEqual(versions.toReversed());
		})
	);
});
