/** Keys stay in the process: a page stores and forgets them, and hands on what stands for one. */
import type { Result } from '@stemma/graph/result';
import type { HostError } from '@stemma/host/generated/commands';
import type { TauriHost } from '@stemma/host/tauri/tauri-host';
import type { KeyStore } from '@stemma/provider/key-store';
import type { KeyVault } from './platform.ts';

function must<T>(result: Result<T, HostError>): T {
	if (!result.ok) throw new Error(result.error.message);
	return result.value;
}

export function createDesktopKeys(host: TauriHost): KeyStore {
	const ids = async (): Promise<readonly string[]> =>
		must(await host.call('secrets.status', {})).keys.map(({ endpoint }) => endpoint);
	return {
		// The process puts the key in its place, if it goes where it belongs.
		get: async (endpointId) => ((await ids()).includes(endpointId) ? `stemma-key:${endpointId}` : null),
		async set(endpointId, key, address) {
			must(await host.call('secrets.set', { endpoint: endpointId, url: address, key }));
		},
		async delete(endpointId) {
			must(await host.call('secrets.delete', { endpoint: endpointId }));
		},
		ids
	};
}

export const createDesktopVault = (host: TauriHost): KeyVault => ({
	async locked() {
		const status = await host.call('secrets.status', {});
		return status.ok && status.value.place === 'locked' ? { hasFile: status.value.hasFile } : null;
	},
	async unlock(passphrase) {
		const unlocked = await host.call('secrets.unlock', { passphrase });
		return unlocked.ok ? null : unlocked.error.message;
	}
});
