import { err, ok } from '@stemma/graph/result';
import type { Transport } from './transport.ts';

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export const createFetchTransport =
	(fetch: Fetch): Transport =>
	async (request, signal) => {
		try {
			const response = await fetch(request.url, {
				method: request.method,
				headers: request.headers,
				body: request.body,
				signal,
				// A redirect could carry the key to another origin.
				redirect: 'error',
				referrerPolicy: 'no-referrer',
				cache: 'no-store'
			});
			return ok({
				status: response.status,
				header: (name) => response.headers.get(name),
				body: response.body
			});
		} catch (thrown) {
			if (signal.aborted) return err({ code: 'aborted', message: 'Cancelled.' });
			return err({ code: 'unreachable', message: thrown instanceof Error ? thrown.message : String(thrown) });
		}
	};
