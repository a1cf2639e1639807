import { afterAll, beforeEach, expect, test } from 'bun:test';
import { createHarness, fastTimers } from './harness.ts';

const harness = await createHarness({ timers: fastTimers(100) });
// Waits that are measured need a clock in which a pause of the machine does not count for seconds.
const measured = await createHarness({ timers: fastTimers(10), server: harness.server });
const local = await createHarness({ timers: fastTimers(100), server: harness.server, profile: 'llama_cpp' });
afterAll(() => harness.server.close());
beforeEach(() => harness.server.reset());

/** Automatic retries at most, by status. */
const table: Readonly<Record<number, number>> = {
	400: 0,
	401: 0,
	402: 0,
	403: 0,
	404: 0,
	405: 0,
	408: 1,
	409: 0,
	413: 0,
	422: 0,
	429: 3,
	500: 1,
	502: 2,
	503: 3,
	504: 1,
	524: 1,
	529: 3
};

const matrix = Object.entries(table).flatMap(([code, retries]) =>
	[1, 7, 64].map((slice) => [code, retries, slice] as const)
);
for (const [code, retries, slice] of matrix) {
	test(`${code} in pieces of ${slice} is tried ${retries} more times, then told`, async () => {
		const { outcome, states } = await harness.run(`scenario:status?code=${code}&slice=${slice}`);
		expect(outcome.state).toBe('failed');
		expect(outcome.failure?.status).toBe(Number(code));
		expect(outcome.failure?.message).toContain('Refused');
		expect(harness.server.ledger()).toHaveLength(retries + 1);
		expect(states.filter((state) => state === 'retry_wait')).toHaveLength(retries);
	});
	if (retries > 0) {
		test(`${code} in pieces of ${slice} once and then an answer is an answer`, async () => {
			const { outcome, attempts } = await harness.run(`scenario:flap?code=${code}&slice=${slice}`);
			expect(outcome).toMatchObject({ state: 'done', content: 'Hello, world.', failure: null });
			expect(attempts.map((attempt) => attempt.n)).toEqual([1, 2]);
			expect(harness.server.ledger()).toHaveLength(2);
		});
	}
}

test('the server’s own wait is kept, from header or body', async () => {
	const waits: number[] = [];
	const waited = async (model: string): Promise<number> => {
		await measured.run(model, (message) => {
			if (message.type === 'state' && message.state === 'retry_wait')
				waits.push((message.notBefore ?? 0) - message.at);
		});
		return waits.at(-1) ?? 0;
	};
	expect(await waited('scenario:flap?code=503&after=3')).toBeGreaterThan(2500);
	expect(await waited('scenario:limited-in-body')).toBeGreaterThan(1500);
});

test('what fails before the first word is tried again once; after it never', async () => {
	for (const slice of [1, 7, 64]) {
		for (const model of ['scenario:empty-once', 'scenario:error-first-once']) {
			harness.server.reset();
			expect((await harness.run(`${model}?slice=${slice}`)).outcome.content).toBe('Hello, world.');
			expect(harness.server.ledger()).toHaveLength(2);
		}
	}
	for (const model of ['scenario:truncated', 'scenario:reset-mid-event', 'scenario:error-mid']) {
		harness.server.reset();
		const { outcome } = await harness.run(model);
		expect(outcome.state).toBe('failed');
		expect(outcome.failure?.maybeCharged).toBe(true);
		expect(harness.server.ledger(), model).toHaveLength(1);
	}
	for (const [model, requests] of Object.entries({ 'reset-after-headers': 2, hang: 1 })) {
		harness.server.reset();
		const { outcome } = await harness.run(`scenario:${model}`);
		expect(outcome.state, model).toBe('failed');
		expect(harness.server.ledger(), model).toHaveLength(requests);
	}
});

test('a budget in flight is waited for, another payment failure is not', async () => {
	expect((await harness.run('scenario:in-flight-budget')).outcome.state).toBe('done');
	harness.server.reset();
	expect((await harness.run('scenario:status?code=402')).outcome.failure?.code).toBe('payment');
	expect(harness.server.ledger()).toHaveLength(1);
});

test('a local server that is loading its model is asked until it has', async () => {
	const { outcome } = await local.run('scenario:loading-model?times=6');
	expect(outcome.content).toBe('Hello, world.');
	expect(harness.server.ledger()).toHaveLength(7);
});

test('a daily limit is not hammered', async () => {
	const { outcome } = await harness.run(
		'scenario:status?code=429&message=Rate+limit+exceeded:+free-models-per-day'
	);
	expect(outcome.failure?.code).toBe('rate_limit');
	expect(harness.server.ledger()).toHaveLength(1);
});

test('"now" and "never" end a wait', async () => {
	const now = await harness.run('scenario:flap?code=503&after=3600', (message, post) => {
		if (message.type === 'state' && message.state === 'retry_wait')
			post({ type: 'retry_now', runId: message.runId });
	});
	expect(now.outcome.state).toBe('done');
	const never = await harness.run('scenario:status?code=503&after=3600', (message, post) => {
		if (message.type === 'state' && message.state === 'retry_wait')
			post({ type: 'retry_never', runId: message.runId });
	});
	expect(never.outcome.failure?.code).toBe('unavailable');
});

test('one 429 holds back every run of that model', async () => {
	const order: string[] = [];
	await Promise.all([
		harness.run('scenario:flap?code=429&after=5&a', (message) => {
			if (message.type === 'state') order.push(`a:${message.state}`);
		}),
		harness.run('scenario:flap?code=429&after=5&a', (message) => {
			if (message.type === 'state') order.push(`b:${message.state}`);
		})
	]);
	expect(order.filter((entry) => entry.endsWith('retry_wait')).length).toBeGreaterThanOrEqual(1);
	expect(order.filter((entry) => entry.endsWith('done'))).toHaveLength(2);
});
