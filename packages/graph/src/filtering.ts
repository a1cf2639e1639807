/** Some of the rows of a graph, with edges to the nearest ancestors that are left. */
import { parentRows, type GraphRows } from './graph-rows.ts';

export interface FilteredRows {
	/** The rows that are left, in their order: what each row of `graph` was before. */
	readonly rows: Int32Array;
	readonly graph: GraphRows;
}

/** Through hidden rows a row keeps at most so many edges, those of its first parents before others. */
export const MOST_EDGES = 16;

/** @param kept one byte for each row, 1 for those that are left */
export function filterRows(graph: GraphRows, kept: Uint8Array): FilteredRows {
	const { size, first, more } = graph;
	let left = 0;
	for (let row = 0; row < size; row++) left += kept[row] ?? 0;
	const rows = new Int32Array(left);
	/** Of a row that is left: its new row. Of a hidden one: that of its nearest ancestor, -1 for none. */
	const nearest = new Int32Array(size).fill(-1);
	/** All nearest ancestors of hidden rows that have several. */
	const several = new Map<number, readonly number[]>();
	const newFirst = new Int32Array(left).fill(-1);
	const newMore = new Map<number, readonly number[]>();
	const cut = new Set<number>();
	for (let row = size - 1, at = left - 1; row >= 0; row--) {
		const isKept = kept[row] === 1;
		const parent = first[row] ?? -1;
		const isSimple = !more.has(row) && !(parent >= 0 && several.has(parent) && kept[parent] !== 1);
		if (isSimple) {
			const ancestor = parent < 0 ? -1 : (nearest[parent] ?? -1);
			if (isKept) newFirst[at] = ancestor;
			else nearest[row] = ancestor;
		} else {
			const found = nearestOf(row);
			if (isKept) {
				newFirst[at] = found[0] ?? -1;
				if (found.length > 1) newMore.set(at, found.slice(1));
			} else {
				nearest[row] = found[0] ?? -1;
				if (found.length > 1) several.set(row, found);
			}
		}
		if (!isKept) continue;
		rows[at] = row;
		nearest[row] = at;
		if (graph.cut.has(row)) cut.add(at);
		at--;
	}
	return { rows, graph: { size: left, first: newFirst, more: newMore, cut } };

	function nearestOf(row: number): readonly number[] {
		const found = new Set<number>();
		for (const parent of parentRows(graph, row)) {
			const ancestor = nearest[parent] ?? -1;
			for (const each of (kept[parent] === 1 ? undefined : several.get(parent)) ?? [ancestor])
				if (each >= 0 && found.size < MOST_EDGES) found.add(each);
		}
		return [...found];
	}
}
