/** What the test server can do to a client, by name. A scenario is data: bytes, pauses and an end. */
import { generateAnswer, toTokens } from '@stemma/provider/practice/generate';

export type Step =
	/** Text of the body, cut into slices and framed as the options say. */
	| { readonly say: string }
	/** Bytes as they are. */
	| { readonly bytes: Uint8Array }
	| { readonly waitMs: number }
	/** A token was made: from here on it costs. */
	| { readonly bill: number }
	| { readonly end: 'close' | 'reset' | 'hang' };

export interface Reply {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly steps: readonly Step[];
	/** Breaks the connection before any header. */
	readonly resetsFirst?: boolean;
}

export interface Asked {
	readonly model: string;
	readonly prompt: string;
	/** The header of the request. */
	readonly authorization: string | null;
	/** How often this scenario was asked before, since the last reset. */
	readonly turn: number;
	readonly options: URLSearchParams;
}

const STREAM = {
	'content-type': 'text/event-stream',
	'cache-control': 'no-cache',
	'x-generation-id': 'gen-test-1'
};
const JSON_BODY = { 'content-type': 'application/json' };

const encoder = new TextEncoder();
const event = (data: unknown, name?: string): Step => ({
	say: `${name === undefined ? '' : `event: ${name}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
});
const chunk = (delta: unknown, finish: string | null = null, more: object = {}): Step =>
	event({
		id: 'gen-test-1',
		model: 'test/model',
		provider: 'TestProvider',
		choices: [{ index: 0, delta, finish_reason: finish }],
		...more
	});
const text = (content: string): Step => chunk({ role: 'assistant', content });
const finish = (reason = 'stop'): Step => chunk({ content: '' }, reason);
const USAGE = {
	prompt_tokens: 12,
	completion_tokens: 3,
	cost: 0.000042,
	prompt_tokens_details: { cached_tokens: 4 },
	completion_tokens_details: { reasoning_tokens: 1 }
};
const usage = (): Step => event({ id: 'gen-test-1', choices: [], usage: USAGE });
const DONE = event('[DONE]');
const comment: Step = { say: ': OPENROUTER PROCESSING\n\n' };
const bill = (tokens: number): Step => ({ bill: tokens });
const close: Step = { end: 'close' };

const stream = (...steps: readonly Step[]): Reply => ({
	status: 200,
	headers: STREAM,
	steps: [...steps, close]
});
const endless = (...steps: readonly Step[]): Reply => ({ status: 200, headers: STREAM, steps });
const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
	status,
	headers: { ...JSON_BODY, ...headers },
	steps: [{ say: JSON.stringify(body) }, close]
});
const refusal = (
	code: number,
	message: string,
	metadata: object = {},
	headers: Readonly<Record<string, string>> = {}
): Reply =>
	json(code, { error: { code, message, metadata }, user_id: 'user_2wT5ElBE4Es3R4QrNLpZiXICmQP' }, headers);

/** "Hello, world." in three pieces, the plain good case. */
const hello = [text('Hello'), bill(1), text(', wor'), bill(1), text('ld.'), bill(1)] as const;
const good = [...hello, finish(), usage(), DONE] as const;
const heartbeats = Array.from({ length: 600 }, (): readonly Step[] => [{ waitMs: 100 }, comment]).flat();

export const scenarios: Readonly<Record<string, (asked: Asked) => Reply>> = {
	plain: () => stream(...good),
	slow: () =>
		stream(
			...toTokens('One word after another, so slowly that one can stop it. '.repeat(40)).flatMap(
				(word): readonly Step[] => [text(word), bill(1), { waitMs: 40 }]
			),
			finish(),
			usage(),
			DONE
		),
	// Says what it is told, a little at a time; or refuses with those words, or with the key in them.
	echo: ({ prompt }) => {
		const size = Math.max(7, Math.ceil(prompt.length / 200));
		const pieces = Array.from({ length: Math.ceil(prompt.length / size) }, (_, i) =>
			text(prompt.slice(i * size, (i + 1) * size))
		);
		return stream(...pieces.flatMap((piece): readonly Step[] => [piece, { waitMs: 2 }]), finish(), DONE);
	},
	'refuse-echo': ({ prompt }) => refusal(400, prompt),
	'refuse-key': ({ authorization }) => refusal(401, `Incorrect key provided: ${authorization ?? 'none'}`),
	// Framing
	comments: () =>
		stream(
			comment,
			comment,
			text('Hello'),
			comment,
			{ say: ':\n' },
			text(', world.'),
			finish(),
			comment,
			usage(),
			DONE
		),
	bom: () => stream({ say: '\ufeff' }, ...good),
	'no-space': () =>
		stream(
			{ say: 'data:{"choices":[{"delta":{"content":"Hello, world."},"finish_reason":"stop"}]}\n\n' },
			DONE
		),
	'multi-line-data': () =>
		stream(
			{ say: 'data: {"choices":[{"delta":\ndata: {"content":"Hello, world."},"finish_reason":"stop"}]}\n\n' },
			DONE
		),
	'comment-inside': () =>
		stream(
			{
				say: 'data: {"choices":[{"delta":\n: OPENROUTER PROCESSING\ndata: {"content":"Hello, world."},"finish_reason":"stop"}]}\n\n'
			},
			DONE
		),
	'mixed-newlines': () =>
		stream(
			{ bytes: encoder.encode('data: {"choices":[{"delta":{"content":"Hello"}}]}\r\n\r\n') },
			{ bytes: encoder.encode('data: {"choices":[{"delta":{"content":", wor"}}]}\r\r') },
			{ bytes: encoder.encode('data: {"choices":[{"delta":{"content":"ld."},"finish_reason":"stop"}]}\n\n') },
			DONE
		),
	'id-and-retry': () => stream({ say: 'id: 7\nretry: 10\n\n' }, ...good),
	'event-lines': () =>
		stream(event({}, 'ping'), text('Hello, world.'), event({ type: 'x' }, 'something'), finish(), DONE),
	'empty-data': () => stream({ say: 'data:\n\n' }, ...good),
	'no-final-blank-line': () =>
		stream(...hello, finish(), { say: `data: ${JSON.stringify({ choices: [], usage: USAGE })}\n` }),
	'big-event': () => stream(text('x'.repeat(2_000_000)), finish(), DONE),
	'too-big-event': () => stream({ say: `data: ${'x'.repeat(9_000_000)}` }),
	'invalid-utf8': () =>
		stream(
			{ bytes: encoder.encode('data: {"choices":[{"delta":{"content":"a') },
			{ bytes: new Uint8Array([0xff]) },
			{ bytes: encoder.encode('b"}}]}\n\n') },
			finish(),
			DONE
		),
	surrogates: () =>
		stream(
			{ say: 'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n' },
			{ waitMs: 60 },
			{ say: 'data: {"choices":[{"delta":{"content":"\\ude00"}}]}\n\n' },
			finish(),
			DONE
		),
	malformed: () =>
		stream(text('Hello'), { say: 'data: {"choices": [oops\n\n' }, text(', world.'), finish(), DONE),
	// Content
	reasoning: () => stream(chunk({ reasoning: 'Hm. ' }), chunk({ reasoning: 'Yes.' }), ...good),
	'reasoning-content': () => stream(chunk({ reasoning_content: 'Hm. Yes.' }), ...good),
	'reasoning-text': () => stream(chunk({ reasoning_text: 'Hm. Yes.' }), ...good),
	'reasoning-details': () =>
		stream(
			chunk({ reasoning: 'Hm. ', reasoning_details: [{ type: 'reasoning.text', text: 'Hm. ', index: 0 }] }),
			chunk({ reasoning: 'Yes.', reasoning_details: [{ type: 'reasoning.text', text: 'Yes.', index: 0 }] }),
			chunk({ reasoning_details: [{ type: 'reasoning.text', signature: 'c2ln', index: 0 }] }),
			...good
		),
	'encrypted-details': () =>
		stream(
			chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'c2VjcmV0', index: 0 }] }),
			...good
		),
	'whitespace-first': () => stream(text(' \n'), ...good),
	'only-reasoning': () => stream(chunk({ reasoning: 'Hm…' }), finish('length'), usage(), DONE),
	'content-parts': () =>
		stream(
			chunk({
				content: [
					{ type: 'text', text: 'Hello, ' },
					{ type: 'text', text: 'world.' }
				]
			}),
			finish(),
			DONE
		),
	refusal: () => stream(chunk({ refusal: 'I will not.' }), finish(), DONE),
	'null-delta': () => stream(chunk(null), ...good),
	'no-choices': () => stream(event({ id: 'x', choices: [] }), event({ object: 'ping' }), ...good),
	'minimal-chunks': () => stream(event({ choices: [{ delta: { content: 'Hello, world.' } }] }), DONE),
	'no-usage': () => stream(...hello, finish(), DONE),
	'usage-with-choices': () => stream(...hello, chunk({ content: '' }, 'stop', { usage: USAGE }), DONE),
	'odd-fields': () =>
		stream(
			event({ debug: { echo: true }, choices: [{ delta: { annotations: [{ type: 'url_citation' }] } }] }),
			chunk({ content: 'Hello, world.', images: [], audio: null, tool_calls: [] }),
			event({ choices: [{}] }),
			finish(),
			DONE
		),
	'finish-twice': () =>
		stream(...hello, finish(), chunk({ content: '' }, 'stop'), chunk({}, null, { usage: USAGE }), DONE),
	'finish-empty-string': () => stream(chunk({ content: 'Hello, world.' }, ''), finish(), DONE),
	'finish-unknown': () => stream(...hello, finish('because'), DONE),
	length: () => stream(...hello, finish('length'), usage(), DONE),
	'model-switched': () =>
		stream(
			chunk({ content: 'Hello, world.' }, null, { model: 'other/model', provider: 'Other' }),
			chunk({}, 'stop', { model: 'other/model', provider: 'Other' }),
			DONE
		),
	'tool-arguments-cut': () =>
		stream(
			...hello,
			chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'look', arguments: '{"at"' } }] }),
			finish('tool_calls'),
			DONE
		),
	'tool-calls': () =>
		stream(
			chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'look', arguments: '{"at"' } }] }),
			chunk({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
			chunk({ tool_calls: [{ index: 0, id: 'b', function: { name: 'find', arguments: '{}' } }] }),
			finish('tool_calls'),
			DONE
		),
	'not-streamed': () =>
		json(200, {
			model: 'test/model',
			choices: [{ message: { content: 'Hello, world.' }, finish_reason: 'stop' }],
			usage: USAGE
		}),
	// Endings
	'no-done': () => stream(...hello, finish(), usage()),
	'done-without-finish': () => stream(...hello, DONE),
	'usage-only-end': () => stream(...hello, usage()),
	truncated: () => stream(...hello),
	'reset-first': () => ({ status: 200, headers: STREAM, steps: [], resetsFirst: true }),
	'reset-after-headers': () => endless(comment, { waitMs: 20 }, { end: 'reset' }),
	'reset-mid-event': () =>
		endless(...hello, { say: 'data: {"choices":[{"del' }, { waitMs: 20 }, { end: 'reset' }),
	hang: () => endless(comment, { end: 'hang' }),
	'hang-mid-answer': () => endless(...hello, { end: 'hang' }),
	'heartbeats-after-finish': () => endless(...hello, finish(), usage(), ...heartbeats, close),
	empty: () => stream(finish(), DONE),
	'empty-once': ({ turn }) => (turn === 0 ? stream(finish(), DONE) : stream(...good)),
	'error-first': () => stream(comment, event({ error: { code: 502, message: 'Upstream is down' } })),
	'error-first-once': ({ turn }) =>
		turn === 0
			? stream(comment, event({ error: { code: 502, message: 'Upstream is down' } }))
			: stream(...good),
	'error-mid': () =>
		stream(
			...hello,
			chunk({ content: '' }, 'error', { error: { code: 'server_error', message: 'It broke' } })
		),
	'error-mid-no-choices': () =>
		stream(
			...hello,
			event({ error: { code: 500, message: 'It broke', metadata: { error_type: 'server' } }, choices: [] })
		),
	'error-after-length': () =>
		stream(
			...hello,
			finish('length'),
			event({
				error: { code: 400, message: 'Token limit reached' },
				choices: [{ delta: {}, finish_reason: null }],
				usage: USAGE
			}),
			DONE
		),
	'finish-error': () => stream(...hello, finish('error'), DONE),
	'ok-with-error': () => json(200, { error: { code: 429, message: 'Rate limited' } }),
	'string-error': () => json(200, { error: 'Unexpected endpoint or method.' }),
	'html-502': () => ({
		status: 502,
		headers: { 'content-type': 'text/html' },
		steps: [{ say: '<html><body>Bad gateway</body></html>' }, close]
	}),
	'html-200': () => ({
		status: 200,
		headers: { 'content-type': 'text/html' },
		steps: [{ say: '<html></html>' }, close]
	}),
	'zod-error': () =>
		json(400, { success: false, error: { name: 'ZodError', message: '[{"path":["model"]}]' } }),
	// Statuses
	status: ({ options }) =>
		refusal(
			Number(options.get('code') ?? 500),
			options.get('message') ?? 'Refused',
			{},
			options.has('after') ? { 'retry-after': options.get('after') ?? '' } : {}
		),
	flap: ({ turn, options }) =>
		turn < Number(options.get('times') ?? 1)
			? refusal(
					Number(options.get('code') ?? 503),
					options.get('message') ?? 'Try again',
					{},
					options.has('after') ? { 'retry-after': options.get('after') ?? '' } : {}
				)
			: stream(...good),
	/** Asks to wait for longer than anybody likes to. */
	busy: ({ turn }) =>
		turn % 2 === 0
			? refusal(429, 'Too many at once', { provider_name: 'TestProvider', retry_after_seconds: 40 })
			: stream(...good),
	'limited-in-body': ({ turn }) =>
		turn === 0
			? refusal(429, 'Provider returned error', {
					provider_name: 'Google',
					raw: 'rate-limited upstream',
					retry_after_seconds: 2
				})
			: stream(...good),
	'not-retryable': () =>
		json(503, { error: { code: 503, message: 'No provider', availability: { retryable: false } } }),
	'in-flight-budget': ({ turn }) =>
		turn === 0
			? refusal(402, 'Budget in flight', { limit_source: 'openrouter_in_flight_budget' })
			: stream(...good),
	'loading-model': ({ turn, options }) =>
		turn < Number(options.get('times') ?? 3)
			? json(503, { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } })
			: stream(...good),
	'context-length': () =>
		refusal(400, 'This endpoint’s maximum context length is 8192 tokens.', {
			error_type: 'context_length_exceeded'
		})
};

/** An answer of the practice generator, for models that are no scenario: `any?rate=100&tokens=600`. */
export function generated({ prompt, turn, options }: Asked): Reply {
	const { reasoning, content } = generateAnswer(prompt, turn);
	const waitMs = 1000 / Number(options.get('rate') ?? 200);
	const wanted = Number(options.get('tokens') ?? 0);
	const words = [...toTokens(content)];
	for (let more = 1; words.length < wanted; more++)
		words.push('\n\n', ...toTokens(generateAnswer(prompt, turn + more).content));
	if (wanted > 0) words.length = wanted;
	return stream(
		...toTokens(reasoning).map((word) => chunk({ reasoning: word })),
		...words.flatMap((word): readonly Step[] => [text(word), bill(1), { waitMs }]),
		finish(),
		event({ choices: [], usage: { ...USAGE, completion_tokens: words.length } }),
		DONE
	);
}
