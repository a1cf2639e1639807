/** Graph rows from text, and their lanes as text. */
import { parseGraph } from '@stemma/testkit/graph-ascii';
import type { Topology } from '@stemma/testkit/graph-arbitrary';
import { createGraphRows, type GraphRows } from '../src/graph-rows.ts';
import type { Lanes } from '../src/lanes.ts';

/** The rows of a topology, whose own rows run from oldest to newest: row 0 is the newest here. */
export function rowsOf(topology: Topology): GraphRows {
	const keys = topology.map((_, i) => topology.length - i);
	return createGraphRows(
		keys,
		keys.map((key) => (topology[key - 1]?.[0] ?? -1) + 1),
		topology.flatMap((parents, i) => parents.slice(1).map((parent) => [i + 1, parent + 1] as const))
	);
}

/** `root a<root b<root m<a,b`, oldest first, as rows with their names. */
export function rowsOfText(text: string): { readonly graph: GraphRows; readonly names: readonly string[] } {
	const nodes = parseGraph(text);
	const at = (name: string): number => nodes.findIndex((node) => node.name === name);
	return {
		graph: rowsOf(nodes.map(({ parents }) => parents.map(at))),
		names: nodes.map(({ name }) => name).toReversed()
	};
}

/** One line a row: the node, lines that pass, bends to children (╯) and to parents (╮). */
export function drawLanes(lanes: Lanes, names: readonly string[]): string {
	return names
		.map((name, row) => {
			const [own, through, up, down] = [
				lanes.lane[row] ?? 0,
				lanes.through[row] ?? 0,
				lanes.up[row] ?? 0,
				lanes.down[row] ?? 0
			];
			const has = (bits: number, lane: number): boolean => (bits & (1 << lane)) !== 0;
			const bends = (up | down) & ~(1 << own);
			const right = 31 - Math.clz32(bends | (1 << own));
			const left = bends === 0 ? own : Math.min(own, 31 - Math.clz32(bends & -bends));
			const width = 32 - Math.clz32(through | up | down | (1 << own));
			let line = '';
			for (let lane = 0; lane < width; lane++) {
				const passes = has(through, lane);
				const isInside = lane > left && lane < right;
				if (lane === own) line += '●';
				else if (has(bends, lane) && passes) line += '┼';
				else if (has(bends, lane)) line += has(up, lane) ? (has(down, lane) ? '┤' : '╯') : '╮';
				else line += passes ? (isInside ? '┼' : '│') : isInside ? '─' : ' ';
				line += lane >= left && lane < right ? '─' : ' ';
			}
			return `${line} ${name}`.trimEnd();
		})
		.join('\n');
}
