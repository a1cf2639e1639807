/** A browser: the database in its private file system, keys in IndexedDB, models by fetch. */
import { createFetchTransport } from '@stemma/provider/fetch-transport';
import { createKeyStore } from '@stemma/provider/key-store';
import { startRunWorker } from '@stemma/provider/start-run-worker';
import { openBrowserStore } from '@stemma/store/browser/open-browser-store';
import { exchangeToken } from '#lib/server-session.ts';
import { openServerHost } from './open-server-host.ts';
import type { Platform } from './platform.ts';

export const platform: Platform = {
	deviceName: 'This browser',
	places: {
		data: 'in a database in this browser',
		file: `This browser’s private file system, for ${location.origin}`,
		copies: 'in this browser',
		keys: 'Kept in this browser’s own storage, beside the database and never in it. Scripts and people with access to this browser profile could read it.',
		key: 'key kept in this browser, beside the database'
	},
	openStore: (_nowMs, events) => openBrowserStore(events),
	keys: createKeyStore(indexedDB),
	vault: null,
	transport: createFetchTransport((url, init) => fetch(url, init)),
	startRuns: startRunWorker,
	openHost: openServerHost,
	joinServer: exchangeToken,
	storage: navigator.storage
};
