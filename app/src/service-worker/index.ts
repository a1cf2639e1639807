/**
 * Keeps the program itself, so that it opens without a network or server. Data and answers never pass
 * through here: only files of this build, and the page they start from.
 */
import { assets, immutable } from '$app/manifest';
import { self } from '$app/service-worker';
import { version } from '$app/env';

const CACHE = `stemma-${version}`;
const SHELL = '/';
/** A server that does not answer for so long is as good as none. */
const PATIENCE_MS = 3000;
const own = new Set([...immutable, ...assets].map(({ path }) => `/${path.replace(/^\//, '')}`));

self.addEventListener('install', (event) => {
	event.waitUntil(
		caches
			.open(CACHE)
			.then((cache) => cache.addAll([SHELL, ...own]))
			.then(() => self.skipWaiting())
	);
});

self.addEventListener('activate', (event) => {
	event.waitUntil(
		caches
			.keys()
			.then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
			.then(() => self.clients.claim())
	);
});

self.addEventListener('fetch', (event) => {
	const { request } = event;
	const url = new URL(request.url);
	if (request.method !== 'GET' || url.origin !== self.location.origin) return;
	if (request.mode === 'navigate') event.respondWith(openPage(request));
	// Their names hold a hash of their content: what is here is what is there.
	else if (own.has(url.pathname)) event.respondWith(fromCache(request));
});

/** The newest page if the server answers; else the one that was kept, which starts any address. */
async function openPage(request: Request): Promise<Response> {
	try {
		return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
	} catch {
		return (await caches.match(SHELL)) ?? Response.error();
	}
}

async function fromCache(request: Request): Promise<Response> {
	return (await caches.match(request)) ?? fetch(request);
}
