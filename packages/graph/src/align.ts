/**
 * Which paragraphs of several texts stand beside each other: those that say nearly the same, in order,
 * as much of it as there can be; what is left between them stands side by side.
 */

/** For every text the index of its paragraph in this row, or null. */
export type AlignedRow = readonly (number | null)[];

/** In thousandths; paragraphs less alike than this have nothing to do with each other. */
export const RELATED = 450;

/** Beyond so many pairs of paragraphs nobody waits for: they stand side by side as they come. */
const MOST_PAIRS = 400_000;

interface Bag {
	readonly text: string;
	readonly size: number;
	readonly counts: ReadonlyMap<string, number>;
}

function toBag(text: string): Bag {
	const counts = new Map<string, number>();
	const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
	for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
	return { text, size: words.length, counts };
}

function alikeBags(a: Bag, b: Bag): number {
	if (a.text === b.text) return 1000;
	if (a.size + b.size === 0) return 0;
	// Even if all words of the shorter one were shared.
	if (2000 * Math.min(a.size, b.size) < RELATED * (a.size + b.size)) return 0;
	const [few, many] = a.counts.size < b.counts.size ? [a, b] : [b, a];
	let shared = 0;
	for (const [word, count] of few.counts) shared += Math.min(count, many.counts.get(word) ?? 0);
	// Equal words in another order, or with other signs between them, are not the same text.
	return Math.min(999, Math.floor((2000 * shared) / (a.size + b.size)));
}

/** How much two paragraphs are alike by their words, in thousandths; 1000 only for the same text. */
export const alike = (a: string, b: string): number => alikeBags(toBag(a), toBag(b));

/** @param texts each as its paragraphs; the first two decide together, every further one joins the rows there are */
export function alignParagraphs(texts: readonly (readonly string[])[]): readonly AlignedRow[] {
	const bags = texts.map((paragraphs) => paragraphs.map(toBag));
	let rows: readonly AlignedRow[] = [];
	for (const [column, paragraphs] of bags.entries()) {
		const members = rows.map((row) =>
			row.flatMap((index, other) => (index === null ? [] : (bags[other]?.[index] ?? [])))
		);
		const pairs = pairUp(members.length, paragraphs.length, (row, index) => {
			const bag = paragraphs[index];
			if (!bag) return 0;
			const best = Math.max(0, ...(members[row] ?? []).map((member) => alikeBags(member, bag)));
			return best < RELATED ? 0 : best;
		});
		rows = joined(rows, paragraphs.length, column, pairs);
	}
	return rows.map((row) => texts.map((_, column) => row[column] ?? null));
}

/** The pairs in order whose likeness together is the most there can be. */
function pairUp(
	rows: number,
	columns: number,
	likeness: (row: number, column: number) => number
): readonly (readonly [number, number])[] {
	if (rows * columns > MOST_PAIRS) return [];
	const width = columns + 1;
	// best[r][c]: the most that can be had of rows from r and columns from c on.
	const best = new Int32Array((rows + 1) * width);
	const alikes = new Int16Array(rows * columns);
	const at = (row: number, column: number): number => best[row * width + column] ?? 0;
	for (let row = rows - 1; row >= 0; row--) {
		for (let column = columns - 1; column >= 0; column--) {
			const value = likeness(row, column);
			alikes[row * columns + column] = value;
			const paired = value === 0 ? 0 : value + at(row + 1, column + 1);
			best[row * width + column] = Math.max(paired, at(row + 1, column), at(row, column + 1));
		}
	}
	const pairs: (readonly [number, number])[] = [];
	for (let row = 0, column = 0; row < rows && column < columns;) {
		const value = alikes[row * columns + column] ?? 0;
		if (value > 0 && at(row, column) === value + at(row + 1, column + 1))
			pairs.push([row++, column++] as const);
		else if (at(row, column) === at(row + 1, column)) row++;
		else column++;
	}
	return pairs;
}

/** The rows with another column: paired ones share a row, those in between fill the gaps from the top. */
function joined(
	rows: readonly AlignedRow[],
	paragraphs: number,
	column: number,
	pairs: readonly (readonly [number, number])[]
): readonly AlignedRow[] {
	const result: AlignedRow[] = [];
	const empty: AlignedRow = Array.from({ length: column }, () => null);
	let row = 0;
	let index = 0;
	for (const [pairedRow, pairedIndex] of [...pairs, [rows.length, paragraphs] as const]) {
		while (row < pairedRow || index < pairedIndex) {
			const before = row < pairedRow ? (rows[row++] ?? empty) : empty;
			result.push([...before, index < pairedIndex ? index++ : null]);
		}
		const last = rows[row];
		if (last && index < paragraphs) result.push([...last, index]);
		row++;
		index++;
	}
	return result;
}
