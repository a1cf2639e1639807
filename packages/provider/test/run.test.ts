import { expect, test } from 'bun:test';
import { createHarness } from './harness.ts';
import { createGate } from '../src/gate.ts';
import { createPracticeTransport } from '../src/practice/practice-transport.ts';
import { createRunService } from '../src/run-service.ts';
import type { FromRunWorker, ToRunWorker } from '../src/run-protocol.ts';
import { createSlots } from '../src/slots.ts';
import { systemTimers } from '../src/timers.ts';

const practice = {
	id: 'practice',
	label: 'Practice',
	profile: 'practice',
	baseUrl: '',
	via: 'page'
} as const;

function startService() {
	const messages: FromRunWorker[] = [];
	let onEnd: (() => void) | undefined;
	const ended = new Promise<void>((resolve) => (onEnd = resolve));
	const post = createRunService(
		{
			transportFor: () => createPracticeTransport(systemTimers),
			keyFor: () => Promise.resolve(null),
			timers: systemTimers,
			random: () => 0,
			newId: () => crypto.randomUUID(),
			slots: createSlots(),
			gate: createGate(() => undefined)
		},
		(message) => {
			messages.push(message);
			if (message.type === 'end') onEnd?.();
		}
	);
	return { messages, ended, post: (message: ToRunWorker) => post(message) };
}

test('the practice model answers through the whole run machine', async () => {
	const { messages, ended, post } = startService();
	post({
		type: 'start',
		runId: 'r1',
		endpoint: practice,
		request: { model: 'practice', messages: [{ role: 'user', content: 'hello' }] }
	});
	await ended;
	const states = messages.flatMap((message) => (message.type === 'state' ? [message.state] : []));
	expect(states).toEqual(['queued', 'connecting', 'waiting', 'streaming', 'finishing', 'done']);
	const end = messages.findLast((message) => message.type === 'end');
	const shown = messages.flatMap((message) =>
		message.type === 'delta' && message.channel === 'content' ? [message.text] : []
	);
	const written = messages.flatMap((message) =>
		message.type === 'journal' && message.channel === 'content' ? [message.text] : []
	);
	expect(end?.outcome.content).toContain('hello');
	expect(shown.join('')).toBe(end?.outcome.content ?? '');
	expect(written.join('')).toBe(end?.outcome.content ?? '');
	expect(end?.outcome.reasoningMs).toBeGreaterThanOrEqual(0);
});

test('stop keeps the text and nothing comes after it', async () => {
	const { messages, ended, post } = startService();
	post({
		type: 'start',
		runId: 'r1',
		endpoint: practice,
		request: { model: 'practice', messages: [{ role: 'user', content: 'a long one' }] }
	});
	while (!messages.some((message) => message.type === 'delta' && message.channel === 'content'))
		await Bun.sleep(20);
	post({ type: 'cancel', runId: 'r1' });
	await ended;
	const count = messages.length;
	await Bun.sleep(200);
	expect(messages.length).toBe(count);
	const end = messages.at(-1);
	expect(end?.type === 'end' && end.outcome.state).toBe('cancelled');
	expect(end?.type === 'end' && end.outcome.content.length > 0).toBe(true);
});

test('a server that asked for a pause holds up the next question, says why, and is asked at once when it answers', async () => {
	const harness = await createHarness();
	const decide =
		(choice: 'retry_now' | 'retry_never') => (message: FromRunWorker, post: (m: ToRunWorker) => void) => {
			if (message.type === 'state' && message.state === 'retry_wait')
				post({ type: choice, runId: message.runId });
		};
	const waits = (messages: readonly FromRunWorker[]) =>
		messages.flatMap((message) =>
			message.type === 'state' && message.state === 'retry_wait' ? [message.failure?.message] : []
		);
	// Two refusals in a row, so that the pause outlives the question it was for.
	const first = await harness.run('scenario:busy', decide('retry_never'));
	expect(first.outcome.state).toBe('failed');
	const second = await harness.run('scenario:busy', decide('retry_now'));
	expect(waits(second.messages)).toEqual(['The server asked for a pause after an earlier request.']);
	expect(second.outcome).toMatchObject({ state: 'done', content: 'Hello, world.' });
	const third = await harness.run('scenario:busy', decide('retry_now'));
	expect(waits(third.messages)).toEqual(['Too many at once']);
	await harness.server.close();
});
