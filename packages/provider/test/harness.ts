/** A run against the test server, with waits that a test decides about instead of sleeping. */
import { startTestServer, type TestServer } from '@stemma/testkit/server/test-server';
import { createFetchTransport } from '../src/fetch-transport.ts';
import { createGate } from '../src/gate.ts';
import { createRunService } from '../src/run-service.ts';
import type {
	AttemptRecord,
	Endpoint,
	FromRunWorker,
	RunOutcome,
	RunState,
	ToRunWorker
} from '../src/run-protocol.ts';
import { createSlots } from '../src/slots.ts';
import { systemTimers, type Timers } from '../src/timers.ts';
import type { Transport } from '../src/transport.ts';

/** Runs a hundred times faster than the wall: a pause of a second is over in ten milliseconds. */
export const fastTimers = (speed: number): Timers => {
	const start = Date.now();
	return {
		now: () => start + (Date.now() - start) * speed,
		after: (ms, callback) => systemTimers.after(ms / speed, callback)
	};
};

export interface Told {
	readonly outcome: RunOutcome;
	readonly states: readonly RunState[];
	readonly attempts: readonly AttemptRecord[];
	readonly messages: readonly FromRunWorker[];
}

export interface Harness {
	readonly server: TestServer;
	readonly endpoint: Endpoint;
	readonly post: (message: ToRunWorker) => void;
	readonly messages: readonly FromRunWorker[];
	run(
		model: string,
		until?: (message: FromRunWorker, post: (message: ToRunWorker) => void) => void
	): Promise<Told>;
}

let runs = 0;

export async function createHarness(
	options: {
		readonly timers?: Timers;
		readonly transport?: Transport;
		readonly server?: TestServer;
		readonly profile?: Endpoint['profile'];
	} = {}
): Promise<Harness> {
	const server = options.server ?? (await startTestServer());
	const endpoint: Endpoint = {
		id: 'test',
		label: 'Test',
		profile: options.profile ?? 'openai',
		baseUrl: server.url,
		via: 'direct'
	};
	const messages: FromRunWorker[] = [];
	const listeners = new Set<(message: FromRunWorker) => void>();
	const post = createRunService(
		{
			transportFor: () => options.transport ?? createFetchTransport((url, init) => fetch(url, init)),
			keyFor: () => Promise.resolve('sk-test-key'),
			timers: options.timers ?? systemTimers,
			random: () => 0.5,
			newId: () => crypto.randomUUID(),
			slots: createSlots(),
			gate: createGate(() => undefined)
		},
		(message) => {
			messages.push(message);
			for (const listener of listeners) listener(message);
		}
	);
	return {
		server,
		endpoint,
		post,
		messages,
		run(model, until) {
			const runId = `run-${++runs}`;
			return new Promise((resolve) => {
				const mine: FromRunWorker[] = [];
				const listener = (message: FromRunWorker): void => {
					if (message.runId !== runId) return;
					mine.push(message);
					until?.(message, post);
					if (message.type !== 'end') return;
					listeners.delete(listener);
					const last = new Map<string, AttemptRecord>();
					for (const told of mine) if (told.type === 'attempt') last.set(told.attempt.id, told.attempt);
					resolve({
						outcome: message.outcome,
						states: mine.flatMap((told) => (told.type === 'state' ? [told.state] : [])),
						attempts: [...last.values()],
						messages: mine
					});
				};
				listeners.add(listener);
				post({
					type: 'start',
					runId,
					endpoint,
					request: { model, messages: [{ role: 'user', content: 'Hi' }] }
				});
			});
		}
	};
}

export const textOf = (told: Told, type: 'delta' | 'journal', channel: string): string =>
	told.messages
		.flatMap((message) => (message.type === type && message.channel === channel ? [message.text] : []))
		.join('');
