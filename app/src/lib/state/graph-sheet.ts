/** What the graph view draws, as data: the outline of a conversation, arranged in rows and lanes, filtered and folded. */
import { filterRows } from '@stemma/graph/filtering';
import { foldRuns, type FoldedRows } from '@stemma/graph/folding';
import { createGraphRows, pathRows, rowOfKey, rowsBelow, type GraphRows } from '@stemma/graph/graph-rows';
import { layOutLanes, type Lanes } from '@stemma/graph/lanes';
import type { NodeKey, OutlinePage } from '@stemma/store/workspace/workspace';

export interface Answer {
	readonly model: string;
	readonly costNano: number | null;
}

/** The columns of an outline as far as they are read; the same place in each is one node. */
export interface GraphOutline extends Omit<OutlinePage, 'answers'> {
	readonly answers: ReadonlyMap<NodeKey, Answer>;
}

const joined = (columns: readonly (readonly number[])[]): readonly number[] =>
	columns.length === 1 ? (columns[0] ?? []) : ([] as readonly number[]).concat(...columns);

/** @param pages newest first */
export const joinPages = (pages: readonly OutlinePage[]): GraphOutline => ({
	keys: joined(pages.map(({ keys }) => keys)),
	parents: joined(pages.map(({ parents }) => parents)),
	createdAt: joined(pages.map(({ createdAt }) => createdAt)),
	roles: pages.map(({ roles }) => roles).join(''),
	kinds: pages.map(({ kinds }) => kinds).join(''),
	merges: pages.flatMap(({ merges }) => merges),
	answers: new Map(
		pages.flatMap(({ answers }) =>
			answers.map(([key, model, costNano]) => [key, { model, costNano }] as const)
		)
	)
});

/** Empty or null: any. */
export interface GraphFilter {
	/** As in an outline: u, a, s or t. */
	readonly role: string;
	readonly model: string;
	readonly tag: string;
	readonly costFromNano: number | null;
	readonly fromMs: number | null;
	readonly toMs: number | null;
	/** Only what is not on the path. */
	readonly offPath: boolean;
	/** Only these, as found by their text. */
	readonly matches: ReadonlySet<NodeKey> | null;
}

export const NO_FILTER: GraphFilter = {
	role: '',
	model: '',
	tag: '',
	costFromNano: null,
	fromMs: null,
	toMs: null,
	offPath: false,
	matches: null
};

export const isFiltering = (filter: GraphFilter): boolean =>
	Object.entries(filter).some(([name, value]) => value !== NO_FILTER[name as keyof GraphFilter]);

export interface Arrangement {
	/** The end of the path that lane 0 is kept for. */
	readonly leaf: NodeKey | null;
	/** Show only what follows from this node. */
	readonly top: NodeKey | null;
	readonly filter: GraphFilter;
	readonly tags: ReadonlyMap<NodeKey, readonly string[]>;
	readonly mostLanes: number;
}

/** Rows in lanes, before folding. */
export interface ArrangedRows {
	readonly outline: GraphOutline;
	readonly leaf: NodeKey | null;
	/** Of each row its place in the outline; null when rows are places. */
	readonly places: Int32Array | null;
	readonly graph: GraphRows;
	readonly path: Uint8Array | null;
	readonly lanes: Lanes;
}

export interface Sheet extends ArrangedRows {
	readonly shown: FoldedRows;
}

/**
 * Yields between its stages, none of which takes long: whoever runs it may let the page breathe there.
 *
 * @param whole the graph of the outline
 */
export function* arrange(
	outline: GraphOutline,
	whole: GraphRows,
	{ leaf, top, filter, tags, mostLanes }: Arrangement
): Generator<void, ArrangedRows> {
	const path = leaf === null ? null : pathRows(whole, rowOfKey(outline.keys, leaf));
	if (top === null && !isFiltering(filter)) {
		yield;
		return {
			outline,
			leaf,
			places: null,
			graph: whole,
			path,
			lanes: layOutLanes(whole, path, mostLanes)
		};
	}
	const below = top === null ? null : rowsBelow(whole, rowOfKey(outline.keys, top));
	const kept = new Uint8Array(whole.size);
	for (let place = 0; place < whole.size; place++) {
		if (below?.[place] === 0 || (filter.offPath && path?.[place] === 1)) continue;
		if (passes(outline, place, filter, tags)) kept[place] = 1;
	}
	yield;
	const { rows: places, graph } = filterRows(whole, kept);
	yield;
	const pathLeft = path && !filter.offPath ? Uint8Array.from(places, (place) => path[place] ?? 0) : null;
	return { outline, leaf, places, graph, path: pathLeft, lanes: layOutLanes(graph, pathLeft, mostLanes) };
}

function passes(
	{ keys, roles, createdAt, answers }: GraphOutline,
	place: number,
	filter: GraphFilter,
	tags: Arrangement['tags']
): boolean {
	const key = keys[place] ?? 0;
	const at = createdAt[place] ?? 0;
	if (filter.matches && !filter.matches.has(key)) return false;
	if (filter.role !== '' && roles[place] !== filter.role) return false;
	if (filter.fromMs !== null && at < filter.fromMs) return false;
	if (filter.toMs !== null && at >= filter.toMs) return false;
	if (filter.tag !== '' && tags.get(key)?.includes(filter.tag) !== true) return false;
	if (filter.model === '' && filter.costFromNano === null) return true;
	const answer = answers.get(key);
	if (filter.model !== '' && answer?.model !== filter.model) return false;
	return filter.costFromNano === null || (answer?.costNano ?? -1) >= filter.costFromNano;
}

/** More turns than this in one stretch are folded; a turn is a question and its answer. */
const LONGEST_TURNS = 4;

export interface Folds {
	/** False shows every row. */
	readonly areFolded: boolean;
	/** Oldest nodes of the runs that were opened. */
	readonly opened: ReadonlySet<NodeKey>;
	/** Nodes that have something to show for themselves. */
	readonly kept: ReadonlySet<NodeKey>;
}

export function foldSheet(rows: ArrangedRows, { areFolded, opened, kept }: Folds): Sheet {
	const { outline, graph, lanes } = rows;
	const shown = foldRuns(graph, lanes, {
		keeps: (row) => {
			const place = placeOf(rows, row);
			return outline.kinds[place] !== 'm' || kept.has(outline.keys[place] ?? 0) || graph.cut.has(row);
		},
		isOpen: (oldest) => opened.has(keyOf(rows, oldest)),
		longest: areFolded ? 2 * LONGEST_TURNS : Infinity
	});
	return { ...rows, shown };
}

export const placeOf = ({ places }: ArrangedRows, row: number): number =>
	places ? (places[row] ?? -1) : row;

/** 0 for a row that is not there. */
export const keyOf = (rows: ArrangedRows, row: number): NodeKey => rows.outline.keys[placeOf(rows, row)] ?? 0;

/** -1 when the node is not among the rows. */
export function rowOf({ outline, places }: ArrangedRows, key: NodeKey): number {
	const place = rowOfKey(outline.keys, key);
	if (!places || place < 0) return place;
	let low = 0;
	let high = places.length - 1;
	while (low <= high) {
		const middle = (low + high) >> 1;
		const here = places[middle] ?? 0;
		if (here === place) return middle;
		if (here < place) low = middle + 1;
		else high = middle - 1;
	}
	return -1;
}

/** Where a node is shown, by itself or in a fold; -1 for nowhere. */
export function lineOf(sheet: Sheet, key: NodeKey): number {
	const row = rowOf(sheet, key);
	return row < 0 ? -1 : (sheet.shown.lines[row] ?? -1);
}

export const wholeGraph = ({ keys, parents, merges }: GraphOutline): GraphRows =>
	createGraphRows(keys, parents, merges);
