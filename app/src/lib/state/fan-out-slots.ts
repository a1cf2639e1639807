/** The answers to one question as columns: a run that asks again for what failed takes the place of the failure. */
import type { RunRow } from '@stemma/store/workspace/workspace';

export interface Slot {
	/** The run that opened it: stays the same however often it is tried again. */
	readonly key: string;
	readonly run: RunRow;
}

/** An answer that takes no branch along and replaces none is one of several: who asked chooses which goes on. */
export const isOneOfSeveral = ({ ref, links }: RunRow): boolean => ref === null && links.length === 0;

const hasFailed = ({ node, endedAt }: RunRow): boolean => node === null && endedAt !== null;

/** @param runs all runs that answer the question, in any order */
export function fanOutSlots(runs: readonly RunRow[]): readonly Slot[] {
	const slots: Slot[] = [];
	for (const run of runs.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))) {
		const failed = slots.findIndex(
			({ run: before }) =>
				hasFailed(before) &&
				before.endpoint === run.endpoint &&
				before.model === run.model &&
				(before.endedAt ?? Infinity) <= run.createdAt
		);
		const slot = slots[failed];
		if (slot) slots[failed] = { ...slot, run };
		else slots.push({ key: run.id, run });
	}
	return slots;
}
