import { expect, test } from 'bun:test';
import type { Jobs } from '../src/generated/commands.ts';
import { createNoHost } from '../src/no-host.ts';
import { createServerHost } from '../src/server-host.ts';

interface Sent {
	readonly path: string;
	readonly init: RequestInit;
}

function hostThatAnswers(answer: (sent: Sent) => Response | Promise<Response>) {
	const sent: Sent[] = [];
	const host = createServerHost({
		window: 'tab-1',
		fetch: async (path, init) => {
			sent.push({ path, init });
			return answer({ path, init });
		}
	});
	return { host, sent };
}

const sliced = (text: string, size: number): ReadableStream<Uint8Array> => {
	const bytes = new TextEncoder().encode(text);
	let at = 0;
	return new ReadableStream({
		pull(controller) {
			if (at >= bytes.length) controller.close();
			else controller.enqueue(bytes.slice(at, (at += size)));
		}
	});
};

const jobNamed = (label: string): Jobs => ({
	jobs: [
		{
			id: 'job-1',
			kind: 'test.run',
			label,
			root: null,
			owner: null,
			state: 'running',
			progress: null,
			startedAt: 1,
			endedAt: null,
			error: null,
			lines: 0
		}
	]
});

const ndjson = (...lines: unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

test('a call is a POST that only our own page can send, and its answer is checked', async () => {
	const { host, sent } = hostThatAnswers(() => Response.json({ roots: [] }));
	expect(await host.call('roots.list', {})).toEqual({ ok: true, value: { roots: [] } });
	expect(sent[0]?.path).toBe('/api/host/roots.list');
	expect(sent[0]?.init).toMatchObject({ method: 'POST', body: '{}', headers: { 'x-stemma': '1' } });

	const odd = hostThatAnswers(() => Response.json({ roots: [{ id: 1 }] }));
	expect(await odd.host.call('roots.list', {})).toMatchObject({ ok: false, error: { code: 'internal' } });
});

test('refusals keep their code and sentence, those of the server itself as well', async () => {
	const error = { code: 'root_lost', message: 'Link it again.', retryable: false };
	const lost = hostThatAnswers(() => Response.json({ error }, { status: 500 }));
	expect(await lost.host.call('roots.unlink', { root: 'x' })).toEqual({
		ok: false,
		error: { ...error, code: 'root_lost' }
	});
	const session = { code: 'no_session', message: 'Open the full address.' };
	const stranger = hostThatAnswers(() => Response.json({ error: session }, { status: 401 }));
	expect(await stranger.host.info()).toEqual({
		ok: false,
		error: { code: 'denied', message: 'Open the full address.', retryable: false }
	});
	const html = hostThatAnswers(() => new Response('<html>', { status: 500 }));
	expect(await html.host.info()).toMatchObject({ ok: false, error: { code: 'host_lost', retryable: true } });
	const down = hostThatAnswers(() => Promise.reject(new TypeError('fetch failed')));
	expect(await down.host.info()).toMatchObject({ ok: false, error: { code: 'host_lost' } });
});

for (const size of [1, 7, 64, 10_000]) {
	test(`a stream in pieces of ${size} bytes is the same stream`, async () => {
		const text = ndjson({ item: jobNamed('one ä') }, { item: jobNamed('two 🌿') }, { end: true });
		const { host } = hostThatAnswers(() => new Response(sliced(text, size)));
		const labels: (string | undefined)[] = [];
		const end = await host.stream('jobs.watch', {}, ({ jobs }) => {
			labels.push(jobs[0]?.label);
		});
		expect(end).toEqual({ ok: true, value: undefined });
		expect(labels).toEqual(['one ä', 'two 🌿']);
	});
}

test('a stream without its last line broke off', async () => {
	for (const text of [ndjson({ item: jobNamed('x') }), '', '{"item":', ndjson('nonsense')]) {
		const { host } = hostThatAnswers(() => new Response(sliced(text, 5)));
		expect(await host.stream('jobs.watch', {}, () => undefined)).toMatchObject({
			ok: false,
			error: { code: 'host_lost' }
		});
	}
	const error = { code: 'timed_out', message: 'Too slow.', retryable: true };
	const { host } = hostThatAnswers(() => new Response(sliced(ndjson({ error }), 5)));
	expect(await host.stream('jobs.watch', {}, () => undefined)).toMatchObject({
		error: { code: 'timed_out' }
	});
});

test('a slow taker is waited for, and nothing comes after an abort', async () => {
	let pulled = 0;
	const endless = new ReadableStream<Uint8Array>(
		{
			pull(controller) {
				pulled++;
				controller.enqueue(new TextEncoder().encode(ndjson({ item: jobNamed(String(pulled)) })));
			}
		},
		{ highWaterMark: 0 }
	);
	const { host } = hostThatAnswers(() => new Response(endless));
	const abort = new AbortController();
	let taken = 0;
	const end = await host.stream(
		'jobs.watch',
		{},
		async () => {
			taken++;
			await new Promise((settle) => setTimeout(settle, 1));
			expect(pulled).toBeLessThan(taken + 5);
			if (taken === 20) abort.abort();
		},
		abort.signal
	);
	expect(end).toMatchObject({ ok: false, error: { code: 'cancelled' } });
	expect(taken).toBe(20);
});

test('a page alone is told what it would need', async () => {
	const host = createNoHost();
	const info = await host.info();
	expect(info).toMatchObject({ ok: false, error: { code: 'unsupported' } });
	expect(await host.call('roots.list', {})).toEqual(info as never);
});
