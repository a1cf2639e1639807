/** The runs of one tab, wherever in it they are carried out. Tabs tell each other when a server wants to be left alone. */
import { createGate } from './gate.ts';
import { createPracticeTransport } from './practice/practice-transport.ts';
import { createRunService } from './run-service.ts';
import type { FromRunWorker, ToRunWorker } from './run-protocol.ts';
import { createSlots } from './slots.ts';
import { systemTimers } from './timers.ts';
import type { Transport } from './transport.ts';

export interface TabRunsDeps {
	readonly network: Transport;
	readonly keyFor: (endpointId: string) => Promise<string | null>;
	readonly post: (message: FromRunWorker) => void;
}

export function createTabRuns({ network, keyFor, post }: TabRunsDeps): (message: ToRunWorker) => void {
	const gateChannel = new BroadcastChannel('stemma-gate');
	const gate = createGate((key, until) => {
		gateChannel.postMessage({ key, until });
	});
	gateChannel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
		if (typeof data !== 'object' || data === null || !('key' in data) || !('until' in data)) return;
		if (typeof data.key === 'string' && typeof data.until === 'number') gate.hear(data.key, data.until);
	});
	const practice = createPracticeTransport(systemTimers);
	return createRunService(
		{
			transportFor: (endpoint) => (endpoint.via === 'page' ? practice : network),
			keyFor,
			timers: systemTimers,
			random: () => Math.random(),
			newId: () => crypto.randomUUID(),
			slots: createSlots(),
			gate
		},
		post
	);
}
