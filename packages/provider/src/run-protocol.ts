/**
 * What the page and the run worker say to each other. All of it is plain data (structured clone).
 * A run is one message version being generated; an attempt is one POST of it.
 */
import type { JsonValue } from '@stemma/graph/part';

export type RunState =
	| 'queued'
	| 'connecting'
	| 'retry_wait'
	| 'waiting'
	| 'streaming'
	| 'finishing'
	| 'done'
	| 'cancelled'
	| 'failed';

export type ProfileName =
	'openrouter' | 'openai' | 'ollama' | 'llama_cpp' | 'lm_studio' | 'vllm' | 'practice';

/** Where requests go. Holds no secret: keys are looked up by endpoint id where they are used. */
export interface Endpoint {
	/** 32 lower-case hex characters, or a fixed name for built-in ones ("practice", "server:openrouter"). */
	readonly id: string;
	readonly label: string;
	readonly profile: ProfileName;
	/** With path, without a trailing slash: `https://openrouter.ai/api/v1`. Empty for the practice model. */
	readonly baseUrl: string;
	/** `relay`: through this page's own server, which adds the key. `page`: computed here, no network. */
	readonly via: 'direct' | 'relay' | 'page';
}

export interface WireMessage {
	readonly role: 'system' | 'user' | 'assistant' | 'tool';
	readonly content: string | readonly JsonValue[];
	readonly [extra: string]: JsonValue | undefined;
}

/** The body of POST /chat/completions except `stream` and what the profile adds. */
export interface ChatRequest {
	readonly model: string;
	readonly messages: readonly WireMessage[];
	readonly [extra: string]: JsonValue | readonly WireMessage[] | undefined;
}

export type Channel = 'content' | 'reasoning' | 'tool';

export interface Usage {
	readonly promptTokens: number | null;
	readonly cachedTokens: number | null;
	readonly completionTokens: number | null;
	readonly reasoningTokens: number | null;
	/** Integer nano-dollars as the server charged it, null when it did not say. */
	readonly costNano: number | null;
}

export interface ToolCall {
	readonly id: string;
	readonly name: string;
	readonly arguments: string;
}

export type RunFailureCode =
	| 'auth'
	| 'payment'
	| 'forbidden'
	| 'not_found'
	| 'bad_request'
	| 'context_length'
	| 'rate_limit'
	| 'server'
	| 'unavailable'
	| 'timeout'
	| 'network'
	| 'truncated'
	| 'tool_args'
	| 'empty'
	| 'oversize'
	| 'interrupted'
	| 'protocol';

export interface RunFailure {
	readonly code: RunFailureCode;
	/** The server's own words, stripped of account ids; shown under our sentence. */
	readonly message: string;
	readonly status: number | null;
	readonly provider: string | null;
	/** The server may have billed this attempt. */
	readonly maybeCharged: boolean;
}

/** One POST, as it stands; sent again whenever it changes. Times are ms since 1970. */
export interface AttemptRecord {
	readonly id: string;
	readonly n: number;
	readonly provider: string | null;
	readonly servedModel: string | null;
	readonly generationId: string | null;
	readonly httpStatus: number | null;
	readonly sentAt: number;
	readonly firstTokenAt: number | null;
	readonly endedAt: number | null;
	readonly finish: string | null;
	readonly nativeFinish: string | null;
	readonly usage: Usage | null;
	readonly bytes: number;
	readonly chunks: number;
	readonly malformed: number;
	readonly keepAlives: number;
	readonly flags: readonly ('no_done' | 'truncated' | 'maybe_charged' | 'length_warning')[];
	readonly failure: RunFailure | null;
}

export interface RunOutcome {
	readonly state: 'done' | 'cancelled' | 'failed';
	readonly content: string;
	readonly reasoning: string;
	/** Milliseconds from the first to the last reasoning delta, null without reasoning. */
	readonly reasoningMs: number | null;
	readonly reasoningDetails: readonly JsonValue[];
	readonly toolCalls: readonly ToolCall[];
	readonly finish: string | null;
	readonly failure: RunFailure | null;
	/** A sentence for the user on an unusual but successful end ("The token limit was reached."). */
	readonly warning: string | null;
}

export interface StartRun {
	readonly type: 'start';
	readonly runId: string;
	readonly endpoint: Endpoint;
	readonly request: ChatRequest;
}

export type ToRunWorker =
	| StartRun
	| { readonly type: 'cancel'; readonly runId: string }
	/** Ends a retry wait at once: try again, or give up. */
	| { readonly type: 'retry_now' | 'retry_never'; readonly runId: string }
	| { readonly type: 'visibility'; readonly hidden: boolean }
	/** Journal everything now: the page may be about to go. */
	| { readonly type: 'flush' };

export type FromRunWorker =
	| {
			readonly type: 'state';
			readonly runId: string;
			readonly state: RunState;
			readonly at: number;
			/** In retry_wait: when the next attempt starts, and why the last one failed. */
			readonly notBefore?: number;
			readonly failure?: RunFailure;
	  }
	/** Text to append on screen, at most 30 times a second. Never ends in half a surrogate pair. */
	| { readonly type: 'delta'; readonly runId: string; readonly channel: Channel; readonly text: string }
	/** Text to write down, every second or 4 kB. `seq` counts from 1 within the run. */
	| {
			readonly type: 'journal';
			readonly runId: string;
			readonly seq: number;
			readonly channel: Channel;
			readonly text: string;
	  }
	| { readonly type: 'attempt'; readonly runId: string; readonly attempt: AttemptRecord }
	| { readonly type: 'end'; readonly runId: string; readonly outcome: RunOutcome };
