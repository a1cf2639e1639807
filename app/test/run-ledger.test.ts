import { expect, test } from 'bun:test';
import type { AttemptRow, RunProgress, Workspace } from '@stemma/store/workspace/workspace';
import { RunLedger } from '../src/lib/state/run-ledger.ts';

/** What the ledger looks at. */
const attempt = (n: number, endedAt: number | null): AttemptRow => ({ n, endedAt }) as AttemptRow;

/** A database that answers when it is told to. */
function slowDatabase() {
	const written: RunProgress[] = [];
	let settle: ((result: Awaited<ReturnType<Workspace['recordRun']>>) => void) | null = null;
	return {
		written,
		recordRun: (_: string, progress: RunProgress): ReturnType<Workspace['recordRun']> => {
			written.push(progress);
			return new Promise((resolve) => {
				settle = resolve;
			});
		},
		async answer() {
			settle?.({ ok: true, value: undefined });
			await Bun.sleep(0);
		},
		async refuse() {
			settle?.({ ok: false, error: { code: 'full', message: 'The disk is full.' } });
			await Bun.sleep(0);
		}
	};
}

const chunk = (seq: number) => ({ seq, channel: 'content', text: `${seq}` });

test('what happens shortly after each other goes together, and text takes along what waits', async () => {
	const database = slowDatabase();
	const ledger = new RunLedger(database, 'run');
	ledger.note({ state: 'connecting', startedAt: 5 });
	ledger.note({ attempts: [attempt(1, null)] });
	ledger.note({ state: 'waiting' });
	expect(database.written).toEqual([]);
	ledger.note({ state: 'streaming', attempts: [attempt(1, 7), attempt(2, null)] });
	ledger.note({ chunks: [chunk(1)] });
	expect(database.written).toEqual([
		{
			state: 'streaming',
			startedAt: 5,
			attempts: [attempt(1, 7), attempt(2, null)],
			chunks: [chunk(1)]
		}
	]);
	// One transaction at a time.
	ledger.note({ chunks: [chunk(2)] });
	ledger.note({ chunks: [chunk(3)] });
	expect(database.written).toHaveLength(1);
	await database.answer();
	expect(database.written.slice(1)).toEqual([{ attempts: [], chunks: [chunk(2), chunk(3)] }]);
});

test('what no text takes along is written after a while', async () => {
	const database = slowDatabase();
	const ledger = new RunLedger(database, 'run');
	ledger.note({ state: 'retry_wait', notBefore: 9 });
	while (database.written.length === 0) await Bun.sleep(10);
	expect(database.written).toEqual([{ state: 'retry_wait', notBefore: 9 }]);
	await database.answer();
	ledger.note({ state: 'connecting' });
	while (database.written.length === 1) await Bun.sleep(10);
	expect(database.written).toHaveLength(2);
});

test('a closed one writes nothing any more and hands out the attempts that were not written', async () => {
	const database = slowDatabase();
	const ledger = new RunLedger(database, 'run');
	ledger.note({ attempts: [attempt(1, 7)], chunks: [chunk(1)] });
	ledger.note({ state: 'finishing', attempts: [attempt(2, null)] });
	ledger.note({ attempts: [attempt(2, 9)] });
	expect(ledger.close()).toEqual([attempt(2, 9)]);
	await database.answer();
	await Bun.sleep(100);
	expect(database.written).toHaveLength(1);
	// Once more the last: its write may have been refused.
	expect(ledger.close()).toEqual([attempt(2, 9)]);
});

test('what was refused goes again with what comes next: no text is missing in the middle', async () => {
	const database = slowDatabase();
	const ledger = new RunLedger(database, 'run');
	ledger.note({ chunks: [chunk(1)], attempts: [attempt(1, null)] });
	ledger.note({ chunks: [chunk(2)] });
	await database.refuse();
	expect(database.written).toHaveLength(1);
	ledger.note({ chunks: [chunk(3)] });
	expect(database.written.slice(1)).toEqual([
		{ attempts: [attempt(1, null)], chunks: [chunk(1), chunk(2), chunk(3)] }
	]);
});

test('what is refused after the end is not written any more', async () => {
	const database = slowDatabase();
	const ledger = new RunLedger(database, 'run');
	ledger.note({ chunks: [chunk(1)], attempts: [attempt(1, null)] });
	ledger.note({ state: 'finishing' });
	ledger.close();
	await database.refuse();
	await Bun.sleep(100);
	expect(database.written).toHaveLength(1);
});
