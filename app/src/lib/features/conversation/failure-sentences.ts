/** The one place where a failure's code becomes words and a way out. */
import type { RunFailureCode } from '@stemma/provider/run-protocol';
import type { JsonValue } from '@stemma/graph/part';
import * as z from 'zod/mini';

interface Sentence {
	readonly sentence: string;
	/** What the user can do about it, as the label of a button that leads there. */
	readonly action: 'retry' | 'settings' | 'model' | 'shorten';
}

const sentences: Readonly<Record<RunFailureCode, Sentence>> = {
	auth: { sentence: 'The server does not accept the key.', action: 'settings' },
	payment: { sentence: 'The credit is used up, or the key has reached its limit.', action: 'settings' },
	forbidden: { sentence: 'The server refuses this request.', action: 'model' },
	not_found: { sentence: 'The server does not have this model.', action: 'model' },
	bad_request: { sentence: 'The server does not understand the request.', action: 'model' },
	context_length: { sentence: 'The conversation is longer than the model can read.', action: 'shorten' },
	rate_limit: { sentence: 'Too many requests for now.', action: 'retry' },
	server: { sentence: 'The server has a fault of its own.', action: 'retry' },
	unavailable: { sentence: 'The model is not available at the moment.', action: 'retry' },
	timeout: { sentence: 'The server went silent.', action: 'retry' },
	network: { sentence: 'The server could not be reached, or the connection broke.', action: 'retry' },
	truncated: {
		sentence: 'The connection closed in the middle of the answer. What came is kept.',
		action: 'retry'
	},
	tool_args: {
		sentence:
			'The model called a tool with arguments that cannot be read. Nothing was run; what came is kept.',
		action: 'retry'
	},
	empty: { sentence: 'The model said nothing.', action: 'retry' },
	oversize: { sentence: 'The answer was too large to take in.', action: 'retry' },
	interrupted: { sentence: 'Stemma was closed while this was written. What came is kept.', action: 'retry' },
	protocol: { sentence: 'The server answered in a way that is not understood.', action: 'settings' }
};

const failure = z.looseObject({
	code: z.string(),
	message: z.catch(z.string(), ''),
	status: z.nullish(z.number()),
	provider: z.nullish(z.string()),
	maybeCharged: z.catch(z.boolean(), false)
});

export interface ToldFailure extends Sentence {
	/** The server's own words. */
	readonly detail: string;
	readonly maybeCharged: boolean;
}

/** From what a run's row holds; null when nothing failed. */
export function tellFailure(raw: JsonValue): ToldFailure | null {
	const parsed = failure.safeParse(raw);
	if (!parsed.success || parsed.data.code === 'warning') return null;
	const { code, message, status, provider, maybeCharged } = parsed.data;
	const known = code in sentences ? sentences[code as RunFailureCode] : sentences.protocol;
	const source = [provider, status].filter((part) => part != null).join(' ');
	return { ...known, detail: [source, message].filter((part) => part !== '').join(': '), maybeCharged };
}

/** A remark on an answer that came through all the same. */
export function tellWarning(raw: JsonValue): string | null {
	const parsed = failure.safeParse(raw);
	return parsed.success && parsed.data.code === 'warning' ? parsed.data.message : null;
}
