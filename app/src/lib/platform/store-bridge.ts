/** The native engine’s way to the process: commands of the host. */
import type { Result } from '@stemma/graph/result';
import type { HostError } from '@stemma/host/generated/commands';
import type { TauriHost } from '@stemma/host/tauri/tauri-host';
import type { NativeBridge } from '@stemma/store/native/bridge';
import type { Change } from '@stemma/store/port';

function bytesOf(result: Result<Uint8Array, HostError>): Uint8Array {
	if (!result.ok) throw new Error(result.error.message);
	return result.value;
}

export function createStoreBridge(host: TauriHost): NativeBridge {
	return {
		// The requests of the engine are those of the table; it does not know the host, so its types do not say so.
		async ask(command, request) {
			return bytesOf(await host.bytes(`store.${command}`, request));
		},
		stream(request, { take, lost }) {
			const controller = new AbortController();
			let taken: (() => void) | null = null;
			const consumed = (piece: unknown): void | Promise<void> => {
				if (!(piece instanceof Uint8Array)) return;
				// Acknowledged once the engine says so: that is what slows a stream down.
				const done = new Promise<void>((resolve) => {
					taken = resolve;
				});
				take(piece);
				return done;
			};
			void host.frames('store.stream', request as never, consumed, controller.signal).then((result) => {
				if (!result.ok) lost(new Error(result.error.message));
			});
			return {
				more: () => {
					taken?.();
				},
				cancel: () => {
					controller.abort();
					taken?.();
				}
			};
		},
		onChange: (listener) =>
			host.onStoreChange((change) => {
				// From our own process, by the type it has in the table.
				listener(change as Change);
			})
	};
}
