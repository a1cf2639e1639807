/** One message version being made: queue, attempts, pauses between them, and an end that comes exactly once. */
import type { Accumulated } from './accumulate.ts';
import { NOTHING } from './accumulate.ts';
import { runAttempt } from './attempt.ts';
import type { Gate } from './gate.ts';
import type { ChunkEvent } from './normalise.ts';
import { profileOf } from './profiles.ts';
import { retryPause, retryRule } from './retry.ts';
import type { Endpoint, FromRunWorker, RunFailure, RunOutcome, RunState, StartRun } from './run-protocol.ts';
import type { Slots } from './slots.ts';
import type { Timers } from './timers.ts';
import { createTokenBuffer } from './token-buffer.ts';
import type { Transport } from './transport.ts';

const HELD_UP: RunFailure = {
	code: 'rate_limit',
	message: 'The server asked for a pause after an earlier request.',
	status: null,
	provider: null,
	maybeCharged: false
};

export interface RunDeps {
	readonly transportFor: (endpoint: Endpoint) => Transport;
	readonly keyFor: (endpointId: string) => Promise<string | null>;
	readonly timers: Timers;
	readonly random: () => number;
	readonly newId: () => string;
	readonly slots: Slots;
	readonly gate: Gate;
}

export interface RunHandle {
	cancel(): void;
	retryNow(): void;
	retryNever(): void;
	setHidden(hidden: boolean): void;
	flush(): void;
}

export function startRun(
	deps: RunDeps,
	start: StartRun,
	isHidden: boolean,
	emit: (message: FromRunWorker) => void
): RunHandle {
	const { timers, slots, gate } = deps;
	const { runId, endpoint, request } = start;
	const controller = new AbortController();
	const gateKey = `${endpoint.id} ${request.model}`;
	let hasEnded = false;
	let current: Accumulated = NOTHING;
	let attemptId = '';
	let reasoningFrom: number | null = null;
	let reasoningTo: number | null = null;
	let journalSeq = 0;
	let endPause: ((choice: 'now' | 'never') => void) | null = null;

	const isOver = (): boolean => hasEnded;
	const setState = (state: RunState, extra: { notBefore?: number; failure?: RunFailure } = {}): void => {
		if (!hasEnded) emit({ type: 'state', runId, state, at: timers.now(), ...extra });
	};
	const buffer = createTokenBuffer(
		timers,
		isHidden,
		({ channel, text }) => {
			emit({ type: 'delta', runId, channel, text });
		},
		({ channel, text }) => {
			emit({ type: 'journal', runId, seq: ++journalSeq, channel, text });
		}
	);

	const finish = (
		state: RunOutcome['state'],
		end: { finish?: string; failure?: RunFailure; warning?: string | null }
	): void => {
		if (hasEnded) return;
		buffer.flush();
		emit({ type: 'state', runId, state, at: timers.now() });
		hasEnded = true;
		controller.abort();
		emit({
			type: 'end',
			runId,
			outcome: {
				state,
				content: current.content,
				reasoning: current.reasoning,
				reasoningMs: reasoningFrom === null || reasoningTo === null ? null : reasoningTo - reasoningFrom,
				reasoningDetails: current.reasoningDetails,
				toolCalls: current.tools.map(({ id, name, arguments: text }) => ({ id, name, arguments: text })),
				finish: end.finish ?? current.finish,
				failure: end.failure ?? null,
				warning: end.warning ?? null
			}
		});
	};

	const onEvent = (event: ChunkEvent, state: Accumulated): void => {
		current = state;
		switch (event.type) {
			case 'reasoning':
				reasoningFrom ??= timers.now();
				reasoningTo = timers.now();
				buffer.push('reasoning', event.text);
				break;
			case 'content':
				if (reasoningFrom !== null && state.content === event.text) reasoningTo = timers.now();
				buffer.push('content', event.text);
				break;
			case 'tool':
				buffer.push('tool', (event.delta.name ?? '') + event.delta.arguments);
				break;
			case 'reasoning_details':
			case 'meta':
			case 'finish':
			case 'usage':
			case 'error':
			case 'done':
			case 'malformed':
				break;
		}
	};

	/** Waits until a point in time, unless the user decides sooner. */
	const pauseUntil = (at: number): Promise<'now' | 'never'> =>
		new Promise((resolve) => {
			const stop = timers.after(Math.max(0, at - timers.now()), () => {
				endPause?.('now');
			});
			endPause = (choice) => {
				endPause = null;
				stop();
				resolve(choice);
			};
		});

	const drive = async (): Promise<void> => {
		setState('queued');
		const key = endpoint.via === 'direct' ? await deps.keyFor(endpoint.id) : null;
		const limit = profileOf(endpoint).concurrency;
		const release = await slots.acquire(
			endpoint.via === 'relay' ? 'relay' : endpoint.baseUrl,
			limit,
			controller.signal
		);
		if (!release) return;
		try {
			let retries = 0;
			// The user said now: the gate does not hold this attempt up again.
			let isForced = false;
			for (let n = 1; ; n++) {
				const closedUntil = isForced ? 0 : gate.notBefore(gateKey);
				isForced = false;
				if (closedUntil > timers.now()) {
					const pause = pauseUntil(closedUntil);
					setState('retry_wait', { notBefore: closedUntil, failure: HELD_UP });
					if ((await pause) === 'never') {
						finish('cancelled', {});
						return;
					}
				}
				if (isOver()) return;
				setState('connecting');
				const id = deps.newId();
				attemptId = id;
				const isLate = (): boolean => isOver() || attemptId !== id;
				const ended = await runAttempt(
					{ transport: deps.transportFor(endpoint), timers },
					{ id, n, endpoint, request, key },
					controller.signal,
					{
						onHeaders: () => {
							gate.open(gateKey);
							if (!isLate()) setState('waiting');
						},
						onEvent: (event, state) => {
							if (isLate()) return;
							const before = current;
							onEvent(event, state);
							const wasSilent = before.content === '' && before.reasoning === '' && before.tools.length === 0;
							if (
								wasSilent &&
								(event.type === 'content' || event.type === 'reasoning' || event.type === 'tool')
							) {
								setState('streaming');
							}
							if (before.finish === null && state.finish !== null) setState('finishing');
						},
						onRecord: (attempt) => {
							if (!isLate()) emit({ type: 'attempt', runId, attempt });
						}
					}
				);
				if (isOver() || ended.type === 'aborted') return;
				const { verdict } = ended;
				// A server that does not stream says everything at the end.
				if (current.content === '' && ended.state.content !== '') buffer.push('content', ended.state.content);
				current = ended.state;
				if (verdict.state === 'done') {
					finish('done', verdict);
					return;
				}
				const { failure, retry } = verdict;
				if (!retry) {
					finish('failed', { failure });
					return;
				}
				const rule = retryRule(retry);
				if (retries >= rule.times) {
					finish('failed', { failure });
					return;
				}
				const wait = retry.type === 'status' ? retry.error.waitMs : null;
				const notBefore = timers.now() + retryPause(rule, retries, wait, deps.random());
				retries++;
				if (failure.code === 'rate_limit') gate.close(gateKey, notBefore);
				const pause = pauseUntil(notBefore);
				setState('retry_wait', { notBefore, failure });
				const choice = await pause;
				if (isOver()) return;
				if (choice === 'never') {
					finish('failed', { failure });
					return;
				}
				isForced = timers.now() < notBefore;
			}
		} finally {
			release();
		}
	};

	// After the caller has the handle: it may cancel on the very first state.
	Promise.resolve()
		.then(drive)
		.catch((thrown: unknown) => {
			const message = thrown instanceof Error ? thrown.message : String(thrown);
			finish('failed', {
				failure: { code: 'protocol', message, status: null, provider: null, maybeCharged: false }
			});
		});

	return {
		cancel() {
			finish('cancelled', {});
			endPause?.('never');
		},
		retryNow: () => endPause?.('now'),
		retryNever: () => endPause?.('never'),
		setHidden: (hidden) => {
			buffer.setHidden(hidden);
		},
		flush: () => {
			buffer.flush();
		}
	};
}
