import { afterEach, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostInfo } from '@stemma/host/generated/commands';
import { createServerHost } from '@stemma/host/server-host';
import { createApi } from '../src/lib/server/api.ts';
import { createHostChild, type HostChildDeps } from '../src/lib/server/host-child.ts';
import { createFrameReader } from '../src/lib/server/host-frames.ts';

const token = 'a'.repeat(64);
const closers: (() => void)[] = [];
afterEach(() => {
	for (const close of closers.splice(0)) close();
});

/** The server in front of a fake host program, and a page's host that speaks to it. */
function start(
	options: { readonly binary?: 'fake' | 'none'; readonly env?: string } & Partial<HostChildDeps> = {}
) {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-host-'));
	const binary = join(folder, 'host');
	const fake = join(import.meta.dirname, '../../packages/testkit/src/fake-host.ts');
	writeFileSync(binary, `#!/bin/sh\n${options.env ?? ''} exec "${process.execPath}" "${fake}" "$@"\n`);
	chmodSync(binary, 0o700);
	const host = createHostChild({
		binary: options.binary === 'none' ? join(folder, 'missing') : binary,
		dataFolder: folder,
		...(options.idleMs !== undefined && { idleMs: options.idleMs })
	});
	const served: { api?: ReturnType<typeof createApi> } = {};
	const server = Bun.serve({
		port: 0,
		hostname: '127.0.0.1',
		idleTimeout: 0,
		fetch: (request) => served.api?.(request) ?? new Response(null, { status: 500 })
	});
	const port = server.port ?? 0;
	served.api = createApi({ env: {}, fetch, port, token, version: '0', servers: [], host });
	closers.push(() => {
		host.stop();
		void server.stop(true);
		rmSync(folder, { recursive: true });
	});
	const origin = `http://127.0.0.1:${port}`;
	const own = { origin, cookie: `stemma-${port}=${token}` };
	const page = createServerHost({
		window: 'tab-1',
		fetch: (path, init) =>
			fetch(`${origin}${path}`, { ...init, headers: { ...own, ...(init.headers as object) } })
	});
	const send = (path: string, headers: Record<string, string> = {}, body = '{}', method = 'POST') =>
		fetch(`${origin}/api/host/${path}`, {
			method,
			headers: { ...own, 'x-stemma': '1', 'content-type': 'application/json', ...headers },
			...(method === 'POST' && { body })
		});
	const told = async (): Promise<HostInfo['commands']> => {
		const info = await page.info();
		if (!info.ok) throw new Error(info.error.message);
		return info.value.commands;
	};
	return { page, send, told };
}

const until = async (what: string, condition: () => Promise<boolean>): Promise<void> => {
	const end = Date.now() + 10_000;
	while (!(await condition())) {
		if (Date.now() > end) throw new Error(`${what} did not happen`);
		await Bun.sleep(20);
	}
};

test('all pages are answered by one child, which is told which window asks', async () => {
	const { told } = start();
	const [first, second] = await Promise.all([told(), told()]);
	expect(first[0]).toBe(second[0]);
	expect(first[3]).toBe('tab-1');
});

test('strangers and other sites reach no command', async () => {
	const { send } = start();
	expect((await send('host.info')).status).toBe(200);
	expect((await send('host.info', { cookie: '' })).status).toBe(401);
	expect((await send('host.info', { origin: 'http://evil.example' })).status).toBe(403);
	expect((await send('host.info', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
	expect((await send('host.info', { 'content-type': 'text/plain' })).status).toBe(415);
	expect((await send('host.info', {}, '', 'GET')).status).toBe(405);
	expect((await send('host.info', {}, '{')).status).toBe(400);
});

test('what is not in the table or needs a window is not routed', async () => {
	const { send } = start();
	for (const name of ['roots.link', 'no.such', 'constructor', '__proto__', 'host.info/x', '']) {
		expect((await send(name)).status).toBe(404);
	}
});

test('errors of the host arrive as they are', async () => {
	const { page } = start();
	expect(await page.call('roots.unlink', { root: 'x' })).toEqual({
		ok: false,
		error: { code: 'not_found', message: 'Not linked.', retryable: false }
	});
});

test('a stream arrives whole and ends', async () => {
	const { page } = start();
	const lines: string[] = [];
	const end = await page.stream('jobs.log', { job: 'job-1' }, (batch) => {
		lines.push(...batch.lines.map(({ text }) => text));
	});
	expect(end.ok).toBe(true);
	expect(lines).toEqual(['hello']);
});

test('a page that does not read slows the host down, and one that leaves stops it', async () => {
	const { page, told } = start();
	const abort = new AbortController();
	const held = Promise.withResolvers<void>();
	const taken = Promise.withResolvers<void>();
	const stream = page.stream(
		'jobs.watch',
		{},
		async () => {
			taken.resolve();
			await held.promise;
		},
		abort.signal
	);
	await taken.promise;
	const sent = async () => Number((await told())[1]?.split(' ')[1]);
	let before = -1;
	await until('a pause', async () => {
		const now = await sent();
		const isStill = now === before;
		before = now;
		if (!isStill) await Bun.sleep(300);
		return isStill;
	});
	// Items of 2 kB: what sockets hold, and a window more, but not without end.
	expect(before).toBeLessThan(20_000);
	abort.abort();
	held.resolve();
	expect(await stream).toMatchObject({ ok: false, error: { code: 'cancelled' } });
	await until('the end of the stream in the host', async () => (await told())[2] === 'open 0');
});

test('a host that ends or talks nonsense fails its calls, and the next one has a new host', async () => {
	const { page, told } = start();
	const [first] = await told();
	expect(await page.call('roots.list', {})).toMatchObject({ error: { code: 'host_lost', retryable: true } });
	const [second] = await told();
	expect(second).not.toBe(first);
	expect(await page.call('jobs.list', {})).toMatchObject({ error: { code: 'host_lost' } });
	expect((await told())[0]).not.toBe(second);
});

test('a host of another version is not spoken to', async () => {
	const { page } = start({ env: 'FAKE_PROTOCOL=999' });
	expect(await page.info()).toMatchObject({ ok: false, error: { code: 'unsupported' } });
	expect(await page.info()).toMatchObject({ ok: false, error: { code: 'unsupported' } });
});

test('without the program the page is told how to get it', async () => {
	const { page } = start({ binary: 'none' });
	const info = await page.info();
	expect(info.ok ? '' : info.error.message).toContain('npm start -- --root');
});

test('a host nobody needs is ended, and started again when somebody does', async () => {
	const { told } = start({ idleMs: 50 });
	const pid = (lines: readonly string[]) => Number(lines[0]?.split(' ')[1]);
	const first = pid(await told());
	const isGone = () => {
		try {
			process.kill(first, 0);
			return false;
		} catch {
			return true;
		}
	};
	await until('the end of the idle host', async () => isGone());
	expect(pid(await told())).not.toBe(first);
});

test('frames are the same however they are cut', () => {
	const parts = [
		Buffer.from('{"type":"ready","protocol":1,"version":"ä"}\n{"type":"bytes","id":1,"length":5}\n'),
		Buffer.from([10, 0, 255, 10, 13]),
		Buffer.from('{"type":"bytes","id":2,"length":0}\n{"type":"end","id":3}\n')
	];
	const whole = Buffer.concat(parts);
	const framesOf = (size: number) => {
		const frames: string[] = [];
		const read = createFrameReader(({ line, bytes }) => {
			frames.push(`${line.type} ${[...bytes].join()}`);
		});
		for (let at = 0; at < whole.length; at += size) read(whole.subarray(at, at + size));
		return frames;
	};
	expect(framesOf(whole.length)).toEqual(['ready ', 'bytes 10,0,255,10,13', 'bytes ', 'end ']);
	for (const size of [1, 7, 64]) expect(framesOf(size)).toEqual(framesOf(whole.length));
});
