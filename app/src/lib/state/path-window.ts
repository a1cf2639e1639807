/** The stretch of a path that is in memory: around the reader, bounded, wherever the path ends. */
import type { NodeId } from '@stemma/graph/node';
import type { Outcome } from '@stemma/store/workspace/outcome';
import type { PathEntry, PathWindow, Workspace } from '@stemma/store/workspace/workspace';

const PAGE = 200;
/** Where one comes to, a few screens are enough: what takes longest is to read messages that nobody sees yet. */
const FIRST_PAGE = 60;
/** More than this is not kept: what is far from the reader goes when more comes. */
const MOST = 400;

type Reader = Pick<Workspace, 'path'>;

export const NOTHING: PathWindow = { entries: [], total: 0 };

const startOf = ({ entries }: PathWindow): number => entries[0]?.pos ?? 0;
/** The position after the last one in memory. */
const endOf = ({ entries }: PathWindow): number => (entries.at(-1)?.pos ?? -1) + 1;

export const hasOlder = (window: PathWindow): boolean => startOf(window) > 0;
export const hasNewer = (window: PathWindow): boolean => endOf(window) < window.total;

export const readEnd = (reader: Reader, leaf: NodeId): Outcome<PathWindow> =>
	reader.path(leaf, { limit: FIRST_PAGE });

/** A page with a position in its middle, or as near to it as the path allows. */
export const readAround = (reader: Reader, leaf: NodeId, pos: number): Outcome<PathWindow> =>
	reader.path(leaf, { limit: FIRST_PAGE, before: Math.max(FIRST_PAGE, pos + FIRST_PAGE / 2) });

/** The page before the window, and nothing else. */
export const readOlder = (reader: Reader, leaf: NodeId, window: PathWindow): Outcome<PathWindow> =>
	reader.path(leaf, { limit: Math.min(PAGE, startOf(window)), before: startOf(window) });

/** The page after the window, and nothing else. */
export function readNewer(reader: Reader, leaf: NodeId, window: PathWindow): Outcome<PathWindow> {
	const end = Math.min(window.total, endOf(window) + PAGE);
	return reader.path(leaf, { limit: end - endOf(window), before: end });
}

/** Nothing new: rows that are the same need not be shown again. */
export const isSameWindow = (a: PathWindow, b: PathWindow): boolean =>
	a.total === b.total &&
	a.entries.length === b.entries.length &&
	a.entries.every((entry, i) => entry === b.entries[i]);

/**
 * The same stretch read again, of a path that has grown, shrunk or turned to another branch. Its first row
 * stays, so that nothing above the reader moves; a window that shows the end goes on to the new end.
 * @param have entries of it that are as good as new
 */
export async function readAgain(
	reader: Reader,
	leaf: NodeId,
	window: PathWindow,
	have: readonly PathEntry[] = window.entries
): Outcome<PathWindow> {
	if (window.entries.length === 0) return readEnd(reader, leaf);
	const from = startOf(window);
	const isEnd = !hasNewer(window);
	const end = endOf(window);
	const read = await reader.path(leaf, {
		from,
		have,
		...(isEnd ? { limit: MOST } : { limit: end - from, before: end })
	});
	if (!read.ok) return read;
	const { total } = read.value;
	// Nothing of it is left, or the end has moved out of reach (a longer branch, an import): the end is what was on screen.
	return total <= from || (isEnd && total > from + MOST) ? readEnd(reader, leaf) : read;
}

/** What is left when the window has become too long; null when it has not. */
export function trimmed({ entries, total }: PathWindow, from: 'start' | 'end'): PathWindow | null {
	if (entries.length <= MOST) return null;
	return { entries: from === 'start' ? entries.slice(-MOST) : entries.slice(0, MOST), total };
}
