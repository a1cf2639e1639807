import { afterAll, expect, test } from 'bun:test';
import { startTestServer } from '@stemma/testkit/server/test-server';
import { createFetchTransport } from '../src/fetch-transport.ts';
import { checkKey, listModels } from '../src/models.ts';
import { toNano, toNanoPerMillion } from '../src/normalise.ts';
import type { Endpoint } from '../src/run-protocol.ts';

const server = await startTestServer({ key: 'sk-good', models: 700 });
afterAll(() => server.close());
const transport = createFetchTransport((url, init) => fetch(url, init));
const endpoint: Endpoint = { id: 'o', label: 'O', profile: 'openrouter', baseUrl: server.url, via: 'direct' };
const signal = AbortSignal.timeout(10_000);

test('a good key is told with what is left: the smaller of limit and balance', async () => {
	const checked = await checkKey(transport, endpoint, 'sk-good', signal);
	expect(checked).toEqual({
		ok: true,
		value: { label: 'test', remaining: 4.5, used: 0.5, isFreeTier: false }
	});
});

test('a bad key is told as such', async () => {
	const checked = await checkKey(transport, endpoint, 'sk-bad', signal);
	expect(checked.ok ? null : checked.error.code).toBe('auth');
});

test('models are listed with their window and prices, to the nano-dollar', async () => {
	const listed = await listModels(transport, endpoint, 'sk-good', signal);
	if (!listed.ok) throw new Error(listed.error.message);
	expect(listed.value.length).toBeGreaterThan(700);
	expect(listed.value[0]).toEqual({
		id: 'test/model-1',
		name: 'Test model 1',
		contextLength: 32_768,
		inputs: ['text', 'image'],
		outputs: ['text'],
		price: { prompt: 1_000_000_000, completion: 2_000_000_000, cached: null, request: null }
	});
});

test('what is no model server says so', async () => {
	const other = Bun.serve({ port: 0, fetch: () => new Response('<html></html>') });
	const listed = await listModels(
		transport,
		{ ...endpoint, baseUrl: `http://127.0.0.1:${other.port}/v1` },
		null,
		signal
	);
	await other.stop(true);
	expect(listed.ok ? null : listed.error.code).toBe('protocol');
});

test('money keeps every digit', () => {
	expect(toNano('0.000042')).toBe(42_000);
	expect(toNano(0.1)).toBe(100_000_000);
	expect(toNano(1e-7)).toBe(100);
	expect(toNano('4.2e-5')).toBe(42_000);
	expect(toNano('0.0000000005')).toBe(1);
	expect(toNano('0.0000000004')).toBe(0);
	expect(toNano('12.345678901')).toBe(12_345_678_901);
	expect(toNano('free')).toBeNull();
	expect(toNano(null)).toBeNull();
	expect(toNanoPerMillion('0.0000006')).toBe(600_000_000);
	// Routers that choose the model later write -1: no price.
	expect(toNanoPerMillion('-1')).toBeNull();
});

test('a list of models is taken for what it is: names of one line, each id once, none that cannot be seen', async () => {
	const named = (name: string): Promise<Awaited<ReturnType<typeof listModels>>> =>
		listModels(
			transport,
			{ ...endpoint, baseUrl: server.url.replace('/v1', `/named/${encodeURIComponent(name)}/v1`) },
			'sk-good',
			signal
		);
	const plain = await named('A name');
	if (!plain.ok) throw new Error(plain.error.message);
	expect(plain.value.map(({ id }) => id)).toEqual(['scenario:echo', 'scenario:refuse-echo', 'A name']);
	expect(plain.value[0]?.name).toBe('A name');
	expect(plain.value[2]?.name.length).toBe(200);
	const hidden = await named('A\u0000name');
	expect(hidden.ok && hidden.value.map(({ id }) => id)).toEqual(['scenario:echo', 'scenario:refuse-echo']);
});
