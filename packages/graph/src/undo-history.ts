/**
 * What the next undo or redo of a device takes back, read off the end of its log: nothing else is remembered,
 * so all tabs of a device agree, and a reload forgets nothing.
 */
import type { OpId } from './op.ts';

/** The first operation of a transaction, as far as undo is concerned. */
export interface HistoryEntry {
	readonly id: OpId;
	/** Set on an undo or redo. */
	readonly undoes: OpId | null;
	/** What the undone operation undoes itself: set on a redo. */
	readonly redoes: OpId | null;
	/** It has no inverse, or nothing is left for it to act on. */
	readonly isFinal: boolean;
}

export type Turn = 'do' | 'undo' | 'redo';

export const turnOf = ({ undoes, redoes }: Pick<HistoryEntry, 'undoes' | 'redoes'>): Turn =>
	undoes === null ? 'do' : redoes === null ? 'undo' : 'redo';

/** What was done in the first place, however often it was undone and redone since. */
export const rootOf = ({ id, undoes, redoes }: Pick<HistoryEntry, 'id' | 'undoes' | 'redoes'>): OpId =>
	redoes ?? undoes ?? id;

/**
 * @param newestFirst the device's entries
 * @returns the entry to take back, null when these entries hold none
 */
export function nextToTakeBack(newestFirst: Iterable<HistoryEntry>, direction: 'undo' | 'redo'): OpId | null {
	/** Its newest entry decides whether something is done or undone. */
	const decided = new Set<OpId>();
	for (const entry of newestFirst) {
		const turn = turnOf(entry);
		// What is new ends what could be redone.
		if (direction === 'redo' && turn === 'do') return null;
		const root = rootOf(entry);
		if (decided.has(root)) continue;
		decided.add(root);
		if ((turn === 'undo') === (direction === 'redo') && !entry.isFinal) return entry.id;
	}
	return null;
}
