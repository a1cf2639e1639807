/** The practice model as a server that lives in the page: the same bytes a real one would send. */
import { estimateTokens } from '@stemma/graph/tokens';
import { err, ok } from '@stemma/graph/result';
import type { Timers } from '../timers.ts';
import type { Transport } from '../transport.ts';
import * as z from 'zod/mini';
import { generateAnswer, toTokens } from './generate.ts';

const TOKENS_PER_SECOND = 60;
const FIRST_TOKEN_MS = 250;
const TICK_MS = 50;
const TOKENS_PER_TICK = (TOKENS_PER_SECOND * TICK_MS) / 1000;

export const PRACTICE_MODEL = 'practice';

const request = z.object({
	messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() }))
});

export function createPracticeTransport(timers: Timers): Transport {
	let asked = 0;
	return (sent, signal) => {
		const parsed = request.safeParse(JSON.parse(sent.body ?? 'null'));
		if (!parsed.success)
			return Promise.resolve(err({ code: 'unreachable', message: 'The practice model got no messages.' }));
		const prompt = parsed.data.messages
			.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))
			.join('\n');
		const last = parsed.data.messages.findLast(({ role }) => role === 'user')?.content;
		// Asked twice, it answers twice differently, as a model would.
		const answer = generateAnswer(typeof last === 'string' ? last : '', asked++);
		const reasoning = toTokens(answer.reasoning);
		const content = toTokens(answer.content);
		const promptTokens = estimateTokens(prompt);

		const encoder = new TextEncoder();
		let stop = (): void => undefined;
		const body = new ReadableStream<Uint8Array>({
			start(controller) {
				const send = (event: unknown): void => {
					controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
				};
				const delta = (fields: object, finish: string | null = null): void => {
					send({ model: PRACTICE_MODEL, choices: [{ index: 0, delta: fields, finish_reason: finish }] });
				};
				signal.addEventListener('abort', () => {
					stop();
					controller.error(new Error('aborted'));
				});
				let thought = 0;
				let said = 0;
				const tick = (): void => {
					for (let i = 0; i < TOKENS_PER_TICK; i++) {
						if (thought < reasoning.length) delta({ reasoning: reasoning[thought++] });
						else if (said < content.length) delta({ content: content[said++] });
					}
					if (said < content.length) {
						stop = timers.after(TICK_MS, tick);
						return;
					}
					delta({}, 'stop');
					const completion = reasoning.length + content.length;
					send({
						choices: [],
						usage: {
							prompt_tokens: promptTokens,
							completion_tokens: completion,
							completion_tokens_details: { reasoning_tokens: reasoning.length }
						}
					});
					controller.enqueue(encoder.encode('data: [DONE]\n\n'));
					controller.close();
				};
				stop = timers.after(FIRST_TOKEN_MS, tick);
			},
			cancel() {
				stop();
			}
		});
		return Promise.resolve(
			ok({ status: 200, header: (name) => (name === 'content-type' ? 'text/event-stream' : null), body })
		);
	};
}
