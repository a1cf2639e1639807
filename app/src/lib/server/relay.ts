/**
 * Forwards one request to a configured upstream, adding the key. It buffers no answer, follows no redirect,
 * and ends the upstream connection as soon as the page ends its own.
 */
import { errorResponse } from './guard.ts';
import type { Upstream } from './upstream.ts';

const allowed: Readonly<Record<string, string>> = {
	'chat/completions': 'POST',
	models: 'GET',
	key: 'GET',
	credits: 'GET'
};

// Everything else (cookies, hop-by-hop headers, lengths of a decoded body) stays here.
const answered = ['content-type', 'retry-after', 'x-generation-id', 'x-provider-name'];

const maxRequestBytes = 64 * 1024 * 1024;
const maxRefusalChars = 64 * 1024;

export interface RelayDeps {
	readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

export async function relay(
	deps: RelayDeps,
	upstream: Upstream,
	path: string,
	request: Request
): Promise<Response> {
	const method = Object.hasOwn(allowed, path) ? allowed[path] : undefined;
	if (method === undefined) return errorResponse(404, 'not_found', 'The relay does not forward this path.');
	if (request.method !== method) return errorResponse(405, 'method', `This path takes ${method} only.`);

	const headers = new Headers({
		accept: request.headers.get('accept') ?? '*/*',
		'accept-encoding': 'identity'
	});
	if (upstream.key !== null) headers.set('authorization', `Bearer ${upstream.key}`);
	if (upstream.endpoint.profile === 'openrouter') headers.set('x-title', 'Stemma');

	let body: string | null = null;
	if (method === 'POST') {
		if (!/^application\/json\b/.test(request.headers.get('content-type') ?? '')) {
			return errorResponse(415, 'content_type', 'The relay forwards JSON only.');
		}
		body = await readCapped(request);
		if (body === null) return errorResponse(413, 'too_large', 'The request is larger than 64 MB.');
		headers.set('content-type', 'application/json');
	}

	const abort = new AbortController();
	const stop = () => abort.abort();
	request.signal.addEventListener('abort', stop, { once: true });
	if (request.signal.aborted) stop();

	let response: Response;
	try {
		const init = { method, headers, redirect: 'manual', signal: abort.signal } as const;
		response = await deps.fetch(
			`${upstream.endpoint.baseUrl}/${path}`,
			body === null ? init : { ...init, body }
		);
	} catch (error) {
		if (abort.signal.aborted) return errorResponse(499, 'aborted', 'The page ended the request.');
		return unreachable(upstream, error);
	}
	if (response.status >= 300 && response.status < 400) {
		stop();
		const { host } = new URL(upstream.endpoint.baseUrl);
		return errorResponse(502, 'redirect', `${host} redirects elsewhere; set the address it redirects to.`);
	}

	const out = new Headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
	for (const name of answered) {
		const value = response.headers.get(name);
		if (value !== null) out.set(name, value);
	}
	if (response.status >= 400) {
		return new Response(await refusal(response, upstream.key), { status: response.status, headers: out });
	}
	return new Response(response.body === null ? null : passThrough(response.body, stop), {
		status: response.status,
		headers: out
	});
}

/** Why the upstream refused, without the key, which some servers quote. */
async function refusal(response: Response, key: string | null): Promise<string> {
	const words = (await response.text().catch(() => '')).slice(0, maxRefusalChars);
	return key === null ? words : words.replaceAll(key, '[key]');
}

function passThrough(source: ReadableStream<Uint8Array>, stop: () => void): ReadableStream<Uint8Array> {
	const reader = source.getReader();
	return new ReadableStream<Uint8Array>({
		async pull(controller) {
			const { done, value } = await reader.read();
			if (done) controller.close();
			else controller.enqueue(value);
		},
		cancel: stop
	});
}

/** The body as text, or null when it is over the cap; a declared length is not trusted. */
async function readCapped(request: Request): Promise<string | null> {
	if (Number(request.headers.get('content-length') ?? 0) > maxRequestBytes) return null;
	if (request.body === null) return '';
	const decoder = new TextDecoder();
	const reader = request.body.getReader();
	let text = '';
	let size = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return text + decoder.decode();
		size += value.byteLength;
		if (size > maxRequestBytes) {
			await reader.cancel();
			return null;
		}
		text += decoder.decode(value, { stream: true });
	}
}

function unreachable(upstream: Upstream, error: unknown): Response {
	const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
	const { host } = new URL(upstream.endpoint.baseUrl);
	if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/i.test(code)) {
		return errorResponse(502, 'tls', `The certificate of ${host} was not accepted.`);
	}
	if (/NOTFOUND|EAI_AGAIN/.test(code)) {
		return errorResponse(502, 'dns', `The name ${host} was not found. Are you online?`);
	}
	if (/refused/i.test(code)) {
		return errorResponse(502, 'refused', `Nothing answers at ${host}. Is the model server running?`);
	}
	return errorResponse(502, 'unreachable', `${host} could not be reached, or broke the connection.`);
}
