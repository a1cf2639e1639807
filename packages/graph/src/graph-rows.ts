/**
 * A graph as rows from newest to oldest, in flat arrays: what lanes, folding and filtering work on.
 * A row is a number from 0; every parent lies below its child. Nothing here knows what a node says.
 */

export interface GraphRows {
	readonly size: number;
	/** Row of the first parent, -1 for none. */
	readonly first: Int32Array;
	/** Rows of the further parents, for the few rows that have some. */
	readonly more: ReadonlyMap<number, readonly number[]>;
	/** Rows with a parent that is not among the rows, or not below. */
	readonly cut: ReadonlySet<number>;
}

/**
 * Rows from a table of nodes.
 *
 * @param keys a number for each node, falling: the order of the rows
 * @param parents the key of each node's first parent, 0 for none
 * @param merges child and parent of every further edge, in the order of the child's parents
 */
export function createGraphRows(
	keys: readonly number[],
	parents: readonly number[],
	merges: readonly (readonly [child: number, parent: number])[]
): GraphRows {
	const size = keys.length;
	const first = new Int32Array(size).fill(-1);
	const more = new Map<number, number[]>();
	const cut = new Set<number>();
	for (let row = 0; row < size; row++) {
		const parent = parents[row] ?? 0;
		if (parent === 0) continue;
		// Most often the parent is the next row.
		const found = keys[row + 1] === parent ? row + 1 : rowOfKey(keys, parent);
		if (found > row) first[row] = found;
		else cut.add(row);
	}
	for (const [child, parent] of merges) {
		const row = rowOfKey(keys, child);
		const found = rowOfKey(keys, parent);
		if (row < 0) continue;
		if (found <= row) cut.add(row);
		else if (found !== first[row]) {
			const known = more.get(row);
			if (!known) more.set(row, [found]);
			else if (!known.includes(found)) known.push(found);
		}
	}
	return { size, first, more, cut };
}

/** @returns -1 when no row has the key */
export function rowOfKey(keys: readonly number[], key: number): number {
	let low = 0;
	let high = keys.length - 1;
	while (low <= high) {
		const middle = (low + high) >> 1;
		const here = keys[middle] ?? 0;
		if (here === key) return middle;
		if (here > key) low = middle + 1;
		else high = middle - 1;
	}
	return -1;
}

export function parentRows({ first, more }: GraphRows, row: number): readonly number[] {
	const parent = first[row] ?? -1;
	const others = more.get(row) ?? [];
	return parent < 0 ? others : [parent, ...others];
}

/** One byte for each row: 1 on the first-parent chain of a row, itself included. No row, no chain. */
export function pathRows({ size, first }: GraphRows, leaf: number): Uint8Array {
	const path = new Uint8Array(size);
	for (let row = leaf; row >= 0 && row < size; row = first[row] ?? -1) path[row] = 1;
	return path;
}

/** One byte for each row: 1 for a row and all that follows from it, over any parent. */
export function rowsBelow(graph: GraphRows, root: number): Uint8Array {
	const below = new Uint8Array(graph.size);
	if (root < 0 || root >= graph.size) return below;
	below[root] = 1;
	for (let row = root - 1; row >= 0; row--) {
		const parent = graph.first[row] ?? -1;
		if (parent >= 0 && below[parent] === 1) below[row] = 1;
		else if (graph.more.get(row)?.some((other) => below[other] === 1) === true) below[row] = 1;
	}
	return below;
}

/** Rows that have it as a parent, the oldest first. */
export function childRows({ first, more }: GraphRows, row: number): readonly number[] {
	const children: number[] = [];
	for (let child = row - 1; child >= 0; child--)
		if (first[child] === row || more.get(child)?.includes(row) === true) children.push(child);
	return children;
}

/** Rows with the same first parent, or no first parent either, the oldest first; itself among them. */
export function versionRows({ size, first }: GraphRows, row: number): readonly number[] {
	const versions: number[] = [];
	for (let other = size - 1; other >= 0; other--) if (first[other] === first[row]) versions.push(other);
	return versions;
}
