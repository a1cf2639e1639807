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

export interface Folding {
	/** Whether a row stays visible whatever lies around it. */
	readonly keeps: (row: number) => boolean;
	/** Whether the run that ends (that is, began) with this row has been opened. */
	readonly isOpen: (oldest: number) => boolean;
	/** A run of more rows than this is folded; Infinity folds nothing. */
	readonly longest: number;
}

const UNSEEN = -1;
/** Looked at as part of a run that stays as it is. */
const STAYS = -2;

export function foldRuns(
	{ size, first, more }: GraphRows,
	{ lane, up, down, limit }: Lanes,
	{ keeps, isOpen, longest }: Folding
): FoldedRows {
	const lines = new Int32Array(size).fill(UNSEEN);
	const counts = new Int32Array(size);
	const rows = new Int32Array(size);
	let shown = 0;

	/** Reached by a further edge: it may come in the very line that leads straight ahead. */
	const merged = new Set([...more.values()].flat());
	/** One child and one parent, both straight ahead in its lane: leaving it out changes no line. */
	const isPlain = (row: number): boolean => {
		const own = lane[row] ?? 0;
		const isStraight = own !== limit - 1 && up[row] === 1 << own && down[row] === 1 << own;
		return isStraight && !more.has(row) && !merged.has(row) && !keeps(row);
	};

	for (let row = 0; row < size; row++) {
		const seen = lines[row] ?? UNSEEN;
		if (seen >= 0) continue;
		rows[shown] = row;
		counts[shown] = 1;
		if (seen === UNSEEN && longest < size && isPlain(row)) {
			let length = 1;
			let oldest = row;
			for (let next = first[row] ?? -1; next >= 0 && isPlain(next); next = first[next] ?? -1) {
				length++;
				oldest = next;
			}
			const folds = length > longest && !isOpen(oldest);
			for (let next = row, left = length; left > 0; left--, next = first[next] ?? -1)
				lines[next] = folds ? shown : STAYS;
			if (folds) counts[shown] = length;
		}
		lines[row] = shown;
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
