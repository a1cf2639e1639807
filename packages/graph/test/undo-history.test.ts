import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { nextToTakeBack, rootOf, turnOf, type HistoryEntry } from '../src/undo-history.ts';

const steps = fc.array(fc.constantFrom('do', 'do', 'destroy', 'undo', 'undo', 'redo'), { maxLength: 60 });

test('[G72] undo and redo walk as two stacks would', () => {
	fc.assert(
		fc.property(steps, (actions) => {
			const log: HistoryEntry[] = [];
			/** The naive way: what can be undone, what can be redone, by the names of what was done. */
			const done: string[] = [];
			const undone: string[] = [];
			for (const action of actions) {
				const id = `op ${log.length}`;
				if (action === 'do' || action === 'destroy') {
					log.push({ id, undoes: null, redoes: null, isFinal: action === 'destroy' });
					if (action === 'do') done.push(id);
					undone.length = 0;
					continue;
				}
				const next = nextToTakeBack(log.toReversed(), action);
				const [from, to] = action === 'undo' ? [done, undone] : [undone, done];
				const expected = from.pop() ?? null;
				const target = log.find((entry) => entry.id === next);
				expect(target ? rootOf(target) : null).toBe(expected);
				if (!target || expected === null) continue;
				to.push(expected);
				log.push({
					id,
					undoes: action === 'undo' ? rootOf(target) : target.id,
					redoes: action === 'undo' ? null : target.undoes,
					isFinal: false
				});
				expect(turnOf(log.at(-1) ?? target)).toBe(action);
			}
		}),
		{ numRuns: 500 }
	);
});

test('[G72] what was undone out of order is not undone twice', () => {
	const entry = (id: string, undoes: string | null = null): HistoryEntry => ({
		id,
		undoes,
		redoes: null,
		isFinal: false
	});
	const newestFirst = [entry('u1', 'a'), entry('c'), entry('b'), entry('a')];
	expect(nextToTakeBack(newestFirst, 'undo')).toBe('c');
	expect(nextToTakeBack(newestFirst, 'redo')).toBe('u1');
	expect(nextToTakeBack([entry('u2', 'b'), entry('u3', 'c'), ...newestFirst], 'undo')).toBeNull();
});
