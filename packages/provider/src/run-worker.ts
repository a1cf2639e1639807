/** Entry of the run worker: one per tab, bundled as one file. */
import { createFetchTransport } from './fetch-transport.ts';
import { createGate } from './gate.ts';
import { createKeyStore } from './key-store.ts';
import { createPracticeTransport } from './practice/practice-transport.ts';
import { createRunService } from './run-service.ts';
import type { ToRunWorker } from './run-protocol.ts';
import { createSlots } from './slots.ts';
import { systemTimers } from './timers.ts';

const gateChannel = new BroadcastChannel('stemma-gate');
const gate = createGate((key, until) => {
	gateChannel.postMessage({ key, until });
});
gateChannel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
	if (typeof data !== 'object' || data === null || !('key' in data) || !('until' in data)) return;
	if (typeof data.key === 'string' && typeof data.until === 'number') gate.hear(data.key, data.until);
});

const keys = createKeyStore(indexedDB);
const network = createFetchTransport((url, init) => fetch(url, init));
const practice = createPracticeTransport(systemTimers);

const receive = createRunService(
	{
		transportFor: (endpoint) => (endpoint.via === 'page' ? practice : network),
		keyFor: (endpointId) => keys.get(endpointId),
		timers: systemTimers,
		random: () => Math.random(),
		newId: () => crypto.randomUUID(),
		slots: createSlots(),
		gate
	},
	(message) => {
		self.postMessage(message);
	}
);
self.addEventListener('message', (event: MessageEvent<ToRunWorker>) => {
	receive(event.data);
});
