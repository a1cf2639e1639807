/** Which failures are tried again, how often and after what pause. Only before the first output. */
import type { ServerError } from './error-body.ts';

export interface RetryRule {
	/** Automatic retries at most. */
	readonly times: number;
	/** First pause in ms; doubles each time, with full jitter. */
	readonly baseMs: number;
}

const NEVER: RetryRule = { times: 0, baseMs: 0 };
const MAX_PAUSE_MS = 20_000;

const RULE_BY_STATUS: Readonly<Record<number, RetryRule>> = {
	408: { times: 1, baseMs: 2000 },
	429: { times: 3, baseMs: 1000 },
	500: { times: 1, baseMs: 1000 },
	502: { times: 2, baseMs: 1000 },
	503: { times: 3, baseMs: 1000 },
	504: { times: 1, baseMs: 2000 },
	524: { times: 1, baseMs: 2000 },
	529: { times: 3, baseMs: 4000 }
};

/** A local server that is still loading its model is asked again for minutes. */
const LOADING: RetryRule = { times: 60, baseMs: 1000 };
const RESET: RetryRule = { times: 1, baseMs: 1000 };

export type RetryCase =
	| { readonly type: 'status'; readonly error: ServerError }
	/** The connection failed; `afterMs` since the request was sent. */
	| { readonly type: 'connect'; readonly afterMs: number }
	/** Headers came, output did not: reset, end or silence. */
	| { readonly type: 'reset' }
	| { readonly type: 'empty' }
	| { readonly type: 'timeout' };

/** A connection that fails at once was never made, so nothing can have been charged. */
const CONNECT_FAILED_MS = 1000;

export function retryRule(failed: RetryCase): RetryRule {
	switch (failed.type) {
		case 'connect':
			return failed.afterMs < CONNECT_FAILED_MS ? RESET : NEVER;
		case 'reset':
		case 'empty':
			return RESET;
		case 'timeout':
			return NEVER;
		case 'status':
			return statusRule(failed.error);
	}
}

function statusRule(error: ServerError): RetryRule {
	if (error.retryable === false) return NEVER;
	if (error.status === 402) {
		return error.limitSource === 'openrouter_in_flight_budget' ? { times: 2, baseMs: 1000 } : NEVER;
	}
	if (error.status === 429 && /per[- ]day|daily/i.test(error.message)) return NEVER;
	if (error.status === 503 && /loading model/i.test(error.message)) return LOADING;
	return (error.status === null ? undefined : RULE_BY_STATUS[error.status]) ?? NEVER;
}

/** @param n retries made so far; `random` in [0, 1) */
export function retryPause(rule: RetryRule, n: number, serverWaitMs: number | null, random: number): number {
	const jitter = random * Math.min(MAX_PAUSE_MS, rule.baseMs * 2 ** n);
	return Math.round(Math.max(serverWaitMs ?? 0, jitter));
}

/** Whether the server may have worked, and charged, before it failed so. */
export function maybeCharged(failed: RetryCase): boolean {
	switch (failed.type) {
		case 'connect':
			return failed.afterMs >= CONNECT_FAILED_MS;
		case 'reset':
		case 'timeout':
			return true;
		case 'empty':
			return false;
		case 'status':
			return failed.error.status !== null && [408, 504, 524].includes(failed.error.status);
	}
}
