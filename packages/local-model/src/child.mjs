/**
 * The model's own process: node-llama-cpp behind the OpenAI-compatible API, on a loopback port.
 * Plain JavaScript, because it runs beside an engine that is installed later, outside this package.
 *
 * Environment: ENGINE (folder with node_modules), MODEL (GGUF file), MODEL_ID, SECRET (bearer token), THREADS.
 * Writes one line `{"port": N}` when it listens. Ends with its standard input.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { ENGINE = '', MODEL = '', MODEL_ID = 'local', SECRET = '' } = process.env;
const MAX_TOKENS = 1024;
const CONTEXT_TOKENS = 4096;
/** Room an answer needs at least. */
const RESERVED_TOKENS = 64;
/** The template's own words around each message. */
const TOKENS_PER_TURN = 8;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

process.stdin.on('end', () => process.exit(0)).resume();

const entry = createRequire(join(ENGINE, 'package.json')).resolve('node-llama-cpp');
const { getLlama, LlamaChatSession } = await import(pathToFileURL(entry).href);
const llama = await getLlama({
	gpu: false,
	build: 'never',
	skipDownload: true,
	logLevel: 'error',
	maxThreads: Number(process.env.THREADS ?? 1)
});
const model = await llama.loadModel({ modelPath: MODEL });
const contextSize = Math.min(CONTEXT_TOKENS, model.trainContextSize ?? CONTEXT_TOKENS);
const context = await model.createContext({ contextSize, threads: Number(process.env.THREADS ?? 1) });

/** One request at a time, first come first served. */
let line = Promise.resolve();

const server = createServer((request, response) => {
	handle(request, response).catch((error) => {
		if (response.headersSent) response.destroy();
		else refuse(response, 500, error instanceof Error ? error.message : String(error));
	});
});
server.listen(0, '127.0.0.1', () => {
	console.log(JSON.stringify({ port: server.address().port }));
});

async function handle(request, response) {
	if (!isAuthorised(request.headers.authorization)) return refuse(response, 401, 'Wrong token.');
	if (request.method === 'GET' && request.url === '/v1/models') {
		return send(response, 200, { data: [{ id: MODEL_ID, object: 'model', meta: { n_ctx: contextSize } }] });
	}
	if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
		return refuse(response, 404, 'No such path.');
	const body = await readJson(request).catch(() => null);
	if (!Array.isArray(body?.messages)) return refuse(response, 400, 'messages is missing.');

	const leaving = new AbortController();
	// The client hung up: whatever waits or runs for it stops at once.
	response.on('close', () => leaving.abort());
	const turn = line.then(() => (leaving.signal.aborted ? undefined : answer(body, response, leaving.signal)));
	line = turn.catch(() => undefined);
	await turn;
}

async function answer(body, response, signal) {
	const { history, prompt } = toHistory(body.messages);
	const limit = Math.max(1, body.max_completion_tokens ?? body.max_tokens ?? MAX_TOKENS);
	const asked = [...history.map((item) => item.text ?? item.response?.join('') ?? ''), prompt].join('\n');
	// Left to itself the library would cut the middle out without a word.
	const tokens = model.tokenize(asked).length + TOKENS_PER_TURN * (history.length + 1);
	if (tokens + RESERVED_TOKENS > contextSize) {
		return refuse(
			response,
			400,
			`The maximum context length is ${contextSize} tokens; the messages have about ${tokens}.`
		);
	}
	const sequence = context.getSequence();
	const session = new LlamaChatSession({ contextSequence: sequence, autoDisposeSequence: false });
	try {
		session.setChatHistory(history);
		const streams = body.stream === true;
		if (streams) {
			response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
			response.flushHeaders();
		}
		const chunk = (delta, finish = null) =>
			response.write(
				`data: ${JSON.stringify({ object: 'chat.completion.chunk', model: MODEL_ID, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
			);
		const before = sequence.tokenMeter.getState();
		const { responseText, stopReason } = await session.promptWithMeta(prompt, {
			signal,
			stopOnAbortSignal: true,
			maxTokens: Math.min(limit, contextSize - tokens),
			temperature: body.temperature ?? 0.4,
			...(typeof body.top_p === 'number' ? { topP: body.top_p } : {}),
			...(typeof body.seed === 'number' ? { seed: body.seed } : {}),
			...(body.stop === undefined ? {} : { customStopTriggers: [body.stop].flat() }),
			repeatPenalty: { penalty: 1.1 },
			...(streams ? { onTextChunk: (text) => chunk({ content: text }) } : {})
		});
		if (signal.aborted) return;
		const used = sequence.tokenMeter.diff(before);
		const usage = {
			prompt_tokens: used.usedInputTokens,
			completion_tokens: used.usedOutputTokens,
			total_tokens: used.usedInputTokens + used.usedOutputTokens
		};
		const finish = stopReason === 'maxTokens' ? 'length' : 'stop';
		if (streams) {
			chunk({}, finish);
			response.write(`data: ${JSON.stringify({ model: MODEL_ID, choices: [], usage })}\n\ndata: [DONE]\n\n`);
			response.end();
		} else {
			send(response, 200, {
				model: MODEL_ID,
				choices: [{ index: 0, message: { role: 'assistant', content: responseText }, finish_reason: finish }],
				usage
			});
		}
	} finally {
		session.dispose();
		sequence.dispose();
	}
}

/** The last user message is the prompt; what is before it is the history. */
function toHistory(messages) {
	const history = [];
	const plain = messages.map(({ role, content }) => ({
		role,
		text: typeof content === 'string' ? content : toText(content)
	}));
	const last = plain.at(-1)?.role === 'user' ? plain.pop() : undefined;
	for (const { role, text } of plain) {
		if (role === 'system') history.push({ type: 'system', text });
		else if (role === 'assistant') history.push({ type: 'model', response: [text] });
		else history.push({ type: 'user', text });
	}
	return { history, prompt: last?.text ?? 'Go on.' };
}

const toText = (parts) => (Array.isArray(parts) ? parts.map((part) => part?.text ?? '').join('\n') : '');

function isAuthorised(header = '') {
	const given = Buffer.from(header);
	const wanted = Buffer.from(`Bearer ${SECRET}`);
	return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readJson(request) {
	const chunks = [];
	let size = 0;
	for await (const chunk of request) {
		size += chunk.length;
		if (size > MAX_BODY_BYTES) throw new Error('The request is too large.');
		chunks.push(chunk);
	}
	return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function send(response, status, body) {
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify(body));
}

function refuse(response, status, message) {
	send(response, status, { error: { code: status, message } });
}
