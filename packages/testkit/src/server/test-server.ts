/**
 * An OpenAI-compatible server that misbehaves on request and keeps books: what was asked, when the client
 * left, and what that would have cost. Speaks HTTP/1.1 over raw sockets, so that it can break it.
 */
import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { generated, scenarios, type Asked, type Reply, type Step } from './scenario.ts';

export interface LedgerEntry {
	readonly id: number;
	readonly model: string;
	readonly receivedAt: number;
	/** When the client hung up before the end; null if it did not. */
	abortedAt: number | null;
	finishedAt: number | null;
	billedTokens: number;
	readonly authorization: string | null;
	readonly origin: string | null;
	readonly body: string;
}

export interface TestServer {
	readonly url: string;
	readonly port: number;
	ledger(): readonly LedgerEntry[];
	/** Sockets of requests that are being answered. */
	openRequests(): number;
	reset(): void;
	close(): Promise<void>;
}

export interface TestServerOptions {
	readonly port?: number;
	/** Which pages may read the answers: as OpenRouter does it, only plain headers, or none. */
	readonly cors?: 'any' | 'strict' | 'none';
	/** How often /v1/generation answers 404 before it knows an id. */
	readonly generationPolls?: number;
	/** Length of /v1/models beside the scenarios. */
	readonly models?: number;
	/** Further ids in it, such as "any?rate=100&tokens=600". */
	readonly listed?: readonly string[];
	/** Requests without this bearer token are refused. */
	readonly key?: string;
}

interface HttpRequest {
	readonly method: string;
	readonly path: string;
	readonly headers: ReadonlyMap<string, string>;
	readonly body: string;
}

const STRICT_CORS = {
	'access-control-allow-origin': '*',
	'access-control-allow-headers': 'authorization, content-type, accept'
};
const CORS = {
	'access-control-allow-origin': '*',
	'access-control-allow-headers': 'authorization, content-type, accept, http-referer, x-openrouter-title',
	'access-control-expose-headers': 'x-generation-id, x-provider-name'
};

export function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
	const { cors = 'any', models = 3, listed = [], key } = options;
	let ledger: LedgerEntry[] = [];
	let turns = new Map<string, number>();
	const answering = new Set<Socket>();
	const sockets = new Set<Socket>();
	const corsHeaders = { any: CORS, strict: STRICT_CORS, none: {} }[cors];
	const polls = new Map<string, number>();

	const server = createServer((socket) => {
		sockets.add(socket);
		socket.setNoDelay(true);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => undefined);
		let received = Buffer.alloc(0);
		socket.on('data', (data: Buffer) => {
			received = Buffer.concat([received, data]);
			for (let parsed = parseRequest(received); parsed; parsed = parseRequest(received)) {
				received = received.subarray(parsed.length);
				void route(socket, parsed.request);
			}
		});
	});

	const route = async (socket: Socket, request: HttpRequest): Promise<void> => {
		const [asked = ''] = request.path.split('?');
		// `/named/NAME/v1`: the same server, with models of this name.
		const named = /^\/named\/([^/]+)(\/.*)$/.exec(asked);
		const path = named?.[2] ?? asked;
		if (request.method === 'OPTIONS')
			return answer(socket, { status: 204, headers: corsHeaders, steps: [{ end: 'close' }] }, null);
		const reply = (status: number, body: unknown): Promise<void> =>
			answer(
				socket,
				{
					status,
					headers: { ...corsHeaders, 'content-type': 'application/json' },
					steps: [{ say: JSON.stringify(body) }, { end: 'close' }]
				},
				null
			);
		if (path === '/__ledger') return reply(200, { ledger, openRequests: answering.size });
		if (path === '/__reset') {
			reset();
			return reply(200, {});
		}
		if (key !== undefined && request.headers.get('authorization') !== `Bearer ${key}`) {
			return reply(401, { error: { code: 401, message: 'User not found.' } });
		}
		if (path === '/v1/models') {
			const name = named?.[1] === undefined ? null : decodeURIComponent(named[1]);
			return reply(200, { data: name === null ? listModels(models, listed) : modelsNamed(name) });
		}
		if (path === '/v1/key')
			return reply(200, { data: { label: 'test', limit_remaining: 4.5, usage: 0.5, is_free_tier: false } });
		if (path === '/v1/generation') {
			const id = new URLSearchParams(request.path.split('?')[1]).get('id') ?? '';
			const asked = (polls.get(id) ?? 0) + 1;
			polls.set(id, asked);
			return asked <= (options.generationPolls ?? 1)
				? reply(404, { error: { code: 404, message: 'Generation not found' } })
				: reply(200, { data: { id, total_cost: 0.000042, cancelled: false, finish_reason: 'stop' } });
		}
		if (path === '/v1/auth/keys' && request.method === 'POST') {
			const { code, code_verifier } = JSON.parse(request.body) as { code?: string; code_verifier?: string };
			return code === 'good' && code_verifier !== undefined
				? reply(200, { key: 'sk-from-code', user_id: 'user_2wT5ElBE4Es3R4QrNLpZiXICmQP' })
				: reply(403, { error: { code: 403, message: 'Invalid code or code_verifier' } });
		}
		if (path === '/v1/credits') return reply(200, { data: { total_credits: 10, total_usage: 2.5 } });
		if (path !== '/v1/chat/completions' || request.method !== 'POST')
			return reply(404, { error: { code: 404, message: 'No such path' } });
		if (!/"model"\s*:\s*"/.test(request.body) || !/"messages"\s*:\s*\[/.test(request.body))
			return reply(400, { error: { code: 400, message: 'No model or no messages' } });
		return complete(socket, request);
	};

	const complete = async (socket: Socket, request: HttpRequest): Promise<void> => {
		const body = JSON.parse(request.body) as {
			model: string;
			messages: { role: string; content: unknown }[];
		};
		const [name = '', query = ''] = body.model.replace(/^scenario:/, '').split('?');
		const turn = turns.get(body.model) ?? 0;
		turns.set(body.model, turn + 1);
		const entry: LedgerEntry = {
			id: ledger.length + 1,
			model: body.model,
			receivedAt: Date.now(),
			abortedAt: null,
			finishedAt: null,
			billedTokens: 0,
			authorization: request.headers.get('authorization') ?? null,
			origin: request.headers.get('origin') ?? null,
			body: request.body
		};
		ledger.push(entry);
		const last = body.messages.findLast((message) => message.role === 'user')?.content;
		const asked: Asked = {
			model: body.model,
			prompt: typeof last === 'string' ? last : '',
			authorization: entry.authorization,
			turn,
			options: new URLSearchParams(query)
		};
		const scenario = body.model.startsWith('scenario:') ? scenarios[name] : generated;
		const reply = scenario?.(asked) ?? {
			status: 404,
			headers: { 'content-type': 'application/json' },
			steps: [
				{ say: JSON.stringify({ error: { code: 404, message: `No model ${body.model}` } }) },
				{ end: 'close' as const }
			]
		};
		await answer(socket, { ...reply, headers: { ...reply.headers, ...corsHeaders } }, entry, asked.options);
	};

	const answer = async (
		socket: Socket,
		reply: Reply,
		entry: LedgerEntry | null,
		framing: URLSearchParams = new URLSearchParams()
	): Promise<void> => {
		const slice = Number(framing.get('slice') ?? 0);
		const isGzip = framing.has('gzip');
		const newline = { crlf: '\r\n', cr: '\r' }[framing.get('newline') ?? ''] ?? '\n';
		let isGone = false;
		const onGone = (): void => {
			isGone = true;
			if (entry && entry.finishedAt === null) entry.abortedAt ??= Date.now();
		};
		answering.add(socket);
		socket.on('close', onGone);
		try {
			if (reply.resetsFirst === true) {
				socket.resetAndDestroy();
				return;
			}
			const head = Object.entries({
				...reply.headers,
				...(isGzip ? { 'content-encoding': 'gzip' } : {}),
				connection: 'close',
				'transfer-encoding': 'chunked'
			})
				.map(([name, value]) => `${name}: ${value}\r\n`)
				.join('');
			socket.write(`HTTP/1.1 ${reply.status} Test\r\n${head}\r\n`);
			for (const step of reply.steps) {
				if (isGone) return;
				await perform(socket, step, entry, slice, newline, isGzip);
			}
		} finally {
			answering.delete(socket);
			socket.off('close', onGone);
		}
	};

	const reset = (): void => {
		ledger = [];
		turns = new Map();
	};

	return new Promise((resolve) => {
		server.listen(options.port ?? 0, '127.0.0.1', () => {
			const address = server.address();
			const port = typeof address === 'object' && address ? address.port : 0;
			resolve({
				url: `http://127.0.0.1:${port}/v1`,
				port,
				ledger: () => ledger,
				openRequests: () => answering.size,
				reset,
				close: () =>
					new Promise((closed) => {
						for (const socket of sockets) socket.destroy();
						server.close(() => {
							closed();
						});
					})
			});
		});
	});
}

async function perform(
	socket: Socket,
	step: Step,
	entry: LedgerEntry | null,
	slice: number,
	newline: string,
	isGzip: boolean
): Promise<void> {
	if ('waitMs' in step) return sleep(step.waitMs);
	if ('bill' in step) {
		if (entry) entry.billedTokens += step.bill;
		return;
	}
	if ('end' in step) {
		switch (step.end) {
			case 'close':
				if (entry) entry.finishedAt = Date.now();
				socket.end('0\r\n\r\n');
				return;
			case 'reset':
				socket.resetAndDestroy();
				return;
			case 'hang':
				return new Promise((resolve) => {
					socket.once('close', resolve);
				});
		}
	}
	const plain = 'bytes' in step ? step.bytes : new TextEncoder().encode(step.say.replaceAll('\n', newline));
	// A member of its own for each step: a stream that is flushed after every event.
	const bytes = isGzip ? new Uint8Array(gzipSync(plain)) : plain;
	const size = slice > 0 ? slice : Math.max(1, bytes.length);
	for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
		const piece = bytes.subarray(at, at + size);
		socket.write(`${piece.length.toString(16)}\r\n`);
		socket.write(piece);
		if (!socket.write('\r\n'))
			await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
		// Lets the client read this piece on its own, without making large ones slow.
		if (slice > 0 && bytes.length < 10_000) await new Promise((resolve) => setImmediate(resolve));
	}
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function listModels(count: number, listed: readonly string[]): readonly unknown[] {
	const plain = Array.from({ length: count }, (_, i) => ({
		id: `test/model-${i + 1}`,
		name: `Test model ${i + 1}`,
		context_length: 32_768,
		architecture: {
			input_modalities: i % 5 === 0 ? ['text', 'image'] : ['text'],
			output_modalities: ['text']
		},
		pricing: { prompt: '0.000001', completion: '0.000002' }
	}));
	return [
		...plain,
		...Object.keys(scenarios).map((name) => ({
			id: `scenario:${name}`,
			name: `Scenario ${name}`,
			context_length: 8192
		})),
		...listed.map((id) => ({ id }))
	];
}

/** A name in every place where one can be, and twice under one id. */
function modelsNamed(name: string): readonly unknown[] {
	return [
		{ id: 'scenario:echo', name },
		{ id: 'scenario:echo', name: `${name} again` },
		{ id: 'scenario:refuse-echo', name: `Refuses: ${name}`, architecture: { input_modalities: [name] } },
		{ id: name, name: name.repeat(500) }
	];
}

function parseRequest(received: Buffer): { readonly request: HttpRequest; readonly length: number } | null {
	const headEnd = received.indexOf('\r\n\r\n');
	if (headEnd < 0) return null;
	const [start = '', ...lines] = received.subarray(0, headEnd).toString('latin1').split('\r\n');
	const [method = '', path = ''] = start.split(' ');
	const headers = new Map(
		lines.map((line) => {
			const colon = line.indexOf(':');
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
		})
	);
	const length = headEnd + 4 + Number(headers.get('content-length') ?? 0);
	if (received.length < length) return null;
	return {
		request: { method, path, headers, body: received.subarray(headEnd + 4, length).toString('utf8') },
		length
	};
}
