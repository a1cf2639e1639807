/** What pages said they wrote, compared with what a database holds. */
import type { Told } from './pages/writer.ts';

export interface Ledger {
	/** What a page tells, as it tells it. */
	readonly tell: (json: string) => void;
	/** The last word on each mark with this beginning. Ask before reading: what comes later may not be there yet. */
	told(prefix: string): readonly Told[];
	/** Writes acknowledged so far. */
	acknowledged(prefix: string): number;
}

export function createLedger(): Ledger {
	const states = new Map<string, Told>();
	const told = (prefix: string): readonly Told[] =>
		[...states.values()].filter(({ mark }) => mark.startsWith(prefix));
	return {
		tell(json) {
			const { at, mark, reason } = JSON.parse(json) as Told;
			states.set(mark, { at, mark, ...(reason === undefined ? {} : { reason }) });
		},
		told,
		acknowledged: (prefix) => told(prefix).filter(({ at }) => at === 'done').length
	};
}

/** Faults: an acknowledged write that is missing, any that is there in part or twice, one that was refused. */
export function compare(told: readonly Told[], marks: Readonly<Record<string, number>>): readonly string[] {
	return told.flatMap(({ at, mark, reason }) => {
		const times = marks[mark] ?? 0;
		if (at === 'refused') return [`${mark} was refused (${reason ?? ''})`];
		if (at === 'done' && times === 0) return [`${mark} was acknowledged and is missing`];
		return times === 0 || times === 1 ? [] : [`${mark} is there ${times} times`];
	});
}
