/** The running server, spoken to as no browser would: by raw bytes on its port. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from '@playwright/test';
import { port } from './ports.ts';
import { UPSTREAM } from './stemma.ts';

const HOST = `127.0.0.1:${port}`;
const ORIGIN = `http://${HOST}`;
const KEY = 'sk-e2e-secret';

interface Answer {
	/** 0 when the server just hung up. */
	readonly status: number;
	readonly text: string;
}

/** All the server says to these bytes until it is silent or gone. */
function speak(bytes: string): Promise<Answer> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
		let text = '';
		const done = (): void => {
			socket.destroy();
			resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
		};
		socket.setTimeout(3000, done);
		socket.on('data', (data) => (text += data.toString('latin1')));
		socket.on('close', done);
		socket.on('error', done);
	});
}

const token = (): string => readFileSync('test-results/data/token', 'utf8').trim();
const own = (): Record<string, string> => ({
	host: HOST,
	origin: ORIGIN,
	'x-stemma': '1',
	cookie: `stemma-${port}=${token()}`,
	connection: 'close'
});

function ask(
	line: string,
	headers: Readonly<Record<string, string | readonly string[] | undefined>>,
	body = ''
): Promise<Answer> {
	const lines = Object.entries(headers).flatMap(([name, value]) =>
		value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`)
	);
	return speak(`${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
const requestsUpstream = async (): Promise<number> => {
	const { ledger } = (await (await fetch(`${UPSTREAM}/__ledger`)).json()) as { ledger: unknown[] };
	return ledger.length;
};

test('whoever comes under another name, from another site or without the token gets nothing', async () => {
	const before = await requestsUpstream();
	const refused = async (change: Record<string, string | readonly string[] | undefined>): Promise<number> => {
		const { status, text } = await ask(
			'POST /api/relay/server:custom/chat/completions',
			{ ...own(), 'content-type': 'application/json', 'content-length': '2', ...change },
			'{}'
		);
		expect(text).not.toContain(KEY);
		expect(text.toLowerCase()).not.toContain('access-control-allow');
		return status;
	};
	for (const host of [
		'evil.example',
		`evil.example:${port}`,
		`127.0.0.1`,
		`127.0.0.1:${port}.evil.example`
	]) {
		expect([400, 403], host).toContain(await refused({ host }));
	}
	expect(await refused({ host: `evil.example:${port}`, 'x-forwarded-host': HOST })).toBe(403);
	expect([400, 403]).toContain(await refused({ host: ['evil.example', HOST] }));
	expect([400, 403]).toContain(await refused({ host: undefined }));
	for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port + 1}`, `https://${HOST}`]) {
		expect(await refused({ origin }), origin).toBe(403);
	}
	expect(await refused({ origin: undefined })).toBe(403);
	expect(await refused({ 'x-stemma': undefined })).toBe(403);
	expect(await refused({ 'sec-fetch-site': 'cross-site' })).toBe(403);
	expect(await refused({ cookie: undefined })).toBe(401);
	expect(await refused({ cookie: `stemma-${port}=${'0'.repeat(64)}` })).toBe(401);
	expect(await refused({ cookie: `stemma-${port + 1}=${token()}` })).toBe(401);
	expect(await requestsUpstream()).toBe(before);
});

test('pages, too, are shown under our own name only', async () => {
	expect((await ask('GET /', { ...own(), host: `evil.example:${port}` })).status).toBe(403);
	const page = await ask('GET /', { host: HOST, connection: 'close' });
	expect(page.status).toBe(200);
	expect(page.text.toLowerCase()).toContain('x-content-type-options: nosniff');
	expect(page.text.toLowerCase()).toContain('content-security-policy:');
	expect(page.text).not.toContain(token());
	expect((await ask('OPTIONS /api/relay', { ...own(), origin: 'http://evil.example' })).status).toBe(403);
});

test('no trick with a path reaches anything but the four that are meant', async () => {
	const paths = [
		'/api/relay/server:custom/..%2f..%2f__ledger',
		'/api/relay/server:custom/%2e%2e/%2e%2e/__ledger',
		'/api/relay/server:custom/../../__ledger',
		'/api/relay/server:custom/models/../../../__ledger',
		'/api/relay/server:custom/models%00',
		'/api/relay/server:custom/models%2f',
		'/api/relay/server:custom//models',
		'/api/relay/server:custom/models/',
		'/api/relay/server:custom/MODELS',
		'/api/relay/server:custom/@evil.example/',
		'/api/relay/server:custom\\..\\..\\__ledger',
		'/api/relay/%/models',
		'/api/relay/%c0%ae%c0%ae/models',
		'/api//relay',
		'/api/relay/../../../../etc/passwd',
		'/..%2f..%2f..%2fetc%2fpasswd',
		'//evil.example/api/relay',
		'/api/%72elay/../session'
	];
	for (const path of paths) {
		const { status, text } = await ask(`GET ${path}`, own());
		expect([0, 307, 308, 400, 404], `${path}: ${text.slice(0, 200)}`).toContain(status);
		expect(text, path).not.toContain('"ledger"');
		expect(text, path).not.toContain('root:');
		expect(text, path).not.toContain(KEY);
		expect(text, path).not.toMatch(/location: (https?:)?\/\/evil/i);
	}
});

test('it is no proxy, and two readings of one request are not possible', async () => {
	const before = await requestsUpstream();
	for (const target of ['http://evil.example/', `${UPSTREAM}/__ledger`, 'http://evil.example/api/relay']) {
		const { text } = await ask(`GET ${target}`, own());
		expect(text, target).not.toContain('"ledger"');
		expect(text, target).not.toContain('"endpoints"');
	}
	expect((await ask(`CONNECT ${new URL(UPSTREAM).host}`, own())).status).not.toBe(200);
	const chat = 'POST /api/relay/server:custom/chat/completions';
	const json = { ...own(), 'content-type': 'application/json' };
	const hidden = `GET /api/relay HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`;
	for (const framing of [
		{ 'content-length': '3', 'transfer-encoding': 'chunked' },
		{ 'content-length': ['3', '30'] },
		{ 'transfer-encoding': 'chunked, identity' },
		{ 'content-length': '-1' },
		{ 'content-length': '2\r\nx: y\r\n z' }
	]) {
		const { text } = await ask(chat, { ...json, ...framing }, `0\r\n\r\n${hidden}`);
		expect(text, JSON.stringify(framing)).not.toContain('"endpoints"');
	}
	expect(await requestsUpstream()).toBe(before);
	// What the page says about itself stays here.
	const sent = await ask('GET /api/relay/server:custom/models', {
		...own(),
		authorization: 'Bearer mine',
		'x-forwarded-for': '1.2.3.4',
		'proxy-authorization': 'x'
	});
	expect(sent.status).toBe(200);
});

test('a body without measure is refused before it is read', async () => {
	const { status } = await ask('POST /api/relay/server:custom/chat/completions', {
		...own(),
		'content-type': 'application/json',
		'content-length': String(65 * 1024 * 1024)
	});
	expect(status).toBe(413);
	const headers = await ask('GET /api/relay', { ...own(), 'x-long': 'x'.repeat(200_000) });
	expect([0, 400, 431]).toContain(headers.status);
	expect((await ask('GET /api/health', own())).status, 'and it is still there').toBe(200);
});
