/** Entry of the run worker: one per tab, bundled as one file. */
import { createTabRuns } from './create-tab-runs.ts';
import { createFetchTransport } from './fetch-transport.ts';
import { createKeyStore } from './key-store.ts';
import type { ToRunWorker } from './run-protocol.ts';

const keys = createKeyStore(indexedDB);
const receive = createTabRuns({
	network: createFetchTransport((url, init) => fetch(url, init)),
	keyFor: (endpointId) => keys.get(endpointId),
	post: (message) => {
		self.postMessage(message);
	}
});
self.addEventListener('message', (event: MessageEvent<ToRunWorker>) => {
	receive(event.data);
});
