/** Long stretches without a fork, a merge or a mark become one row that says how much it stands for. */
import type { GraphRows } from './graph-rows.ts';
import type { Lanes } from './lanes.ts';

export interface FoldedRows {
	/** The rows that are shown, top down. A fold is shown as the newest row it stands for. */
	readonly rows: Int32Array;
	/** How many rows each stands for: 1, or more for a fold. */
	readonly counts: Int32Array;
	/** Where each row is among them, by itself or in a fold. */
	readonly lines: Int32Array;
}

/**
 * @param keeps whether a row stays visible whatever lies around it
 * @param longest a run of more rows than this is folded; Infinity folds nothing
 */
export function foldRuns(
	{ size, first }: GraphRows,
	{ lane, up, down, limit }: Lanes,
	keeps: (row: number) => boolean,
	longest: number
): FoldedRows {
	const lines = new Int32Array(size).fill(-1);
	const counts = new Int32Array(size);
	const rows = new Int32Array(size);
	let shown = 0;

	/** One child and one parent, both straight ahead in its lane: leaving it out changes no line. */
	const isPlain = (row: number): boolean => {
		const own = lane[row] ?? 0;
		return own !== limit - 1 && up[row] === 1 << own && down[row] === 1 << own && !keeps(row);
	};

	for (let row = 0; row < size; row++) {
		if (lines[row] !== -1) continue;
		lines[row] = shown;
		rows[shown] = row;
		counts[shown] = 1;
		if (longest < size && isPlain(row)) {
			let length = 1;
			let last = row;
			for (let next = first[row] ?? -1; next >= 0 && isPlain(next); next = first[next] ?? -1) {
				length++;
				last = next;
			}
			// A short run stays; measuring it anew from each of its rows costs little, because it is short.
			if (length > longest) {
				for (let next = first[row] ?? -1; ; next = first[next] ?? -1) {
					lines[next] = shown;
					if (next === last) break;
				}
				counts[shown] = length;
			}
		}
		shown++;
	}
	return { rows: rows.slice(0, shown), counts: counts.slice(0, shown), lines };
}

/** The rows of the fold that is shown as `row`, newest first. */
export function foldedRows({ first }: GraphRows, row: number, count: number): readonly number[] {
	const rows: number[] = [];
	for (let at = row; at >= 0 && rows.length < count; at = first[at] ?? -1) rows.push(at);
	return rows;
}
