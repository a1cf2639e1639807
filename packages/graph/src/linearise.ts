/**
 * A graph with merges as one line for a model: the common path, then each branch's own part in the order of
 * the merge's parents, then the merge. Newest first and lazily: only a merge looks further than one step ahead.
 */
import type { GraphIndex } from './derived.ts';

/** The line enters branch `branch` (from 1) of `of`. */
export interface Opening {
	readonly branch: number;
	readonly of: number;
}

export interface LineStep {
	readonly row: number;
	/** Set on the oldest step of a merged branch; more than one, outermost first, when branches of branches begin together. */
	readonly opens?: readonly Opening[];
}

/** A part of the graph that is laid out in one piece. */
interface Stretch {
	/** Where to go on: one row, or the tips of branches to lay out one after the other. */
	tips: readonly number[];
	/** How many rows are still to come, in it and in the stretches within. */
	left: number;
	/** What its oldest row opens. */
	openings: readonly Opening[];
	readonly includes: (row: number) => boolean;
}

export function* linearise(graph: GraphIndex, leaf: number): Generator<LineStep> {
	const open: Stretch[] = [{ tips: [leaf], left: Infinity, openings: [], includes: () => true }];
	for (let stretch = open.at(-1); stretch !== undefined; stretch = open.at(-1)) {
		const [tip, ...others] = stretch.tips;
		if (tip === undefined) open.pop();
		else if (others.length > 0) open.push(...branchesOf(graph, stretch));
		else {
			stretch.tips = [...new Set(graph.parents(tip))].filter(stretch.includes);
			stretch.left--;
			yield stretch.left === 0 && stretch.openings.length > 0
				? { row: tip, opens: stretch.openings }
				: { row: tip };
		}
	}
}

/** The own parts of a stretch's branches, last one on top; the stretch itself goes on with what they share. */
function branchesOf(graph: GraphIndex, stretch: Stretch): readonly Stretch[] {
	const { owner, sizes, shared } = splitBranches(graph, stretch.tips, stretch.includes);
	const own = stretch.tips.flatMap((tip, branch) => {
		const left = sizes[branch] ?? 0;
		return left > 0 ? [{ tip, branch, left }] : [];
	});
	stretch.tips = shared;
	stretch.left -= own.reduce((sum, { left }) => sum + left, 0);
	return own.map(({ tip, branch, left }, i) => ({
		tips: [tip],
		left,
		openings: [
			// With nothing shared, the stretch begins where its first branch does.
			...(i === 0 && stretch.left === 0 ? stretch.openings : []),
			...(own.length > 1 ? [{ branch: i + 1, of: own.length }] : [])
		],
		includes: (row) => owner.get(row) === branch
	}));
}

const SHARED = -1;

interface Split {
	/** The branch that alone reaches a row, or SHARED; not all shared rows are in it. */
	readonly owner: ReadonlyMap<number, number>;
	/** Rows of each branch's own part. */
	readonly sizes: readonly number[];
	/** The newest rows of what branches share, in the order in which a walk along the parents meets them. */
	readonly shared: readonly number[];
}

/** Walks from all tips at once, highest generation first, until everything ahead is shared. */
function splitBranches(
	graph: GraphIndex,
	tips: readonly number[],
	includes: (row: number) => boolean
): Split {
	const owner = new Map<number, number>();
	const ahead = new Map<number, number[]>();
	const behindShared = new Set<number>();
	const sizes = tips.map(() => 0);
	let ownAhead = 0;
	let gen = 0;
	const reach = (row: number, branch: number): void => {
		const known = owner.get(row);
		if (known === undefined) {
			owner.set(row, branch);
			const rowGen = graph.derived(row).gen;
			const sameGen = ahead.get(rowGen);
			if (sameGen) sameGen.push(row);
			else ahead.set(rowGen, [row]);
			gen = Math.max(gen, rowGen);
			if (branch !== SHARED) ownAhead++;
		} else if (known !== branch && known !== SHARED) {
			owner.set(row, SHARED);
			ownAhead--;
		}
	};
	for (const [branch, tip] of tips.entries()) reach(tip, branch);
	for (; ownAhead > 0; gen--) {
		for (const row of ahead.get(gen) ?? []) {
			const branch = owner.get(row) ?? SHARED;
			if (branch !== SHARED) {
				ownAhead--;
				sizes[branch] = (sizes[branch] ?? 0) + 1;
			}
			for (const parent of graph.parents(row)) {
				if (!includes(parent)) continue;
				reach(parent, branch);
				if (branch === SHARED) behindShared.add(parent);
			}
		}
	}
	const candidates = [...owner].flatMap(([row, branch]) =>
		branch === SHARED && !behindShared.has(row) ? [row] : []
	);
	const newest = candidates.length > 1 ? graph.maximal(candidates) : candidates;
	return {
		owner,
		sizes,
		shared: newest.length > 1 ? inOrderMet(graph, tips, owner, new Set(newest)) : newest
	};
}

/** Depends on the order of parents alone, so every machine lays out the same line. */
function inOrderMet(
	graph: GraphIndex,
	tips: readonly number[],
	owner: ReadonlyMap<number, number>,
	wanted: ReadonlySet<number>
): readonly number[] {
	const met = new Set<number>();
	const visited = new Set<number>();
	const pending = tips.toReversed();
	for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
		if (visited.has(row)) continue;
		visited.add(row);
		const branch = owner.get(row);
		if (wanted.has(row)) met.add(row);
		else if (branch !== undefined && branch !== SHARED) pending.push(...graph.parents(row).toReversed());
	}
	return [...met];
}
