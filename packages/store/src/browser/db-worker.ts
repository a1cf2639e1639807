/** Entry of the database worker: one per tab, bundled as one file. */
import { migrations } from '../migrations/migrations.ts';
import type { ToWorker } from './protocol.ts';
import { createTabPeer } from './tab-peer.ts';

const receive = createTabPeer(
	{ name: crypto.randomUUID(), migrations, nowMs: () => Date.now() },
	(message, transfer) => {
		self.postMessage(message, { transfer });
	}
);
self.addEventListener('message', (event: MessageEvent<ToWorker>) => {
	receive(event.data);
});
