/** What an endpoint offers, and whether its key is good. */
import { err, ok, type Result } from '@stemma/graph/result';
import { z } from 'zod';
import { readErrorResponse, toFailure } from './error-body.ts';
import { endpointUrl, requestHeaders } from './profiles.ts';
import type { Endpoint, RunFailure } from './run-protocol.ts';
import type { Transport } from './transport.ts';
import { PRACTICE_MODEL } from './practice/practice-transport.ts';

export interface Model {
	readonly id: string;
	readonly name: string;
	/** Tokens, null when the server does not say. */
	readonly contextLength: number | null;
	/** Dollars per token as the server writes them, null when unknown. */
	readonly promptPrice: string | null;
	readonly completionPrice: string | null;
}

const text = z.string().nullish().catch(null);
const count = z.number().nullish().catch(null);
const listed = z.looseObject({
	id: z.string(),
	name: text,
	context_length: count,
	max_model_len: count,
	meta: z.looseObject({ n_ctx: count, n_ctx_train: count }).nullish().catch(null),
	pricing: z.looseObject({ prompt: text, completion: text }).nullish().catch(null)
});
const list = z.looseObject({ data: z.array(z.unknown()) });

export async function listModels(
	transport: Transport,
	endpoint: Endpoint,
	key: string | null,
	signal: AbortSignal
): Promise<Result<readonly Model[], RunFailure>> {
	if (endpoint.via === 'page') {
		return ok([
			{
				id: PRACTICE_MODEL,
				name: 'Practice model',
				contextLength: 32_768,
				promptPrice: null,
				completionPrice: null
			}
		]);
	}
	const body = await getJson(transport, endpoint, key, 'models', signal);
	if (!body.ok) return body;
	const parsed = list.safeParse(body.value);
	if (!parsed.success) return err(notAnApi());
	return ok(
		parsed.data.data.flatMap((raw) => {
			const model = listed.safeParse(raw);
			if (!model.success) return [];
			const { id, name, context_length, max_model_len, meta, pricing } = model.data;
			return [
				{
					id,
					name: name ?? id,
					contextLength: context_length ?? max_model_len ?? meta?.n_ctx ?? null,
					promptPrice: pricing?.prompt ?? null,
					completionPrice: pricing?.completion ?? null
				}
			];
		})
	);
}

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
		is_free_tier: z.boolean().nullish().catch(null)
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
	const words = body ? await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).text() : '';
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
