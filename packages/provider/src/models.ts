/** What an endpoint offers, and whether its key is good. */
import { err, ok, type Result } from '@stemma/graph/result';
import * as z from 'zod/mini';
import { readErrorResponse, toFailure, withoutKey } from './error-body.ts';
import { toNano, toNanoPerMillion } from './normalise.ts';
import { endpointUrl, requestHeaders } from './profiles.ts';
import type { Endpoint, RunFailure } from './run-protocol.ts';
import type { Transport } from './transport.ts';
import { PRACTICE_MODEL } from './practice/practice-transport.ts';

export interface Model {
	readonly id: string;
	readonly name: string;
	/** Tokens, null when the server does not say. */
	readonly contextLength: number | null;
	/** Such as "text" and "image"; empty when the server does not say. */
	readonly inputs: readonly string[];
	readonly outputs: readonly string[];
	/** Null when the server does not say. */
	readonly price: ModelPrice | null;
}

/** Integer nano-dollars per million tokens, per request nano-dollars; null when unknown. */
export interface ModelPrice {
	readonly prompt: number | null;
	readonly completion: number | null;
	/** For prompt tokens read from the provider's cache. */
	readonly cached: number | null;
	readonly request: number | null;
}

export const practiceModel: Model = {
	id: PRACTICE_MODEL,
	name: 'Practice model',
	contextLength: 32_768,
	inputs: ['text'],
	outputs: ['text'],
	price: null
};

const text = z.catch(z.nullish(z.string()), null);
const count = z.catch(z.nullish(z.number()), null);
const words = z.catch(z.nullish(z.array(z.string())), null);
const amount = z.catch(z.nullish(z.union([z.string(), z.number()])), null);
/** Names are for one line of a list. */
const MOST_NAME_CHARS = 200;
const listed = z.looseObject({
	// An id goes back to the server as it came; with characters nobody can see it is none.
	id: z.string().check(z.regex(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,500}$/u)),
	name: text,
	context_length: count,
	max_model_len: count,
	meta: z.catch(z.nullish(z.looseObject({ n_ctx: count, n_ctx_train: count })), null),
	architecture: z.catch(
		z.nullish(z.looseObject({ input_modalities: words, output_modalities: words })),
		null
	),
	pricing: z.catch(
		z.nullish(
			z.looseObject({ prompt: amount, completion: amount, input_cache_read: amount, request: amount })
		),
		null
	)
});
const list = z.looseObject({ data: z.array(z.unknown()) });

export async function listModels(
	transport: Transport,
	endpoint: Endpoint,
	key: string | null,
	signal: AbortSignal
): Promise<Result<readonly Model[], RunFailure>> {
	if (endpoint.via === 'page') return ok([practiceModel]);
	const body = await getJson(transport, endpoint, key, 'models', signal);
	if (!body.ok) return body;
	const parsed = list.safeParse(body.value);
	if (!parsed.success) return err(notAnApi());
	const seen = new Set<string>();
	return ok(
		parsed.data.data.flatMap((raw) => {
			const model = listed.safeParse(raw);
			if (!model.success || seen.has(model.data.id)) return [];
			seen.add(model.data.id);
			const { id, name, context_length, max_model_len, meta, architecture, pricing } = model.data;
			return [
				{
					id,
					name: (name ?? id).slice(0, MOST_NAME_CHARS),
					contextLength: context_length ?? max_model_len ?? meta?.n_ctx ?? null,
					inputs: architecture?.input_modalities ?? [],
					outputs: architecture?.output_modalities ?? [],
					price: pricing ? toPrice(pricing) : null
				}
			];
		})
	);
}

const toPrice = (pricing: NonNullable<z.infer<typeof listed>['pricing']>): ModelPrice => ({
	prompt: known(toNanoPerMillion(pricing.prompt ?? null)),
	completion: known(toNanoPerMillion(pricing.completion ?? null)),
	cached: known(toNanoPerMillion(pricing.input_cache_read ?? null)),
	request: known(toNano(pricing.request ?? null))
});

/** Beyond what a column of integers holds exactly, a price is a mistake. */
const known = (price: number | null): number | null =>
	price !== null && Number.isSafeInteger(price) ? price : null;

export interface KeyReport {
	readonly label: string | null;
	/** Dollars left, null when unlimited or not told. */
	readonly remaining: number | null;
	readonly used: number | null;
	readonly isFreeTier: boolean;
}

const keyBody = z.looseObject({
	data: z.looseObject({
		label: text,
		limit_remaining: count,
		usage: count,
		is_free_tier: z.catch(z.nullish(z.boolean()), null)
	})
});
const creditsBody = z.looseObject({
	data: z.looseObject({ total_credits: z.number(), total_usage: z.number() })
});

/** Asks OpenRouter about a key; credits need more rights than some keys have, and stay unknown then. */
export async function checkKey(
	transport: Transport,
	endpoint: Endpoint,
	key: string | null,
	signal: AbortSignal
): Promise<Result<KeyReport, RunFailure>> {
	const body = await getJson(transport, endpoint, key, 'key', signal);
	if (!body.ok) return body;
	const parsed = keyBody.safeParse(body.value);
	if (!parsed.success) return err(notAnApi());
	const { label, limit_remaining, usage, is_free_tier } = parsed.data.data;
	const credits = await getJson(transport, endpoint, key, 'credits', signal);
	const balance = credits.ok ? creditsBody.safeParse(credits.value) : null;
	const left =
		balance?.success === true ? balance.data.data.total_credits - balance.data.data.total_usage : null;
	const limits = [limit_remaining ?? null, left].filter((value) => value !== null);
	return ok({
		label: label ?? null,
		remaining: limits.length > 0 ? Math.min(...limits) : null,
		used: usage ?? null,
		isFreeTier: is_free_tier ?? false
	});
}

async function getJson(
	transport: Transport,
	endpoint: Endpoint,
	key: string | null,
	path: string,
	signal: AbortSignal
): Promise<Result<unknown, RunFailure>> {
	const { accept: _stream, 'content-type': _json, ...headers } = requestHeaders(endpoint, key);
	const sent = await transport(
		{ method: 'GET', url: endpointUrl(endpoint, path), headers, body: null },
		signal
	);
	if (!sent.ok) {
		return err({
			code: 'network',
			message: sent.error.message,
			status: null,
			provider: null,
			maybeCharged: false
		});
	}
	const { status, body, header } = sent.value;
	const words = withoutKey(
		body ? await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).text() : '',
		key
	);
	if (status < 200 || status >= 300)
		return err(toFailure(readErrorResponse(words, status, header('retry-after'), 0), false));
	try {
		return ok(JSON.parse(words) as unknown);
	} catch {
		return err(notAnApi());
	}
}

const notAnApi = (): RunFailure => ({
	code: 'protocol',
	message:
		'There is a server, but it does not speak the OpenAI-compatible API. Is the path missing (often /v1)?',
	status: null,
	provider: null,
	maybeCharged: false
});
