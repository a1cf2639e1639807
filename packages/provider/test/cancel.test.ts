import { afterAll, beforeEach, expect, test } from 'bun:test';
import type { RunState } from '../src/run-protocol.ts';
import { createHarness, textOf } from './harness.ts';

const harness = await createHarness();
afterAll(() => harness.server.close());
beforeEach(() => harness.server.reset());

const settled = async (check: () => boolean): Promise<boolean> => {
	for (let i = 0; i < 100 && !check(); i++) await Bun.sleep(10);
	return check();
};

const cases: readonly (readonly [RunState, string])[] = [
	['queued', 'scenario:slow'],
	['connecting', 'scenario:slow'],
	['retry_wait', 'scenario:status?code=503&after=60'],
	['waiting', 'scenario:hang'],
	['streaming', 'scenario:slow'],
	['finishing', 'scenario:heartbeats-after-finish']
];
for (const [state, model] of cases) {
	test(`cancelling while ${state} ends the run at once and the connection with it`, async () => {
		let cancelledAt = 0;
		const told = await harness.run(model, (message, post) => {
			if (message.type !== 'state' || message.state !== state || cancelledAt > 0) return;
			cancelledAt = Date.now();
			post({ type: 'cancel', runId: message.runId });
		});
		expect(told.outcome.state).toBe('cancelled');
		expect(told.states.at(-1)).toBe('cancelled');
		const count = harness.messages.length;
		expect(await settled(() => harness.server.openRequests() === 0)).toBe(true);
		await Bun.sleep(60);
		expect(harness.messages.length, 'nothing comes after the end').toBe(count);
		for (const entry of harness.server.ledger())
			expect(entry.finishedAt !== null || entry.abortedAt !== null).toBe(true);
	});
}

test('text that came before the stop is kept, and what is billed stops growing', async () => {
	const told = await harness.run('scenario:slow', (message, post) => {
		if (message.type === 'delta' && message.text.includes('after'))
			post({ type: 'cancel', runId: message.runId });
	});
	expect(told.outcome.content).toContain('One word after');
	expect(textOf(told, 'journal', 'content')).toBe(told.outcome.content);
	expect(await settled(() => harness.server.ledger()[0]?.abortedAt != null)).toBe(true);
	const billed = harness.server.ledger()[0]?.billedTokens ?? 0;
	await Bun.sleep(120);
	expect(harness.server.ledger()[0]?.billedTokens).toBe(billed);
	expect(billed).toBeLessThan(60);
});

test('runs beyond the limit of an origin wait their turn, and leave the queue when cancelled', async () => {
	const runs = Array.from({ length: 8 }, () => harness.run('scenario:plain'));
	const all = await Promise.all(runs);
	expect(all.every(({ outcome }) => outcome.state === 'done')).toBe(true);
	expect(harness.server.ledger()).toHaveLength(8);
});

test('an address where nobody listens is told without a second charge', async () => {
	const dead = await createHarness({ server: { ...harness.server, url: 'http://127.0.0.1:9/v1' } });
	const { outcome } = await dead.run('scenario:plain');
	expect(outcome.failure).toMatchObject({ code: 'network', maybeCharged: false });
});
