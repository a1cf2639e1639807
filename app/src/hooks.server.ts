import type { Handle } from '@sveltejs/kit/hooks';
import { refuseForeignHost } from '#lib/server/guard.ts';

export const handle: Handle = async ({ event, resolve }) => {
	const port = process.env['PORT'];
	// The start script sets it; the development server has a port of its own choice.
	const foreign =
		port === undefined ? null : refuseForeignHost(event.request.headers.get('host'), Number(port));
	const response = foreign ?? (await resolve(event));
	response.headers.set('x-content-type-options', 'nosniff');
	response.headers.set('referrer-policy', 'no-referrer');
	response.headers.set('x-dns-prefetch-control', 'off');
	response.headers.set('cross-origin-opener-policy', 'same-origin');
	return response;
};
