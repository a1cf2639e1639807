import { afterAll, expect, test } from 'bun:test';
import { createHarness, fastTimers, textOf, type Told } from './harness.ts';

const harness = await createHarness({ timers: fastTimers(40) });
afterAll(() => harness.server.close());

type Expected =
	| { readonly state: 'done'; readonly content: string; readonly finish: string; readonly warns?: boolean }
	| { readonly state: 'failed'; readonly content: string; readonly code: string };

const HELLO = 'Hello, world.';
const SLICES = ['?slice=1', '?slice=7', '?slice=64'];
const done = (content = HELLO, finish = 'stop', warns = false): Expected => ({
	state: 'done',
	content,
	finish,
	warns
});
const failed = (code: string, content = ''): Expected => ({ state: 'failed', content, code });

const rules: Readonly<Record<string, Expected>> = {
	plain: done(),
	comments: done(),
	bom: done(),
	'no-space': done(),
	'multi-line-data': done(),
	'comment-inside': done(),
	'mixed-newlines': done(),
	'id-and-retry': done(),
	'event-lines': done(),
	'empty-data': done(),
	'no-final-blank-line': done(),
	malformed: done(),
	surrogates: done('😀'),
	'invalid-utf8': done('a\ufffdb'),
	reasoning: done(),
	'reasoning-content': done(),
	'reasoning-text': done(),
	'reasoning-details': done(),
	'encrypted-details': done(),
	'whitespace-first': done(` \n${HELLO}`),
	'tool-calls': done('', 'tool_calls'),
	'model-switched': done(HELLO),
	'no-usage': done(),
	'usage-with-choices': done(),
	'odd-fields': done(),
	'content-parts': done(),
	refusal: done('I will not.'),
	'null-delta': done(),
	'no-choices': done(),
	'minimal-chunks': done(HELLO, 'unknown'),
	'finish-twice': done(),
	'finish-empty-string': done(),
	'finish-unknown': done(HELLO, 'because'),
	length: done(HELLO, 'length', true),
	'only-reasoning': done('', 'length', true),
	'not-streamed': done(),
	'no-done': done(),
	'done-without-finish': done(HELLO, 'unknown'),
	'usage-only-end': done(HELLO, 'unknown'),
	'error-after-length': done(HELLO, 'length', true),
	'heartbeats-after-finish': done(),
	truncated: failed('truncated', HELLO),
	'tool-arguments-cut': failed('tool_args', HELLO),
	'reset-mid-event': failed('network', HELLO),
	'hang-mid-answer': failed('timeout', HELLO),
	'error-mid': failed('protocol', HELLO),
	'error-mid-no-choices': failed('server', HELLO),
	'finish-error': failed('server', HELLO),
	'too-big-event': failed('oversize'),
	'big-event': done('x'.repeat(2_000_000)),
	'reset-first': failed('network'),
	'reset-after-headers': failed('network'),
	hang: failed('timeout'),
	empty: failed('empty'),
	'error-first': failed('unavailable'),
	'ok-with-error': failed('rate_limit'),
	'html-502': failed('unavailable'),
	'string-error': failed('protocol'),
	'html-200': failed('protocol'),
	'zod-error': failed('bad_request'),
	'context-length': failed('context_length'),
	'not-retryable': failed('unavailable')
};

const check = (told: Told, expected: Expected): void => {
	const { outcome } = told;
	expect(outcome.state).toBe(expected.state);
	expect(outcome.content).toBe(expected.content);
	if (expected.state === 'done') {
		expect(outcome.finish).toBe(expected.finish);
		expect(outcome.warning !== null).toBe(expected.warns ?? false);
	} else {
		expect(outcome.failure?.code as string).toBe(expected.code);
	}
	expect(textOf(told, 'journal', 'content')).toBe(expected.content);
	expect(textOf(told, 'delta', 'content')).toBe(expected.content);
	expect(told.messages.at(-1)?.type).toBe('end');
};

for (const [scenario, expected] of Object.entries(rules)) {
	// What is large is not sent byte by byte.
	for (const framing of ['too-big-event', 'big-event'].includes(scenario)
		? ['', '?slice=4096']
		: ['?slice=1', '?slice=7', '?slice=64', '?newline=crlf', '?newline=cr', '?gzip']) {
		// Broken bytes inside a compressed stream are another fault than broken text.
		if (framing === '?gzip' && scenario.startsWith('reset-')) continue;
		// A carriage return inside the events is part of what these scenarios are about.
		if (framing.startsWith('?newline') && ['not-streamed', 'invalid-utf8'].includes(scenario)) continue;
		test(`${scenario}${framing}`, async () => {
			check(await harness.run(`scenario:${scenario}${framing}`), expected);
		});
	}
}

test('every alias of reasoning arrives as reasoning, with its details whole', async () => {
	const aliases = ['reasoning', 'reasoning-content', 'reasoning-text', 'reasoning-details'];
	for (const model of aliases.flatMap((alias) => SLICES.map((slice) => `scenario:${alias}${slice}`))) {
		const { outcome } = await harness.run(model);
		expect(outcome.reasoning).toBe('Hm. Yes.');
		expect(outcome.content).toBe(HELLO);
		expect(outcome.reasoningMs).not.toBeNull();
	}
	const { outcome } = await harness.run('scenario:reasoning-details');
	expect(outcome.reasoningDetails).toEqual([
		{ type: 'reasoning.text', text: 'Hm. Yes.', index: 0, signature: 'c2ln' }
	]);
});

test('two tool calls that share an index stay two', async () => {
	for (const slice of SLICES) {
		const { outcome } = await harness.run(`scenario:tool-calls${slice}`);
		expect(outcome.toolCalls).toEqual([
			{ id: 'a', name: 'look', arguments: '{"at":1}' },
			{ id: 'b', name: 'find', arguments: '{}' }
		]);
	}
});

test('the record of an attempt holds who answered and what it cost, exactly', async () => {
	for (const slice of SLICES) {
		const { attempts } = await harness.run(`scenario:plain${slice}`);
		expect(attempts).toHaveLength(1);
		expect(attempts[0]).toMatchObject({
			provider: 'TestProvider',
			servedModel: 'test/model',
			generationId: 'gen-test-1',
			httpStatus: 200,
			finish: 'stop',
			usage: { promptTokens: 12, cachedTokens: 4, completionTokens: 3, reasoningTokens: 1, costNano: 42_000 },
			failure: null
		});
	}
	const { attempts: switched } = await harness.run('scenario:model-switched');
	expect(switched[0]).toMatchObject({ servedModel: 'other/model', provider: 'Other' });
});

test('account ids never come out', async () => {
	const { outcome, messages } = await harness.run(
		'scenario:status?code=403&message=Blocked+for+user_2wT5ElBE4Es3R4QrNLpZiXICmQP'
	);
	expect(outcome.failure?.code).toBe('forbidden');
	expect(JSON.stringify(messages)).not.toContain('2wT5ElBE4Es3R4QrNLpZiXICmQP');
	expect(JSON.stringify(messages)).not.toContain('sk-test-key');
});

test('a key that a server quotes back stays out of everything that is told', async () => {
	const { outcome, messages } = await harness.run('scenario:refuse-key');
	expect(outcome.failure?.code).toBe('auth');
	expect(outcome.failure?.message).toContain('Bearer [key]');
	expect(JSON.stringify(messages)).not.toContain('sk-test-key');
});
