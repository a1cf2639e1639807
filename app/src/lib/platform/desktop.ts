/** The desktop program: database, keys and traffic with models are in the process beside the page. */
import { createTauriHost } from '@stemma/host/tauri/tauri-host';
import { createTabRuns } from '@stemma/provider/create-tab-runs';
import { openNativeStore } from '@stemma/store/native/open-native-store';
import { createDesktopKeys, createDesktopVault } from './desktop-keys.ts';
import { createDesktopTransport } from './desktop-transport.ts';
import { createStoreBridge } from './store-bridge.ts';
import type { Platform } from './platform.ts';

const host = createTauriHost(crypto.randomUUID());
const keys = createDesktopKeys(host);
const transport = createDesktopTransport(host);

export const platform: Platform = {
	deviceName: 'This computer',
	places: {
		data: 'in a database file on this computer',
		file: 'The file stemma.sqlite in this program’s data folder',
		copies: 'in this program’s data folder',
		keys: 'Kept by the program, in the keychain of this computer where it has one. It is sent to this server only, and the page cannot read it again.',
		key: 'key kept by the program, for this address only'
	},
	openStore: (nowMs) => openNativeStore({ bridge: createStoreBridge(host), nowMs }),
	keys,
	vault: createDesktopVault(host),
	transport,
	// Here and not in a worker: workers have no way to the process. Messages are copies all the same.
	startRuns(onMessage) {
		const receive = createTabRuns({
			network: transport,
			keyFor: (endpointId) => keys.get(endpointId),
			post: (message) => {
				const copy = structuredClone(message);
				queueMicrotask(() => {
					onMessage(copy);
				});
			}
		});
		return {
			post: (message) => {
				const copy = structuredClone(message);
				queueMicrotask(() => {
					receive(copy);
				});
			}
		};
	},
	// The program knows its windows by itself.
	openHost: () => host,
	joinServer: () => Promise.resolve(),
	storage: null
};
