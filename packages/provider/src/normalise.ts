/** One parsed event of any server to the few things that matter. Never throws: what is odd counts as malformed. */
import type { JsonValue } from '@stemma/graph/part';
import * as z from 'zod/mini';
import { readError, type ServerError } from './error-body.ts';
import type { Usage } from './run-protocol.ts';

export interface ToolDelta {
	readonly index: number;
	readonly id: string | null;
	readonly name: string | null;
	readonly arguments: string;
}

export type ChunkEvent =
	| { readonly type: 'content'; readonly text: string }
	| { readonly type: 'reasoning'; readonly text: string }
	| { readonly type: 'reasoning_details'; readonly details: readonly JsonValue[] }
	| { readonly type: 'tool'; readonly delta: ToolDelta }
	| {
			readonly type: 'meta';
			readonly id: string | null;
			readonly model: string | null;
			readonly provider: string | null;
	  }
	| { readonly type: 'finish'; readonly reason: string; readonly native: string | null }
	| { readonly type: 'usage'; readonly usage: Usage }
	| { readonly type: 'error'; readonly error: ServerError }
	| { readonly type: 'done' }
	| { readonly type: 'malformed' };

const text = z.catch(z.nullish(z.string()), null);
const count = z.catch(z.nullish(z.int().check(z.nonnegative())), null);
const contentPart = z.looseObject({ text });
const delta = z.looseObject({
	content: z.catch(z.nullish(z.union([z.string(), z.array(contentPart)])), null),
	refusal: text,
	reasoning: text,
	reasoning_content: text,
	reasoning_text: text,
	reasoning_details: z.catch(z.nullish(z.array(z.json())), null),
	tool_calls: z.catch(
		z.nullish(
			z.array(
				z.looseObject({
					index: z.catch(z.optional(z.number()), undefined),
					id: text,
					function: z.catch(z.nullish(z.looseObject({ name: text, arguments: text })), null)
				})
			)
		),
		null
	)
});
const choice = z.looseObject({
	delta: z.catch(z.nullish(delta), null),
	message: z.catch(z.nullish(delta), null),
	finish_reason: text,
	native_finish_reason: text
});
const usage = z.looseObject({
	prompt_tokens: count,
	completion_tokens: count,
	cost: z.catch(z.nullish(z.union([z.number(), z.string()])), null),
	prompt_tokens_details: z.catch(z.nullish(z.looseObject({ cached_tokens: count })), null),
	completion_tokens_details: z.catch(z.nullish(z.looseObject({ reasoning_tokens: count })), null)
});
const chunk = z.looseObject({
	id: text,
	model: text,
	provider: text,
	choices: z.catch(z.nullish(z.array(choice)), null),
	usage: z.catch(z.nullish(usage), null)
});

export function normalise(name: string | null, data: string, nowMs: number): readonly ChunkEvent[] {
	const trimmed = data.trim();
	if (trimmed === '') return [];
	if (trimmed === '[DONE]') return [{ type: 'done' }];
	if (name !== null && name !== 'message' && name !== 'error') return [];
	let json: unknown;
	try {
		json = JSON.parse(trimmed);
	} catch {
		return [{ type: 'malformed' }];
	}
	const parsed = chunk.safeParse(json);
	if (!parsed.success) return [{ type: 'malformed' }];
	const { id, model, provider, choices } = parsed.data;
	const events: ChunkEvent[] = [];
	if (id || model || provider)
		events.push({ type: 'meta', id: id ?? null, model: model ?? null, provider: provider ?? null });
	for (const { delta: live, message, finish_reason, native_finish_reason } of choices?.slice(0, 1) ?? []) {
		const body = live ?? message;
		if (body) events.push(...deltaEvents(body));
		if (finish_reason)
			events.push({ type: 'finish', reason: finish_reason, native: native_finish_reason ?? null });
	}
	if (parsed.data.usage) events.push({ type: 'usage', usage: toUsage(parsed.data.usage) });
	// Last, so that text in the same chunk is kept; "first" matters only between chunks.
	const error = readError(json, null, null, nowMs);
	if (error) events.push({ type: 'error', error });
	return events;
}

function deltaEvents(body: z.infer<typeof delta>): readonly ChunkEvent[] {
	const events: ChunkEvent[] = [];
	const reasoning = body.reasoning ?? body.reasoning_content ?? body.reasoning_text ?? '';
	if (reasoning !== '') events.push({ type: 'reasoning', text: reasoning });
	if (body.reasoning_details && body.reasoning_details.length > 0) {
		events.push({ type: 'reasoning_details', details: body.reasoning_details });
	}
	const content = Array.isArray(body.content)
		? body.content.map((part) => part.text ?? '').join('')
		: (body.content ?? '');
	const spoken = content === '' ? (body.refusal ?? '') : content;
	if (spoken !== '') events.push({ type: 'content', text: spoken });
	for (const [i, call] of body.tool_calls?.entries() ?? []) {
		events.push({
			type: 'tool',
			delta: {
				index: call.index ?? i,
				id: call.id === '' ? null : (call.id ?? null),
				name: call.function?.name ?? null,
				arguments: call.function?.arguments ?? ''
			}
		});
	}
	return events;
}

function toUsage(raw: z.infer<typeof usage>): Usage {
	return {
		promptTokens: raw.prompt_tokens ?? null,
		cachedTokens: raw.prompt_tokens_details?.cached_tokens ?? null,
		completionTokens: raw.completion_tokens ?? null,
		reasoningTokens: raw.completion_tokens_details?.reasoning_tokens ?? null,
		costNano: toNano(raw.cost ?? null)
	};
}

const NANO_DIGITS = 9;

/** Dollars as the server wrote them to whole nano-dollars, without a detour over binary fractions. */
export const toNano = (cost: number | string | null): number | null => scaled(cost, NANO_DIGITS);

const MILLION_DIGITS = 6;

/** Dollars per token to whole nano-dollars per million tokens. */
export const toNanoPerMillion = (price: number | string | null): number | null =>
	scaled(price, NANO_DIGITS + MILLION_DIGITS);

function scaled(cost: number | string | null, decimals: number): number | null {
	if (cost === null) return null;
	const match = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(String(cost));
	if (!match) return null;
	const [, whole = '', fraction = '', exponent = '0'] = match;
	const digits = whole + fraction;
	const shift = decimals - fraction.length + Number(exponent);
	if (shift >= 0) return Number(digits + '0'.repeat(Math.min(shift, 30)));
	const kept = digits.slice(0, Math.max(0, digits.length + shift)) || '0';
	const next = digits.at(digits.length + shift) ?? '0';
	return Number(kept) + (next >= '5' ? 1 : 0);
}
