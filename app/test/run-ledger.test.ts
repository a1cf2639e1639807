import { expect, test } from 'bun:test';
import type { AttemptRow, RunProgress } from '@stemma/store/workspace/workspace';
import { RunLedger } from '../src/lib/state/run-ledger.ts';

const attempt = (n: number, endedAt: number | null): AttemptRow => ({
	n,
	provider: null,
	servedModel: null,
	upstreamId: null,
	httpStatus: null,
	error: null,
	sentAt: 0,
	firstTokenAt: null,
	endedAt,
	finish: null,
	nativeFinish: null,
	tokensIn: null,
	tokensCached: null,
	tokensOut: null,
	tokensReasoning: null,
	costNano: null,
	flags: []
});

/** A database that answers when it is told to. */
function slowDatabase() {
	const written: RunProgress[] = [];
	let answer: (() => void) | null = null;
	return {
		written,
		recordRun: (_: string, progress: RunProgress) => {
			written.push(progress);
			return new Promise<{ ok: true; value: void }>((resolve) => {
				answer = () => {
					resolve({ ok: true, value: undefined });
				};
			});
		},
		async answer() {
			answer?.();
			await Bun.sleep(0);
		}
	};
}

test('what happens while one thing is written goes together into the next transaction', async () => {
	const database = slowDatabase();
	const ledger = new RunLedger(database, 'run');
	ledger.note({ state: 'connecting', startedAt: 5 });
	ledger.note({ attempts: [attempt(1, null)] });
	ledger.note({ state: 'waiting' });
	ledger.note({ chunks: [{ seq: 1, channel: 'content', text: 'a' }] });
	ledger.note({ state: 'streaming', attempts: [attempt(1, 7), attempt(2, null)] });
	ledger.note({ chunks: [{ seq: 2, channel: 'content', text: 'b' }] });
	expect(database.written).toEqual([{ state: 'connecting', startedAt: 5 }]);
	await database.answer();
	expect(database.written[1]).toEqual({
		state: 'streaming',
		attempts: [attempt(1, 7), attempt(2, null)],
		chunks: [
			{ seq: 1, channel: 'content', text: 'a' },
			{ seq: 2, channel: 'content', text: 'b' }
		]
	});
	await database.answer();
	expect(database.written).toHaveLength(2);
	ledger.note({ state: 'finishing' });
	expect(database.written).toHaveLength(3);
});

test('a closed one writes nothing any more and hands out the attempts that were not written', async () => {
	const database = slowDatabase();
	const ledger = new RunLedger(database, 'run');
	ledger.note({ attempts: [attempt(1, 7)] });
	ledger.note({ state: 'finishing', attempts: [attempt(2, null)] });
	ledger.note({ attempts: [attempt(2, 9)] });
	expect(ledger.close()).toEqual([attempt(2, 9)]);
	await database.answer();
	expect(database.written).toHaveLength(1);
	// Once more the last: its write may have been refused.
	expect(ledger.close()).toEqual([attempt(2, 9)]);
});
