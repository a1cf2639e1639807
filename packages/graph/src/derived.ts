/**
 * Integers that follow from the graph alone, and the walks they make short.
 * Rows are small integers in the order of insertion, a parent always before its child.
 */

export interface Derived {
	/** 0 for a root, else 1 + the largest of the parents: a topological key. */
	readonly gen: number;
	/** 0 for a root, else 1 + that of the first parent: the place on the reply chain. */
	readonly pos: number;
	/** Skew-binary skip pointer on the first-parent chain; null only for a root. */
	readonly jump: number | null;
}

export interface GraphIndex {
	readonly size: number;
	/** Adds a node below existing rows and returns its row. */
	add(parents: readonly number[]): number;
	parents(row: number): readonly number[];
	derived(row: number): Derived;
	/** The ancestor-or-self at a position of the first-parent chain. */
	levelAncestor(row: number, pos: number): number | null;
	/** Lowest common ancestor on the first-parent forest; null in different trees. */
	lowestCommonAncestor(a: number, b: number): number | null;
	/** Whether `ancestor` is reachable from `row` over any parent; a row is its own ancestor. */
	isAncestor(ancestor: number, row: number): boolean;
	/** All ancestors-or-self of some rows over every parent, highest generation first. */
	ancestors(rows: readonly number[]): readonly number[];
	/** Those of the rows that are not an ancestor of another. */
	maximal(rows: readonly number[]): readonly number[];
}

export function createGraphIndex(): GraphIndex {
	let capacity = 1024;
	let size = 0;
	let first = new Int32Array(capacity);
	let gens = new Int32Array(capacity);
	let poss = new Int32Array(capacity);
	let jumps = new Int32Array(capacity);
	// Merges are rare: only they have an entry.
	const extraParents = new Map<number, readonly number[]>();

	const at = (array: Int32Array, row: number): number => {
		const value = array[row];
		if (value === undefined || row >= size) throw new RangeError(`no row ${row}`);
		return value;
	};
	const grown = (array: Int32Array): Int32Array<ArrayBuffer> => {
		const larger = new Int32Array(capacity);
		larger.set(array);
		return larger;
	};

	const parents = (row: number): readonly number[] => {
		const parent = at(first, row);
		return parent < 0 ? [] : [parent, ...(extraParents.get(row) ?? [])];
	};

	/** One step towards the root that does not pass `pos`: the jump if it stays at or below it. */
	const lift = (row: number, pos: number): number => {
		const jump = at(jumps, row);
		return jump >= 0 && at(poss, jump) >= pos ? jump : at(first, row);
	};

	const levelAncestor = (row: number, pos: number): number | null => {
		if (pos < 0 || at(poss, row) < pos) return null;
		let here = row;
		while (at(poss, here) > pos) here = lift(here, pos);
		return here;
	};

	const ancestors = (rows: readonly number[]): readonly number[] => {
		const seen = new Set<number>();
		const pending = [...rows];
		for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
			if (seen.has(row)) continue;
			seen.add(row);
			pending.push(...parents(row));
		}
		return [...seen].sort((a, b) => at(gens, b) - at(gens, a) || b - a);
	};

	const isAncestor = (ancestor: number, row: number): boolean => {
		// Most questions are about one reply chain, where jumps answer at once.
		if (levelAncestor(row, at(poss, ancestor)) === ancestor) return true;
		const minGen = at(gens, ancestor);
		const seen = new Set<number>();
		const pending = [row];
		for (let here = pending.pop(); here !== undefined; here = pending.pop()) {
			if (here === ancestor) return true;
			if (seen.has(here) || at(gens, here) <= minGen) continue;
			seen.add(here);
			pending.push(...parents(here));
		}
		return false;
	};

	return {
		get size() {
			return size;
		},
		add(rowParents) {
			const row = size;
			const parent = rowParents[0];
			for (const known of rowParents) {
				if (known < 0 || known >= size)
					throw new RangeError(`parent ${known} of row ${row} is not there yet`);
			}
			if (size === capacity) {
				capacity *= 2;
				first = grown(first);
				gens = grown(gens);
				poss = grown(poss);
				jumps = grown(jumps);
			}
			size++;
			if (parent === undefined) {
				first[row] = -1;
				gens[row] = 0;
				poss[row] = 0;
				jumps[row] = -1;
				return row;
			}
			first[row] = parent;
			gens[row] = 1 + Math.max(...rowParents.map((known) => at(gens, known)));
			poss[row] = 1 + at(poss, parent);
			jumps[row] = jumpFrom(parent);
			if (rowParents.length > 1) extraParents.set(row, rowParents.slice(1));
			return row;
		},
		parents,
		derived(row) {
			const jump = at(jumps, row);
			return { gen: at(gens, row), pos: at(poss, row), jump: jump < 0 ? null : jump };
		},
		levelAncestor,
		lowestCommonAncestor(a, b) {
			const pos = Math.min(at(poss, a), at(poss, b));
			let left = levelAncestor(a, pos) ?? a;
			let right = levelAncestor(b, pos) ?? b;
			while (left !== right) {
				const leftJump = at(jumps, left);
				const rightJump = at(jumps, right);
				// Equal positions have equally long jumps, so both land on one level.
				const useJump = leftJump !== rightJump;
				left = useJump ? leftJump : at(first, left);
				right = useJump ? rightJump : at(first, right);
				if (left < 0 || right < 0) return null;
			}
			return left;
		},
		isAncestor,
		ancestors,
		maximal(rows) {
			const distinct = [...new Set(rows)];
			return distinct.filter((row) => !distinct.some((other) => other !== row && isAncestor(row, other)));
		}
	};

	/** If the last two jumps are equally long they merge into one twice as long plus one, else a jump to the parent. */
	function jumpFrom(parent: number): number {
		const skip = at(jumps, parent);
		if (skip < 0) return parent;
		const beyond = at(jumps, skip);
		if (beyond < 0) return parent;
		return at(poss, parent) - at(poss, skip) === at(poss, skip) - at(poss, beyond) ? beyond : parent;
	}
}
