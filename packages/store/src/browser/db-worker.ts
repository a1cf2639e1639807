/** Entry of the database worker: one per tab, bundled as one file. */
import { migrations } from '../migrations/migrations.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { createTabPeer } from './tab-peer.ts';

const name = crypto.randomUUID();
// A worker that is killed says nothing; its lock does: the page waits for it.
const lock = `stemma-worker/${name}`;
void navigator.locks.request(lock, () => {
	self.postMessage({ t: 'alive', lock } satisfies FromWorker);
	return new Promise<void>(() => undefined);
});

const receive = createTabPeer({ name, migrations, nowMs: () => Date.now() }, (message, transfer) => {
	self.postMessage(message, { transfer });
});
self.addEventListener('message', (event: MessageEvent<ToWorker>) => {
	receive(event.data);
});
