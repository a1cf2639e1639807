import { afterEach, expect, test } from 'bun:test';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApi } from '../src/lib/server/api.ts';

const key = 'sk-secret-key-of-the-server';
const token = 'a'.repeat(64);
const closers: (() => void)[] = [];
afterEach(() => {
	for (const close of closers.splice(0)) close();
});

async function startUpstream(answer: (request: IncomingMessage, response: ServerResponse) => void) {
	const server: Server = createServer(answer);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	closers.push(() => {
		server.closeAllConnections();
		server.close();
	});
	return (server.address() as AddressInfo).port;
}

function startApi(env: Record<string, string>, probed: readonly number[] = []) {
	// Needs the port, which is known once it listens.
	const served: { api?: ReturnType<typeof createApi> } = {};
	const server = Bun.serve({
		port: 0,
		hostname: '127.0.0.1',
		fetch: (request) => served.api?.(request) ?? new Response(null, { status: 500 })
	});
	const port = server.port ?? 0;
	const servers = probed.map((at) => ({ port: at, label: 'Ollama', profile: 'ollama' as const }));
	served.api = createApi({ env, fetch, port, token, version: '0', servers });
	closers.push(() => void server.stop(true));
	const origin = `http://127.0.0.1:${port}`;
	const own = {
		origin,
		'x-stemma': '1',
		cookie: `stemma-${port}=${token}`,
		'content-type': 'application/json'
	};
	return { origin, port, own };
}

const customAt = (port: number) => ({
	STEMMA_BASE_URL: `http://127.0.0.1:${port}/v1`,
	STEMMA_API_KEY: key,
	OPENROUTER_API_KEY: `${key}-2`
});

const within = <T>(promise: Promise<T>, what: string): Promise<T> =>
	Promise.race([
		promise,
		new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no ${what} in 5 s`)), 5000))
	]);

test('a chunk reaches the page before the next one is written upstream', async () => {
	let next: () => void = () => {};
	let seen: IncomingMessage | undefined;
	const port = await startUpstream((request, response) => {
		seen = request;
		response.writeHead(200, {
			'content-type': 'text/event-stream',
			'x-generation-id': 'g1',
			'set-cookie': 'a=b'
		});
		response.write('data: 1\n\n');
		next = () => response.end('data: 2\n\n');
	});
	const { origin, own } = startApi(customAt(port));
	const response = await within(
		fetch(`${origin}/api/relay/server:custom/chat/completions`, {
			method: 'POST',
			headers: own,
			body: '{"a":1}'
		}),
		'headers'
	);
	const reader = response.body?.getReader();
	const first = await within(reader!.read(), 'first chunk');
	expect(new TextDecoder().decode(first.value)).toBe('data: 1\n\n');
	next();
	const second = await within(reader!.read(), 'second chunk');
	expect(new TextDecoder().decode(second.value)).toBe('data: 2\n\n');
	expect(response.headers.get('x-generation-id')).toBe('g1');
	expect(response.headers.get('set-cookie')).toBeNull();
	expect(seen?.url).toBe('/v1/chat/completions');
	expect(seen?.headers.authorization).toBe(`Bearer ${key}`);
	expect(seen?.headers.cookie).toBeUndefined();
	expect(seen?.headers.origin).toBeUndefined();
});

for (const when of ['before the answer begins', 'in mid-answer'] as const) {
	test(`the page's abort ends the upstream connection ${when}`, async () => {
		const arrived = Promise.withResolvers<void>();
		const closed = Promise.withResolvers<void>();
		const port = await startUpstream((_, response) => {
			response.on('close', () => closed.resolve());
			if (when === 'in mid-answer') {
				response.writeHead(200, { 'content-type': 'text/event-stream' });
				response.write('data: 1\n\n');
			}
			arrived.resolve();
		});
		const { origin, own } = startApi(customAt(port));
		const abort = new AbortController();
		const answer = fetch(`${origin}/api/relay/server:custom/chat/completions`, {
			method: 'POST',
			headers: own,
			body: '{}',
			signal: abort.signal
		});
		answer.catch(() => {});
		await within(arrived.promise, 'request upstream');
		if (when === 'in mid-answer') await within((await answer).body!.getReader().read(), 'chunk');
		abort.abort();
		await within(closed.promise, 'close upstream');
	});
}

test('strangers and foreign sites are refused, and nothing reaches the upstream', async () => {
	let requests = 0;
	const port = await startUpstream((_, response) => {
		requests++;
		response.end('{}');
	});
	const { origin, own, port: at } = startApi(customAt(port));
	const url = `${origin}/api/relay/server:custom/chat/completions`;
	const send = async (change: Record<string, string | null>) => {
		const headers = new Headers(own);
		for (const [name, value] of Object.entries(change)) {
			if (value === null) headers.delete(name);
			else headers.set(name, value);
		}
		return (await fetch(url, { method: 'POST', headers, body: '{}' })).status;
	};
	expect(await send({ host: `evil.example:${at}` })).toBe(403);
	expect(await send({ host: '127.0.0.1:1' })).toBe(403);
	expect(await send({ origin: 'http://evil.example' })).toBe(403);
	expect(await send({ origin: 'null' })).toBe(403);
	expect(await send({ origin: null })).toBe(403);
	expect(await send({ 'x-stemma': null })).toBe(403);
	expect(await send({ 'sec-fetch-site': 'same-site' })).toBe(403);
	expect(await send({ cookie: null })).toBe(401);
	expect(await send({ cookie: `stemma-${at}=${'b'.repeat(64)}` })).toBe(401);
	expect(requests).toBe(0);
	expect(await send({})).toBe(200);
	expect(requests).toBe(1);
});

test('only the four paths of a configured endpoint are forwarded', async () => {
	const port = await startUpstream((_, response) => response.end('{}'));
	const { origin, own } = startApi(customAt(port));
	const status = async (path: string, method = 'GET') =>
		(
			await fetch(`${origin}/api/relay/${path}`, {
				method,
				headers: own,
				...(method === 'POST' && { body: '{}' })
			})
		).status;
	expect(await status('server:custom/models')).toBe(200);
	expect(await status('server:custom/key')).toBe(200);
	expect(await status('server:custom/credits')).toBe(200);
	expect(await status('server:custom/models', 'POST')).toBe(405);
	expect(await status('server:custom/chat/completions')).toBe(405);
	expect(await status('server:custom/keys')).toBe(404);
	expect(await status('server:custom/constructor')).toBe(404);
	expect(await status('server:custom/models%2f..%2fkeys')).toBe(404);
	expect(await status('server:other/models')).toBe(404);
	expect(await status(`local:${port}/models`)).toBe(404);
});

test('a probe makes a found local server usable and leaves out what is none', async () => {
	const port = await startUpstream((_, response) => response.end('{"data":[{"id":"tiny"},{"x":1}]}'));
	const other = await startUpstream((_, response) => response.end('<html>'));
	const { origin, own } = startApi({}, [port, other]);
	const probe = await (await fetch(`${origin}/api/probe`, { headers: own })).json();
	expect(probe.servers).toMatchObject([{ id: `local:${port}`, via: 'relay', models: ['tiny'] }]);
	expect((await fetch(`${origin}/api/relay/local:${port}/models`, { headers: own })).status).toBe(200);
	expect((await fetch(`${origin}/api/relay/local:${other}/models`, { headers: own })).status).toBe(404);
});

test('no response holds a key, and failures say what to do', async () => {
	const moved = await startUpstream((_, response) =>
		response.writeHead(302, { location: 'http://x/' }).end()
	);
	const { origin, own } = startApi(customAt(moved));
	const list = await (await fetch(`${origin}/api/relay`, { headers: own })).text();
	expect(list).toContain('server:openrouter');
	const redirect = await fetch(`${origin}/api/relay/server:custom/models`, { headers: own });
	expect(redirect.status).toBe(502);
	const gone = startApi(customAt(1));
	const refused = await fetch(`${gone.origin}/api/relay/server:custom/models`, { headers: gone.own });
	const refusal = await refused.text();
	expect(JSON.parse(refusal).error.code).toBe('refused');
	const health = await (await fetch(`${origin}/api/health`)).text();
	for (const text of [list, await redirect.text(), refusal, health]) expect(text).not.toContain(key);
});

test('an upstream that quotes the key it refuses is not quoted', async () => {
	const port = await startUpstream((request, response) => {
		response.writeHead(401, { 'content-type': 'application/json' });
		response.end(JSON.stringify({ error: { message: `Wrong: ${request.headers.authorization}` } }));
	});
	const { origin, own } = startApi(customAt(port));
	const refused = await fetch(`${origin}/api/relay/server:custom/models`, { headers: own });
	expect(refused.status).toBe(401);
	expect(await refused.text()).toContain('Wrong: Bearer [key]');
});

test('nothing of an address but its path goes on, and ids are taken as they are', async () => {
	const asked: (string | undefined)[] = [];
	const port = await startUpstream((request, response) => {
		asked.push(request.url);
		response.end('{}');
	});
	const { origin, own } = startApi(customAt(port));
	const status = async (path: string) =>
		(await fetch(`${origin}/api/relay/${path}`, { headers: own })).status;
	expect(await status('server:custom/models?api-version=1&key=x')).toBe(200);
	expect(await status('server%3Acustom/models')).toBe(200);
	expect(asked).toEqual(['/v1/models', '/v1/models']);
	expect(await status('%/models')).toBe(404);
	expect(await status('server:custom%00/models')).toBe(404);
	expect(await status('__proto__/models')).toBe(404);
});

test('the token opens a session once it is right, and only then', async () => {
	const { origin, own, port } = startApi({});
	const open = (candidate: string) => {
		const headers = { origin, 'x-stemma': '1' };
		return fetch(`${origin}/api/session`, {
			method: 'POST',
			headers,
			body: JSON.stringify({ token: candidate })
		});
	};
	expect((await open('wrong')).status).toBe(401);
	const opened = await open(token);
	expect(opened.status).toBe(204);
	const cookie = opened.headers.get('set-cookie') ?? '';
	expect(cookie).toStartWith(own.cookie);
	expect(cookie).toContain('HttpOnly; SameSite=Strict');
	expect((await fetch(`${origin}/api/relay`, { headers: { cookie: own.cookie } })).status).toBe(200);
	expect(port).toBeGreaterThan(0);
});
