import {
	chain,
	diamondLadder,
	randomTopologies,
	skipLadder,
	type Topology
} from '@stemma/testkit/graph-arbitrary';
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createGraphRows, parentRows, pathRows, type GraphRows } from '../src/graph-rows.ts';
import { addLane, layOutLanes, MOST_LANES, widthOf, type Lanes } from '../src/lanes.ts';
import { drawLanes, rowsOf, rowsOfText } from './drawn-rows.ts';

const NO_PATH = -1;
const graphAndLeaf = randomTopologies(60).chain((topology) =>
	fc.record({
		topology: fc.constant(topology),
		leaf: fc.integer({ min: NO_PATH, max: topology.length - 1 })
	})
);

const drawn = (text: string, leaf: string, limit?: number): string => {
	const { graph, names } = rowsOfText(text);
	return drawLanes(layOutLanes(graph, pathRows(graph, names.indexOf(leaf)), limit), names);
};

/** Every line from its upper end along its lane to its lower one: the edges that a reader sees. */
function followedEdges(lanes: Lanes): ReadonlySet<string> {
	const edges = new Set<string>();
	for (let row = 0; row < lanes.lane.length; row++) {
		for (let lane = 0; lane < lanes.limit; lane++) {
			const bit = 1 << lane;
			if (((lanes.down[row] ?? 0) & bit) === 0) continue;
			let below = row + 1;
			while (below < lanes.lane.length && ((lanes.up[below] ?? 0) & bit) === 0) {
				expect((lanes.through[below] ?? 0) & bit, 'a line goes on until its end').toBe(bit);
				below++;
			}
			edges.add(`${row}>${below}`);
		}
	}
	return edges;
}

const edgesOf = (graph: GraphRows): ReadonlySet<string> =>
	new Set(
		Array.from({ length: graph.size }, (_, row) =>
			parentRows(graph, row).map((parent) => `${row}>${parent}`)
		).flat()
	);

/** The rules [G51] and [G52] with a list of edges instead of bits. */
function naiveLanes(graph: GraphRows, path: Uint8Array | null): readonly number[] {
	const open: { lane: number; to: number }[] = [];
	const lowest = path ? 1 : 0;
	const free = (): number => {
		let lane = lowest;
		while (open.some((edge) => edge.lane === lane)) lane++;
		return lane;
	};
	return Array.from({ length: graph.size }, (_, row) => {
		const arriving = open.filter(({ to }) => to === row);
		for (const edge of arriving) open.splice(open.indexOf(edge), 1);
		const inherited = arriving.map(({ lane }) => lane).filter((lane) => lane >= lowest);
		const own = path?.[row] === 1 ? 0 : inherited.length > 0 ? Math.min(...inherited) : free();
		const first = graph.first[row] ?? -1;
		if (first >= 0) open.push({ lane: own, to: first });
		for (const other of graph.more.get(row) ?? []) {
			const joined = open.toSorted((a, b) => a.lane - b.lane).find(({ to }) => to === other);
			if (!joined) open.push({ lane: free(), to: other });
		}
		return own;
	});
}

test('[G50] [G51] [G52] lanes drawn', () => {
	expect(drawn('root a<root b<a c<root d<c e<b m<e,d', 'm')).toMatchInlineSnapshot(`
	  "●─╮  m
	  ● │  e
	  │ ●  d
	  │ ●  c
	  ● │  b
	  ● │  a
	  ●─╯  root"
	`);
	expect(drawn('root a<root b<root c<root a2<a b2<b', 'c')).toMatchInlineSnapshot(`
	  "  ●  b2
	    │ ●  a2
	  ● │ │  c
	  │ ● │  b
	  │ │ ●  a
	  ●─╯─╯  root"
	`);
	expect(drawn('one two a<one b<two c<a', 'c')).toMatchInlineSnapshot(`
	  "●  c
	  │ ●  b
	  ● │  a
	  │ ●  two
	  ●  one"
	`);
});

test('[G51] the lanes are those of the naive version', () => {
	fc.assert(
		fc.property(graphAndLeaf, ({ topology, leaf }) => {
			const graph = rowsOf(topology);
			const path = leaf === NO_PATH ? null : pathRows(graph, leaf);
			const naive = naiveLanes(graph, path);
			// Wider graphs share a lane; the naive version has as many as it likes.
			fc.pre(Math.max(...naive) < MOST_LANES - 1);
			expect([...layOutLanes(graph, path).lane]).toEqual([...naive]);
		}),
		{ numRuns: 300 }
	);
});

test('[G50] the lines lead from each node to its parents and nowhere else, however few lanes there are', () => {
	fc.assert(
		fc.property(graphAndLeaf, fc.integer({ min: 3, max: MOST_LANES }), ({ topology, leaf }, limit) => {
			const graph = rowsOf(topology);
			const lanes = layOutLanes(graph, leaf === NO_PATH ? null : pathRows(graph, leaf), limit);
			expect(lanes.lane).toHaveLength(topology.length);
			const followed = followedEdges(lanes);
			const usesShared = [...lanes.down].some((bits) => (bits & (1 << (limit - 1))) !== 0);
			// A line in the shared lane ends where the first of them does.
			if (!usesShared) expect([...followed].toSorted()).toEqual([...edgesOf(graph)].toSorted());
			for (let row = 0; row < graph.size; row++) {
				const [lane = 0, through = 0] = [lanes.lane[row], lanes.through[row]];
				if (lane < limit - 1) expect(through & (1 << lane), 'no line runs through a node').toBe(0);
				const parents = parentRows(graph, row);
				expect(lanes.down[row] === 0, 'a node with parents has a line down').toBe(parents.length === 0);
				for (const parent of parents)
					expect(lanes.up[parent], 'a node with children has a line up').not.toBe(0);
			}
		}),
		{ numRuns: 300 }
	);
});

test('[G52] lane 0 belongs to the path alone', () => {
	fc.assert(
		fc.property(graphAndLeaf, ({ topology, leaf }) => {
			fc.pre(leaf !== NO_PATH);
			const graph = rowsOf(topology);
			const path = pathRows(graph, leaf);
			const { lane } = layOutLanes(graph, path);
			for (let row = 0; row < graph.size; row++) expect(lane[row] === 0).toBe(path[row] === 1);
		})
	);
});

test('[G53] what lies below changes nothing above: the first rows can be drawn before the others are there', () => {
	fc.assert(
		fc.property(graphAndLeaf, fc.nat(), ({ topology, leaf }, pick) => {
			const whole = rowsOf(topology);
			const path = leaf === NO_PATH ? null : pathRows(whole, leaf);
			const size = pick % (whole.size + 1);
			const head: GraphRows = { ...whole, size };
			const some = layOutLanes(head, path?.subarray(0, size) ?? null);
			const all = layOutLanes(whole, path);
			for (const part of ['lane', 'through', 'up', 'down'] as const)
				expect([...some[part]]).toEqual([...all[part].subarray(0, size)]);
		})
	);
});

test('[G54] nodes added on top leave every other where it was, and the lines still lead to the parents', () => {
	fc.assert(
		fc.property(graphAndLeaf, fc.nat(), ({ topology, leaf }, pick) => {
			const start = pick % (topology.length + 1);
			const before = rowsOf(topology.slice(0, start));
			let leafRow = leaf === NO_PATH || leaf >= before.size ? NO_PATH : leaf;
			let lanes = layOutLanes(before, leafRow === NO_PATH ? null : pathRows(before, leafRow));
			for (const parents of topology.slice(start)) {
				const rows = parents.map((parent) => lanes.lane.length - parent);
				const onPath = leafRow !== NO_PATH && rows[0] === leafRow + 1;
				leafRow = onPath ? 0 : leafRow === NO_PATH ? NO_PATH : leafRow + 1;
				const after = addLane(lanes, rows, onPath, leafRow !== NO_PATH);
				expect([...after.lane.subarray(1)], 'no node moves').toEqual([...lanes.lane]);
				lanes = after;
			}
			const graph = rowsOf(topology);
			fc.pre(widthOf(lanes) < MOST_LANES);
			expect([...followedEdges(lanes)].toSorted()).toEqual([...edgesOf(graph)].toSorted());
		}),
		{ numRuns: 300 }
	);
});

test('[G54] more nodes than there is room for are added like the first', () => {
	const topology = Array.from({ length: 2500 }, (_, node) =>
		node === 0 ? [] : [node % 7 === 0 ? node - 3 : node - 1]
	);
	let lanes = layOutLanes(rowsOf(topology.slice(0, 3)), null);
	for (const parents of topology.slice(3)) {
		const rows = parents.map((parent) => lanes.lane.length - parent);
		lanes = addLane(lanes, rows, false, false);
	}
	expect(lanes.lane.length).toBe(topology.length);
	expect([...followedEdges(lanes)].toSorted()).toEqual([...edgesOf(rowsOf(topology))].toSorted());
});

describe('[G55] graphs that cannot be, and graphs that are too wide', () => {
	test('a cycle, a missing parent and a node that is its own parent are cut, and every node is there', () => {
		const graph = createGraphRows([5, 4, 3, 2, 1], [4, 3, 5, 99, 1], [[4, 77]]);
		expect([...graph.cut].toSorted()).toEqual([1, 2, 3, 4]);
		expect(drawLanes(layOutLanes(graph, null), ['a', 'b', 'c', 'd', 'e'])).toMatchInlineSnapshot(`
		  "●  a
		  ●  b
		  ●  c
		  ●  d
		  ●  e"
		`);
	});

	test('500 siblings: each has its row, the lanes stay within their limit', () => {
		const star: Topology = [[], ...Array.from({ length: 500 }, () => [0])];
		const graph = rowsOf(star);
		const lanes = layOutLanes(graph, pathRows(graph, 0), 24);
		expect(lanes.lane).toHaveLength(501);
		expect(Math.max(...lanes.lane)).toBe(23);
		expect(lanes.up[500], 'all lanes end at the root').toBe(2 ** 24 - 1);
	});

	test.each([
		['20 stacked diamonds', diamondLadder(20), 3],
		['a ladder of 2,000', skipLadder(2000), 4],
		['a chain of 2,000', chain(2000), 1]
	] as const)('%s', (_, topology, width) => {
		const graph = rowsOf(topology);
		const lanes = layOutLanes(graph, pathRows(graph, 0));
		expect(widthOf(lanes)).toBeLessThanOrEqual(width);
		expect([...followedEdges(lanes)].toSorted()).toEqual([...edgesOf(graph)].toSorted());
	});

	test('nothing', () => {
		const graph = createGraphRows([], [], []);
		expect(widthOf(layOutLanes(graph, null))).toBe(0);
	});
});
