/** The many shapes in which servers say no, as one. Account ids stay out. */
import * as z from 'zod/mini';
import type { RunFailure, RunFailureCode } from './run-protocol.ts';

const metadata = z.looseObject({
	error_type: z.catch(z.optional(z.string()), undefined),
	provider_name: z.catch(z.optional(z.string()), undefined),
	raw: z.optional(z.unknown()),
	limit_source: z.catch(z.optional(z.string()), undefined),
	retry_after_seconds: z.catch(z.optional(z.number()), undefined),
	headers: z.catch(z.optional(z.record(z.string(), z.unknown())), undefined)
});
const errorObject = z.looseObject({
	code: z.catch(z.nullish(z.union([z.number(), z.string()])), null),
	http_status: z.catch(z.optional(z.number()), undefined),
	type: z.catch(z.nullish(z.string()), null),
	message: z.catch(z.string(), ''),
	metadata: z.catch(z.optional(metadata), undefined),
	availability: z.catch(
		z.optional(
			z.looseObject({
				retryable: z.catch(z.optional(z.boolean()), undefined),
				retry_after: z.catch(z.optional(z.number()), undefined)
			})
		),
		undefined
	)
});
const envelope = z.looseObject({ error: z.union([z.string(), errorObject]) });

export interface ServerError {
	/** The HTTP status, or the one the body claims inside a 200. */
	readonly status: number | null;
	readonly message: string;
	readonly type: string | null;
	readonly provider: string | null;
	readonly limitSource: string | null;
	/** Milliseconds the server asks to wait. */
	readonly waitMs: number | null;
	/** The server's own word on whether to try again. */
	readonly retryable: boolean | null;
}

/** The error inside a parsed body or event, or null if there is none. */
export function readError(
	body: unknown,
	status: number | null,
	retryAfter: string | null,
	nowMs: number
): ServerError | null {
	const parsed = envelope.safeParse(body);
	if (!parsed.success) return null;
	const { error } = parsed.data;
	const headerWait = waitFromHeader(retryAfter, nowMs);
	if (typeof error === 'string') {
		return {
			status,
			message: error,
			type: null,
			provider: null,
			limitSource: null,
			waitMs: headerWait,
			retryable: null
		};
	}
	const code = typeof error.code === 'string' ? Number(error.code) : error.code;
	const raw = error.metadata?.raw;
	const detail = typeof raw === 'string' && raw !== '' && raw !== error.message ? raw : null;
	const wait = error.availability?.retry_after ?? error.metadata?.retry_after_seconds;
	const nested = error.metadata?.headers?.['Retry-After'];
	return {
		status:
			(status !== null && status >= 400 ? status : null) ??
			error.http_status ??
			(code && code >= 400 && code < 600 ? code : status),
		message: withoutAccount(detail === null ? error.message : `${error.message}: ${detail}`),
		type: error.metadata?.error_type ?? error.type ?? (typeof error.code === 'string' ? error.code : null),
		provider: error.metadata?.provider_name ?? null,
		limitSource: error.metadata?.limit_source ?? null,
		waitMs:
			wait !== undefined
				? wait * 1000
				: (waitFromHeader(typeof nested === 'string' ? nested : null, nowMs) ?? headerWait),
		retryable: error.availability?.retryable ?? null
	};
}

/** What a non-2xx answer says, whatever it holds: JSON, HTML or nothing. */
export function readErrorResponse(
	text: string,
	status: number,
	retryAfter: string | null,
	nowMs: number
): ServerError {
	let body: unknown = null;
	try {
		body = JSON.parse(text);
	} catch {
		// An HTML page of some proxy: the status has to do.
	}
	return (
		readError(body, status, retryAfter, nowMs) ?? {
			status,
			message: looksLikeHtml(text) ? '' : withoutAccount(text.slice(0, 300)),
			type: null,
			provider: null,
			limitSource: null,
			waitMs: waitFromHeader(retryAfter, nowMs),
			retryable: null
		}
	);
}

/** Some servers quote the key they refuse, and what they say is kept, shown and exported. */
export const withoutKey = (text: string, key: string | null): string =>
	key === null || key === '' ? text : text.replaceAll(key, '[key]');

const looksLikeHtml = (text: string): boolean => /^\s*</.test(text);

/** Account and organisation ids have no place in a log, an export or a snapshot. */
const withoutAccount = (message: string): string =>
	message.replace(/\b(user|org)[_-][A-Za-z0-9]{12,}\b/g, '$1_…');

function waitFromHeader(value: string | null, nowMs: number): number | null {
	if (value === null || value === '') return null;
	const seconds = Number(value);
	if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
	const date = Date.parse(value);
	return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

const CODE_BY_STATUS: Readonly<Record<number, RunFailureCode>> = {
	400: 'bad_request',
	401: 'auth',
	402: 'payment',
	403: 'forbidden',
	404: 'not_found',
	405: 'not_found',
	408: 'timeout',
	413: 'context_length',
	422: 'bad_request',
	429: 'rate_limit',
	500: 'server',
	502: 'unavailable',
	503: 'unavailable',
	504: 'timeout',
	524: 'timeout',
	529: 'unavailable'
};

export function toFailure(error: ServerError, maybeCharged: boolean): RunFailure {
	const isTooLong = /context[ _]?(length|size|window)|maximum context|too many tokens|exceed_context/i.test(
		`${error.type ?? ''} ${error.message}`
	);
	const byStatus = error.status === null ? undefined : CODE_BY_STATUS[error.status];
	return {
		code: isTooLong
			? 'context_length'
			: (byStatus ?? (error.status !== null && error.status >= 500 ? 'server' : 'protocol')),
		message: error.message,
		status: error.status,
		provider: error.provider,
		maybeCharged
	};
}
