/** One POST, from sending to its last byte. Knows nothing of retries. */
import { accumulate, hasOutput, NOTHING, type Accumulated } from './accumulate.ts';
import { readError, readErrorResponse, toFailure, withoutKey, type ServerError } from './error-body.ts';
import { normalise, type ChunkEvent } from './normalise.ts';
import { endpointUrl, profileOf, requestBody, requestHeaders } from './profiles.ts';
import { maybeCharged, type RetryCase } from './retry.ts';
import type { AttemptRecord, ChatRequest, Endpoint, RunFailure } from './run-protocol.ts';
import { createSseReader } from './sse.ts';
import { judge, type StreamEnd, type Verdict } from './terminal.ts';
import type { Timers } from './timers.ts';
import type { Transport, TransportResponse } from './transport.ts';

/** Some servers keep the socket open and send heartbeats for ever after the last word. */
const GRACE_MS = 3000;
const ERROR_BODY_CHARS = 64 * 1024;

export interface AttemptInput {
	readonly id: string;
	readonly n: number;
	readonly endpoint: Endpoint;
	readonly request: ChatRequest;
	readonly key: string | null;
}

export interface AttemptObserver {
	/** 2xx headers arrived. */
	onHeaders(): void;
	onEvent(event: ChunkEvent, state: Accumulated): void;
	onRecord(record: AttemptRecord): void;
}

export type AttemptEnd =
	| { readonly type: 'aborted'; readonly state: Accumulated }
	| { readonly type: 'ended'; readonly state: Accumulated; readonly verdict: Verdict };

export async function runAttempt(
	deps: { readonly transport: Transport; readonly timers: Timers },
	input: AttemptInput,
	signal: AbortSignal,
	observer: AttemptObserver
): Promise<AttemptEnd> {
	const { transport, timers } = deps;
	const { endpoint, request, key } = input;
	const isAborted = (): boolean => signal.aborted;
	const profile = profileOf(endpoint);
	const watchdog = createWatchdog(timers, signal);
	let record: AttemptRecord = {
		id: input.id,
		n: input.n,
		provider: null,
		servedModel: null,
		generationId: null,
		httpStatus: null,
		sentAt: timers.now(),
		firstTokenAt: null,
		endedAt: null,
		finish: null,
		nativeFinish: null,
		usage: null,
		bytes: 0,
		chunks: 0,
		malformed: 0,
		keepAlives: 0,
		flags: [],
		failure: null
	};
	const note = (patch: Partial<AttemptRecord>): void => {
		record = { ...record, ...patch };
		observer.onRecord(record);
	};
	const end = (state: Accumulated, verdict: Verdict): AttemptEnd => {
		watchdog.stop();
		const failure = verdict.state === 'failed' ? verdict.failure : null;
		const flags: AttemptRecord['flags'][number][] = [];
		if (verdict.state === 'done' && verdict.noDone) flags.push('no_done');
		if (verdict.state === 'done' && verdict.warning !== null) flags.push('length_warning');
		if (failure?.code === 'truncated') flags.push('truncated');
		if (failure?.maybeCharged === true) flags.push('maybe_charged');
		note({ endedAt: timers.now(), failure, flags, malformed: state.malformed });
		return { type: 'ended', state, verdict };
	};
	const failed = (failure: RunFailure, retry: RetryCase): AttemptEnd =>
		end(NOTHING, { state: 'failed', failure, retry });
	const serverError = (error: ServerError): AttemptEnd => {
		const retry: RetryCase = { type: 'status', error };
		return failed(toFailure(error, maybeCharged(retry)), retry);
	};

	observer.onRecord(record);
	watchdog.set('headers', profile.headersMs);
	const sent = await transport(
		{
			method: 'POST',
			url: endpointUrl(endpoint, 'chat/completions'),
			headers: requestHeaders(endpoint, key),
			body: requestBody(endpoint, request)
		},
		watchdog.signal
	);
	if (isAborted()) return { type: 'aborted', state: NOTHING };
	if (!sent.ok) {
		const retry: RetryCase = watchdog.hasBitten()
			? { type: 'timeout' }
			: { type: 'connect', afterMs: timers.now() - record.sentAt };
		const code = watchdog.hasBitten() ? 'timeout' : 'network';
		const message = watchdog.hasBitten() ? 'The server did not answer in time.' : sent.error.message;
		return failed({ code, message, status: null, provider: null, maybeCharged: maybeCharged(retry) }, retry);
	}
	const response = sent.value;
	note({
		httpStatus: response.status,
		generationId: response.header('x-generation-id'),
		provider: response.header('x-provider-name')
	});
	const isStream = (response.header('content-type') ?? '').includes('text/event-stream');
	if (response.status < 200 || response.status >= 300) {
		const text = withoutKey(await readText(response), key);
		if (isAborted()) return { type: 'aborted', state: NOTHING };
		return serverError(
			readErrorResponse(text, response.status, response.header('retry-after'), timers.now())
		);
	}
	if (!isStream) {
		const text = withoutKey(await readText(response), key);
		if (isAborted()) return { type: 'aborted', state: NOTHING };
		return end(...judgeWhole(text, response, timers.now()));
	}

	observer.onHeaders();
	watchdog.clear('headers');
	watchdog.set('first output', profile.firstOutputMs);
	watchdog.set('idle', profile.idleMs);
	const sse = createSseReader();
	let state = NOTHING;
	const apply = (event: ChunkEvent): void => {
		const before = state;
		state = accumulate(state, event);
		if (!hasOutput(before) && hasOutput(state)) {
			watchdog.clear('first output');
			note({ firstTokenAt: timers.now() });
		}
		if (event.type === 'usage') note({ usage: state.usage });
		if (before.finish === null && state.finish !== null) {
			note({ finish: state.finish, nativeFinish: state.nativeFinish });
			watchdog.set('grace', GRACE_MS);
		}
		if (
			state.model !== before.model ||
			state.provider !== before.provider ||
			state.generationId !== before.generationId
		) {
			note({
				servedModel: state.model,
				provider: state.provider ?? record.provider,
				generationId: record.generationId ?? state.generationId
			});
		}
		observer.onEvent(event, state);
	};
	const applyAll = (items: ReturnType<typeof sse.end>): void => {
		for (const item of items) {
			if (item.type === 'comment') {
				record = { ...record, keepAlives: record.keepAlives + 1 };
				continue;
			}
			record = { ...record, chunks: record.chunks + 1 };
			for (const event of normalise(item.name, withoutKey(item.data, key), timers.now()))
				if (!state.isDone && !state.error) apply(event);
		}
		record = { ...record, bytes: sse.bytes };
	};

	const how = await readStream(response, watchdog, (bytes): StreamEnd | null => {
		watchdog.set('idle', profile.idleMs);
		const items = sse.push(bytes);
		if (items === 'oversize') return 'oversize';
		applyAll(items);
		if (state.error) return 'eof';
		return state.isDone ? 'done_event' : null;
	});
	if (isAborted()) {
		watchdog.stop();
		note({ endedAt: timers.now() });
		return { type: 'aborted', state };
	}
	if (how === 'eof') applyAll(sse.end());
	return end(state, judge(state, state.isDone ? 'done_event' : how));
}

async function readStream(
	response: TransportResponse,
	watchdog: Watchdog,
	onBytes: (bytes: Uint8Array) => StreamEnd | null
): Promise<StreamEnd> {
	const reader = response.body?.getReader();
	if (!reader) return 'eof';
	const bitten = new Promise<'bitten'>((resolve) => {
		watchdog.signal.addEventListener('abort', () => {
			resolve('bitten');
		});
	});
	try {
		for (;;) {
			const step = await Promise.race([reader.read(), bitten]);
			if (step === 'bitten') return watchdog.hasBitten() === 'grace' ? 'finish_grace' : 'timeout';
			if (step.done) return 'eof';
			const over = onBytes(step.value);
			if (over) return over;
		}
	} catch {
		if (watchdog.hasBitten()) return watchdog.hasBitten() === 'grace' ? 'finish_grace' : 'timeout';
		return 'reset';
	} finally {
		// Ends the connection, too, when the server has not.
		reader.cancel().catch(() => undefined);
	}
}

async function readText(response: TransportResponse): Promise<string> {
	if (!response.body) return '';
	try {
		return (await new Response(response.body as ReadableStream<Uint8Array<ArrayBuffer>>).text()).slice(
			0,
			ERROR_BODY_CHARS
		);
	} catch {
		return '';
	}
}

/** A 2xx that is no stream: an error in disguise, or a server that does not stream. */
function judgeWhole(text: string, response: TransportResponse, nowMs: number): [Accumulated, Verdict] {
	let body: unknown = null;
	try {
		body = JSON.parse(text);
	} catch {
		// Not JSON either: no chat completions here.
	}
	const error = readError(body, response.status, response.header('retry-after'), nowMs);
	const events = error ? [{ type: 'error' as const, error }] : normalise(null, text, nowMs);
	const state = events.reduce(accumulate, NOTHING);
	if (!error && !hasOutput(state)) {
		const failure: RunFailure = {
			code: 'protocol',
			message: 'The server answered with something that is not a chat completion.',
			status: response.status,
			provider: null,
			maybeCharged: false
		};
		return [state, { state: 'failed', failure, retry: null }];
	}
	return [state, judge(state, 'eof')];
}

type Watch = 'headers' | 'first output' | 'idle' | 'grace';

interface Watchdog {
	readonly signal: AbortSignal;
	set(watch: Watch, ms: number): void;
	clear(watch: Watch): void;
	hasBitten(): Watch | null;
	stop(): void;
}

/** Aborts the request when one of its clocks runs out, or when the caller aborts. */
function createWatchdog(timers: Timers, outer: AbortSignal): Watchdog {
	const controller = new AbortController();
	const stops = new Map<Watch, () => void>();
	const deadlines = new Map<Watch, number>();
	let bite: Watch | null = null;
	const stop = (): void => {
		for (const cancel of stops.values()) cancel();
		stops.clear();
		deadlines.clear();
	};
	const arm = (watch: Watch, ms: number): void => {
		stops.set(
			watch,
			timers.after(ms, () => {
				ring(watch);
			})
		);
	};
	/** A deadline that is put off, and every piece of a stream does, is looked at again when its timer rings. */
	const ring = (watch: Watch): void => {
		stops.delete(watch);
		const left = (deadlines.get(watch) ?? 0) - timers.now();
		if (left > 0) {
			arm(watch, left);
			return;
		}
		bite = watch;
		abort();
	};
	const abort = (): void => {
		stop();
		controller.abort();
	};
	if (outer.aborted) abort();
	else outer.addEventListener('abort', abort, { once: true });
	return {
		signal: controller.signal,
		set(watch, ms) {
			const at = timers.now() + ms;
			const isLater = stops.has(watch) && at >= (deadlines.get(watch) ?? 0);
			deadlines.set(watch, at);
			if (isLater) return;
			stops.get(watch)?.();
			arm(watch, ms);
		},
		clear(watch) {
			stops.get(watch)?.();
			stops.delete(watch);
			deadlines.delete(watch);
		},
		hasBitten: () => bite,
		stop() {
			stop();
			outer.removeEventListener('abort', abort);
		}
	};
}
