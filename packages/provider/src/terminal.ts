/** How a stream ended, by the first rule that fits. */
import { toFailure } from './error-body.ts';
import { hasOutput, type Accumulated } from './accumulate.ts';
import type { RunFailure } from './run-protocol.ts';
import { maybeCharged, type RetryCase } from './retry.ts';

export type StreamEnd = 'done_event' | 'finish_grace' | 'eof' | 'reset' | 'timeout' | 'oversize';

export type Verdict =
	| {
			readonly state: 'done';
			readonly finish: string;
			readonly warning: string | null;
			readonly noDone: boolean;
	  }
	| { readonly state: 'failed'; readonly failure: RunFailure; readonly retry: RetryCase | null };

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

export function judge(state: Accumulated, end: StreamEnd): Verdict {
	const spoke = hasOutput(state);
	const fail = (code: RunFailure['code'], message: string, failedAs: RetryCase | null): Verdict => ({
		state: 'failed',
		failure: {
			code,
			message,
			status: null,
			provider: state.provider,
			maybeCharged: spoke || (failedAs !== null && maybeCharged(failedAs))
		},
		retry: spoke ? null : failedAs
	});
	const done = (finish: string, warning: string | null, noDone: boolean): Verdict => ({
		state: 'done',
		finish,
		warning,
		noDone
	});

	if (state.error) {
		if (state.finish === 'length' && state.error.status === 400)
			return done('length', 'The token limit was reached.', false);
		const failedAs: RetryCase = { type: 'status', error: state.error };
		return {
			state: 'failed',
			failure: toFailure(
				{ ...state.error, provider: state.error.provider ?? state.provider },
				spoke || maybeCharged(failedAs)
			),
			retry: spoke ? null : failedAs
		};
	}
	if (end === 'oversize') return fail('oversize', 'The answer is larger than 32 MB.', null);
	if (state.finish === 'error')
		return fail('server', 'The server ended the answer with an error.', spoke ? null : { type: 'reset' });
	const isOver = end === 'done_event' || end === 'finish_grace' || state.finish !== null;
	if (isOver) {
		// Some servers call a truncated call finished.
		if (state.tools.some(({ arguments: text }) => text !== '' && !isJson(text)))
			return fail('tool_args', 'The model called a tool with arguments that cannot be read.', null);
		if (!spoke && state.finish !== 'length')
			return fail('empty', 'The server ended the answer without a word.', { type: 'empty' });
		const spentOnThought = state.finish === 'length' && state.content === '' && state.reasoning !== '';
		return done(
			state.finish ?? 'unknown',
			spentOnThought || !spoke
				? 'The whole token budget went into reasoning. Allow more tokens or less effort.'
				: state.finish === 'length'
					? 'The token limit was reached.'
					: null,
			end !== 'done_event'
		);
	}
	switch (end) {
		case 'eof':
			if (state.usage && spoke) return done('unknown', null, true);
			return fail('truncated', 'The connection closed in the middle of the answer.', { type: 'reset' });
		case 'reset':
			return fail('network', 'The connection broke.', { type: 'reset' });
		case 'timeout':
			return fail('timeout', 'The server went silent.', { type: 'timeout' });
	}
}
