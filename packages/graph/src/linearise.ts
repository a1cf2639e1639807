/**
 * A graph with merges as one line for a model: the common path, then each branch's own part in the order of
 * the merge's parents, then the merge. Newest first, lazily: a plain chain is walked as it is asked for.
 */
import type { GraphIndex } from './derived.ts';

export interface LineStep {
	readonly row: number;
	/** Set on the oldest step of a merged branch: its number from 1, and of how many. */
	readonly opens?: { readonly branch: number; readonly of: number };
}

export function* linearise(graph: GraphIndex, leaf: number): Generator<LineStep> {
	let row: number | undefined = leaf;
	while (row !== undefined) {
		yield { row };
		const parents: readonly number[] = graph.parents(row);
		if (parents.length > 1) {
			yield* lineariseMerge(graph, parents);
			return;
		}
		row = parents[0];
	}
}

function* lineariseMerge(graph: GraphIndex, parents: readonly number[]): Generator<LineStep> {
	const reach = parents.map((parent) => new Set(graph.ancestors([parent])));
	const isOwn = (row: number, branch: number): boolean => reach.every((set, i) => i === branch || !set.has(row));
	for (let branch = parents.length - 1; branch >= 0; branch--) {
		const parent = parents[branch];
		if (parent === undefined) continue;
		const own = [...linearise(graph, parent)].filter((step) => isOwn(step.row, branch));
		const oldest = own.at(-1);
		for (const step of own) {
			yield step === oldest ? { row: step.row, opens: { branch: branch + 1, of: parents.length } } : step;
		}
	}
	const shared = new Set<number>();
	for (const [i, set] of reach.entries()) {
		for (const row of set) if (!isOwn(row, i)) shared.add(row);
	}
	const tips = graph.maximal(
		[...shared].filter((row) => ![...shared].some((other) => graph.parents(other).includes(row)))
	);
	const only = tips[0];
	if (only !== undefined && tips.length === 1) yield* linearise(graph, only);
	// Criss-cross: no single common path, so generation order, which every machine agrees on.
	else for (const row of graph.ancestors(tips)) yield { row };
}
