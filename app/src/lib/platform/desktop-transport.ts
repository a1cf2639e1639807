/** Requests to models by way of the process: no origin of theirs is in the page’s policy, and no key in the page. */
import { err, ok, type Result } from '@stemma/graph/result';
import type { HostError } from '@stemma/host/generated/commands';
import type { TauriHost } from '@stemma/host/tauri/tauri-host';
import type { Transport, TransportError, TransportResponse } from '@stemma/provider/transport';
import * as z from 'zod/mini';

const head = z.object({ status: z.number(), headers: z.record(z.string(), z.string()) });

const toTransportError = ({ code, message }: HostError): TransportError => ({
	code: code === 'cancelled' ? 'aborted' : 'unreachable',
	message
});

export const createDesktopTransport =
	(host: TauriHost): Transport =>
	(request, signal) =>
		new Promise<Result<TransportResponse, TransportError>>((resolve) => {
			const stop = new AbortController();
			let consumed: (() => void) | null = null;
			let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
			let isWanted = true;
			const body = new ReadableStream<Uint8Array>(
				{
					start: (started) => {
						controller = started;
					},
					pull: () => consumed?.(),
					cancel: () => {
						isWanted = false;
						consumed?.();
						stop.abort();
					}
				},
				{ highWaterMark: 1 }
			);
			const room = (): void | Promise<void> => {
				if (!isWanted || (controller?.desiredSize ?? 1) > 0) return;
				return new Promise<void>((go) => {
					consumed = go;
				});
			};
			const abort = (): void => {
				isWanted = false;
				controller?.error(new Error('Cancelled.'));
				consumed?.();
			};
			signal.addEventListener('abort', abort, { once: true });
			const { method, url, headers, body: sent } = request;
			void host
				.frames(
					'http.send',
					{ method, url, headers, body: sent },
					(piece) => {
						if (piece instanceof Uint8Array) {
							if (isWanted) controller?.enqueue(piece);
							return room();
						}
						const { status, headers: answered } = head.parse(piece.json);
						resolve(ok({ status, header: (name) => answered[name.toLowerCase()] ?? null, body }));
					},
					AbortSignal.any([signal, stop.signal])
				)
				.then((ended) => {
					signal.removeEventListener('abort', abort);
					if (ended.ok) {
						if (isWanted) controller?.close();
						return;
					}
					const error = toTransportError(ended.error);
					resolve(err(error));
					// What reads the body learns that it broke off; nobody reads it when the request itself failed.
					controller?.error(new Error(error.message));
				});
		});
