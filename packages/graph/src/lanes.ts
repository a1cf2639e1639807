/**
 * Lanes of a graph drawn as git draws history: each row one node, each lane a vertical line that waits for a
 * node further down. The result says, with a bit for each lane, all that drawing a row needs; it takes a
 * fixed amount of memory for each row, however wide the graph is.
 */
import type { GraphRows } from './graph-rows.ts';

export interface Lanes {
	/** The lane of each row's node. */
	readonly lane: Uint8Array;
	/** Lanes that pass the row without touching its node. */
	readonly through: Uint32Array;
	/** Lanes that come from above and end at the node: its children. */
	readonly up: Uint32Array;
	/** Lanes that leave the node downwards: its parents. */
	readonly down: Uint32Array;
	/** How many lanes there are at most. The last of them is shared by all that found no other. */
	readonly limit: number;
}

/** Rows that there is memory for in front of the columns: else getting memory would be most of every append. */
const ROOM = 1024;

/** As many as fit the bits of a row. */
export const MOST_LANES = 31;

/**
 * @param path one byte for each row: those that are 1, a first-parent chain, have lane 0 to themselves.
 * Without a path lane 0 is like the others.
 */
export function layOutLanes(
	{ size, first, more }: GraphRows,
	path: Uint8Array | null,
	limit: number = MOST_LANES
): Lanes {
	const { lane, through, up, down } = emptyColumns(size);
	const shared = limit - 1;
	/** What each lane but the shared one waits for, -1 when free. */
	const wanted = new Int32Array(limit).fill(-1);
	/** What the shared lane waits for. */
	const crowd = new Set<number>();
	const lowest = path ? 1 : 0;
	let width = 0;
	let busy = 0;

	const free = (): number => {
		let at = lowest;
		while (at < shared && wanted[at] !== -1) at++;
		return at;
	};
	const wait = (at: number, parent: number): number => {
		if (at === shared) crowd.add(parent);
		else {
			wanted[at] = parent;
			if (at >= width) width = at + 1;
		}
		busy |= 1 << at;
		return 1 << at;
	};

	for (let row = 0; row < size; row++) {
		let arriving = 0;
		for (let at = 0; at < width; at++) {
			if (wanted[at] !== row) continue;
			arriving |= 1 << at;
			wanted[at] = -1;
		}
		busy &= ~arriving;
		if (crowd.size > 0 && crowd.delete(row)) {
			arriving |= 1 << shared;
			if (crowd.size === 0) busy &= ~(1 << shared);
		}
		const inherited = lowestLane(arriving & ~(lowest === 1 ? 1 : 0));
		const own = path?.[row] === 1 ? 0 : inherited >= 0 ? inherited : free();
		lane[row] = own;
		up[row] = arriving;
		through[row] = busy;
		const parent = first[row] ?? -1;
		let leaving = parent < 0 ? 0 : wait(own, parent);
		const others = more.get(row);
		if (others) {
			for (const other of others) leaving |= wait(laneTo(other), other);
		}
		down[row] = leaving;
	}
	return { lane, through, up, down, limit };

	/** A line that leads to the same node is joined, else a new one begins. */
	function laneTo(parent: number): number {
		for (let at = 0; at < width; at++) if (wanted[at] === parent) return at;
		return free();
	}
}

/**
 * The lanes with one more node on top; nothing that was there moves to another lane. Uses up the lanes it is
 * given: the new ones are in the same memory, one row further up.
 */
export function addLane(lanes: Lanes, parents: readonly number[], onPath: boolean, hasPath: boolean): Lanes {
	const { limit } = lanes;
	// The first column begins where the room ends.
	const { lane, through, up, down } = lanes.through.byteOffset > 0 ? oneRowUp(lanes) : copied(lanes);
	const shared = limit - 1;
	const lowest = hasPath ? 1 : 0;
	let taken = 0;

	/** A lane nothing has used above the parent: the parent's own if it can be, and the shared one at worst. */
	const laneTo = (parent: number): number => {
		let used = taken;
		for (let row = 1; row < parent; row++)
			used |= (through[row] ?? 0) | (up[row] ?? 0) | (down[row] ?? 0) | (1 << (lane[row] ?? 0));
		const straight = lane[parent] ?? shared;
		if (straight >= lowest && (used & (1 << straight)) === 0) return straight;
		let at = lowest;
		while (at < shared && (used & (1 << at)) !== 0) at++;
		return at;
	};
	const connect = (at: number, parent: number): void => {
		taken |= 1 << at;
		down[0] = (down[0] ?? 0) | (1 << at);
		for (let row = 1; row < parent; row++) through[row] = (through[row] ?? 0) | (1 << at);
		up[parent] = (up[parent] ?? 0) | (1 << at);
	};

	const [first, ...others] = parents;
	const own = onPath ? 0 : first === undefined ? lowest : laneTo(first);
	lane[0] = own;
	taken |= 1 << own;
	if (first !== undefined) connect(own, first);
	for (const other of others) connect(laneTo(other), other);
	return { lane, through, up, down, limit };
}

type Columns = Omit<Lanes, 'limit'>;

/** Zeros, in one piece of memory, with room in front. */
function emptyColumns(size: number): Columns {
	const rows = ROOM + size;
	const words = rows * Uint32Array.BYTES_PER_ELEMENT;
	const memory = new ArrayBuffer(3 * words + rows);
	const column = (n: number): Uint32Array =>
		new Uint32Array(memory, n * words + ROOM * Uint32Array.BYTES_PER_ELEMENT, size);
	const lane = new Uint8Array(memory, 3 * words + ROOM, size);
	return { lane, through: column(0), up: column(1), down: column(2) };
}

function oneRowUp({ lane, through, up, down }: Columns): Columns {
	const raised = ({ buffer, byteOffset, length }: Uint32Array): Uint32Array => {
		const column = new Uint32Array(buffer, byteOffset - Uint32Array.BYTES_PER_ELEMENT, length + 1);
		column[0] = 0;
		return column;
	};
	const raisedLane = new Uint8Array(lane.buffer, lane.byteOffset - 1, lane.length + 1);
	return { lane: raisedLane, through: raised(through), up: raised(up), down: raised(down) };
}

function copied(lanes: Columns): Columns {
	const columns = emptyColumns(lanes.lane.length + 1);
	columns.lane.set(lanes.lane, 1);
	columns.through.set(lanes.through, 1);
	columns.up.set(lanes.up, 1);
	columns.down.set(lanes.down, 1);
	return columns;
}

/** @returns -1 for none */
export const lowestLane = (bits: number): number => (bits === 0 ? -1 : 31 - Math.clz32(bits & -bits));

/** Lanes that are used at all. */
export function widthOf({ lane, through, down }: Lanes): number {
	let used = 0;
	for (let row = 0; row < lane.length; row++)
		used |= (through[row] ?? 0) | (down[row] ?? 0) | (1 << (lane[row] ?? 0));
	return 32 - Math.clz32(used);
}
