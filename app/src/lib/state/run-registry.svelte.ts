/**
 * The answers being made in this tab, and those of other tabs as far as their journal tells.
 * A run is a row before any network, holds a lock while it lives, and ends in one transaction.
 */
import type { Part } from '@stemma/graph/part';
import type {
	AttemptRecord,
	ChatRequest,
	Endpoint,
	FromRunWorker,
	RunFailure,
	RunOutcome
} from '@stemma/provider/run-protocol';
import type { RunWorker } from '@stemma/provider/start-run-worker';
import type {
	AttemptRow,
	NewRun,
	RunRow,
	StoredRunState,
	Workspace
} from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import { platform } from '#platform';
import { SvelteMap } from 'svelte/reactivity';
import type { Announcer } from './announcer.svelte.ts';
import { GrowingText } from './growing-text.svelte.ts';
import { RunLedger } from './run-ledger.ts';
import { learnFrom } from './token-factor.ts';

const TERMINAL: readonly StoredRunState[] = ['done', 'cancelled', 'failed', 'interrupted'];
const INTERRUPTED = { code: 'interrupted', message: '', status: null, provider: null, maybeCharged: true };
/** Until what was typed is on screen. */
const PREPARE_MS = 300;
const lockName = (run: string): string => `run:${run}`;

/** A run that is being made: what the screen shows until its message is in the graph. */
export class LiveRun {
	state = $state<StoredRunState>('queued');
	reasoning = $state('');
	notBefore = $state<number | null>(null);
	failure = $state.raw<RunFailure | null>(null);
	/** What the finished message starts with when it continues another. */
	readonly prefix: string;
	/** The journal holds the prefix, ahead of what came first. */
	isPrefixKept = false;
	readonly row: RunRow;
	readonly content: GrowingText;
	/** Made in another tab: it cannot be stopped from here. */
	readonly isElsewhere: boolean;

	constructor(row: RunRow, prefix: string, isElsewhere: boolean) {
		this.row = row;
		this.prefix = prefix;
		this.isElsewhere = isElsewhere;
		this.state = row.state;
		this.content = new GrowingText(prefix);
	}
}

export interface RunStart {
	readonly run: Omit<NewRun, 'endpoint' | 'model'>;
	readonly endpoint: Endpoint;
	readonly request: ChatRequest;
	/** The text that is continued, put before what comes. */
	readonly prefix?: string;
	/** Tokens the prompt is expected to have. */
	readonly estimated: number;
}

export class RunRegistry {
	readonly live = new SvelteMap<string, LiveRun>();
	readonly #workspace: Workspace;
	readonly #announcer: Announcer;
	readonly #randomHex: (bytes: number) => string;
	readonly #ledgers = new Map<string, RunLedger>();
	readonly #release = new Map<string, () => void>();
	readonly #estimated = new Map<string, number>();
	readonly #watched = new Set<string>();
	readonly #onEnded = new Set<(run: RunRow) => Promise<void>>();
	readonly #onStarted = new Set<(run: RunRow) => void>();
	#worker: RunWorker | null = null;
	#isMirroring = false;
	#mirrorAgain = false;

	constructor(workspace: Workspace, announcer: Announcer, randomHex: (bytes: number) => string) {
		this.#workspace = workspace;
		this.#announcer = announcer;
		this.#randomHex = randomHex;
		workspace.onChange(({ tables }) => {
			// Of its own this tab knows better than the journal.
			const isElsewhere = [...this.live.values()].some((run) => run.isElsewhere);
			if (tables.includes('run') || (isElsewhere && tables.includes('run_chunk'))) void this.#mirror();
		});
		addEventListener('pagehide', () => this.#worker?.post({ type: 'flush' }), { capture: true });
		document.addEventListener('visibilitychange', () => {
			this.#worker?.post({ type: 'visibility', hidden: document.hidden });
			if (document.hidden) this.#worker?.post({ type: 'flush' });
		});
	}

	/** Runs that answer a node, of this and other tabs. */
	at(parent: string): readonly LiveRun[] {
		return [...this.live.values()].filter((run) => run.row.parent === parent);
	}

	isBusy(conversation: string): boolean {
		return [...this.live.values()].some((run) => run.row.conversation === conversation);
	}

	/** The runs of a conversation that this tab makes. */
	own(conversation: string): readonly LiveRun[] {
		return [...this.live.values()].filter((run) => run.row.conversation === conversation && !run.isElsewhere);
	}

	/** Whether this tab makes a run, or has just made it. */
	isOwn(id: string): boolean {
		return this.live.get(id)?.isElsewhere === false;
	}

	/** Tells of every run that ends, wherever it was made. It stays on screen until the listeners are done. */
	onEnded(listener: (run: RunRow) => Promise<void>): () => void {
		this.#onEnded.add(listener);
		return () => this.#onEnded.delete(listener);
	}

	/** Tells of every run that starts in this tab. */
	onStarted(listener: (run: RunRow) => void): () => void {
		this.#onStarted.add(listener);
		return () => this.#onStarted.delete(listener);
	}

	/** @returns whether its row was written: otherwise nothing is sent */
	async start({ run, endpoint, request, prefix = '', estimated }: RunStart): Promise<boolean> {
		const id = this.#randomHex(16);
		// The lock first: a row without one counts as interrupted.
		await this.#hold(id);
		const created = await this.#workspace.createRun({
			...run,
			id,
			endpoint: endpoint.id,
			model: request.model
		});
		if (!created.ok) {
			this.#let(id);
			toast.error('The question could not be saved, so it was not sent.', {
				description: created.error.message
			});
			return false;
		}
		this.#estimated.set(id, estimated);
		this.#ledgers.set(id, new RunLedger(this.#workspace, id));
		this.live.set(id, new LiveRun(created.value, prefix, false));
		this.#announcer.say('Answer started');
		this.#mustWorker().post({ type: 'start', runId: id, endpoint, request });
		for (const listener of this.#onStarted) listener(created.value);
		return true;
	}

	/** A question is being written: what will send it takes longer to start than the question should wait. */
	prepare(): void {
		if (this.#worker === null) setTimeout(() => this.#mustWorker(), PREPARE_MS);
	}

	stop(id: string): void {
		this.#worker?.post({ type: 'cancel', runId: id });
	}

	retryNow(id: string): void {
		this.#worker?.post({ type: 'retry_now', runId: id });
	}

	retryNever(id: string): void {
		this.#worker?.post({ type: 'retry_never', runId: id });
	}

	/** Finds runs of tabs that are gone, and watches those of tabs that may go. */
	async recover(): Promise<void> {
		await this.#mirror();
		// A tab that is just closing may still hold its locks: those are waited for.
		for (const run of this.live.values()) this.#watch(run.row);
	}

	/** Whoever gets the lock of a run that has not ended makes a message of what its journal holds. */
	#watch(run: RunRow): void {
		if (this.#watched.has(run.id)) return;
		this.#watched.add(run.id);
		void navigator.locks.request(lockName(run.id), async () => {
			this.#watched.delete(run.id);
			const now = await this.#workspace.run(run.id);
			if (!now.ok || !now.value || TERMINAL.includes(now.value.state)) return;
			const chunks = await this.#workspace.journalled(run.id);
			if (!chunks.ok) return;
			const read = (channel: string): string =>
				chunks.value
					.filter((chunk) => chunk.channel === channel)
					.map((chunk) => chunk.text)
					.join('');
			await this.#workspace.sealRun(run.id, {
				state: 'interrupted',
				parts: toParts(read('content'), read('reasoning'), null, []),
				failure: INTERRUPTED
			});
		});
	}

	/** Shows what other tabs are making, as it was when this was last asked for. */
	async #mirror(): Promise<void> {
		this.#mirrorAgain = true;
		if (this.#isMirroring) return;
		this.#isMirroring = true;
		while (this.#mirrorAgain) {
			this.#mirrorAgain = false;
			await this.#mirrorOnce();
		}
		this.#isMirroring = false;
	}

	async #mirrorOnce(): Promise<void> {
		// Of its own this tab knows better.
		const open = await this.#workspace.openRuns([...this.#release.keys()]);
		if (!open.ok) return;
		const openIds = new Set(open.value.map((run) => run.id));
		for (const [id, run] of this.live) {
			if (!run.isElsewhere || openIds.has(id)) continue;
			await this.#tellEnded(id);
			this.live.delete(id);
		}
		for (const row of open.value) {
			const known = this.live.get(row.id);
			// This tab's own, since it was asked.
			if (known?.isElsewhere === false || this.#release.has(row.id)) continue;
			const mirror = known ?? new LiveRun(row, '', true);
			mirror.state = row.state;
			mirror.notBefore = row.notBefore;
			const chunks = await this.#workspace.journalled(row.id);
			if (chunks.ok) {
				const content = chunks.value
					.filter((chunk) => chunk.channel === 'content')
					.map((chunk) => chunk.text)
					.join('');
				mirror.content.append(content.slice(mirror.content.length));
				mirror.reasoning = chunks.value
					.filter((chunk) => chunk.channel === 'reasoning')
					.map((chunk) => chunk.text)
					.join('');
			}
			if (!this.live.has(row.id)) this.live.set(row.id, mirror);
			this.#watch(row);
		}
	}

	async #tellEnded(id: string): Promise<RunRow | null> {
		const run = await this.#workspace.run(id);
		if (!run.ok || !run.value) return null;
		const ended = run.value;
		await Promise.all([...this.#onEnded].map((listener) => listener(ended)));
		return ended;
	}

	#mustWorker(): RunWorker {
		this.#worker ??= platform.startRuns(
			(message) => void this.#receive(message),
			(message) => {
				this.#worker = null;
				const lost = [...this.live.values()].filter((run) => !run.isElsewhere);
				// With nothing to do it is missed by nobody: the next question starts another.
				if (lost.length === 0) return;
				toast.error('The worker that talks to models crashed. Its answers are kept as far as they came.', {
					description: message
				});
				for (const run of lost) void this.#sealCrashed(run);
			}
		);
		return this.#worker;
	}

	async #receive(message: FromRunWorker): Promise<void> {
		const run = this.live.get(message.runId);
		const ledger = this.#ledgers.get(message.runId);
		if (!run || !ledger) return;
		switch (message.type) {
			case 'state':
				// As it begins and how it ends is written with everything else.
				if (message.state === 'queued' || TERMINAL.includes(message.state)) break;
				run.state = message.state;
				run.notBefore = message.notBefore ?? null;
				run.failure = message.failure ?? null;
				ledger.note({
					state: message.state,
					notBefore: message.notBefore ?? null,
					...(message.failure ? { failure: { ...message.failure } } : {}),
					...(message.state === 'connecting' ? { startedAt: message.at } : {})
				});
				break;
			case 'delta':
				if (message.channel === 'content') run.content.append(message.text);
				if (message.channel === 'reasoning') run.reasoning += message.text;
				break;
			case 'journal': {
				const { seq, channel, text } = message;
				const opening = run.prefix === '' || run.isPrefixKept ? [] : [prefixChunk(run.prefix)];
				run.isPrefixKept = true;
				ledger.note({ chunks: [...opening, { seq, channel, text }] });
				break;
			}
			case 'attempt':
				ledger.note({ attempts: [toAttemptRow(message.attempt)] });
				break;
			case 'end':
				await this.#seal(run, ledger.close(), message.outcome);
				break;
		}
	}

	async #seal(run: LiveRun, attempts: readonly AttemptRow[], outcome: RunOutcome): Promise<void> {
		const { id } = run.row;
		// A continuation that added nothing is no version of its own.
		const isEmpty = outcome.content === '' && outcome.reasoning === '' && outcome.toolCalls.length === 0;
		const content = isEmpty ? '' : run.prefix + outcome.content;
		const failure =
			outcome.failure ?? (outcome.warning === null ? null : { code: 'warning', message: outcome.warning });
		const sealed = await this.#workspace.sealRun(id, {
			state: outcome.state,
			parts: toParts(
				content,
				outcome.reasoning,
				outcome.reasoningMs,
				outcome.reasoningDetails,
				outcome.toolCalls
			),
			failure: failure === null ? null : { ...failure },
			attempts
		});
		if (!sealed.ok) {
			// The row and its journal stay: the next start makes a message of them.
			toast.error('The answer could not be saved yet. Its text is kept and will be recovered on reload.', {
				description: sealed.error.message,
				duration: Infinity
			});
			return;
		}
		// Where there is no text, the notice that stands in its place speaks for itself.
		if (content !== '' || outcome.state !== 'failed') this.#announcer.say(ending(content, outcome));
		const estimated = this.#estimated.get(id);
		const ended = await this.#tellEnded(id);
		this.#forget(id);
		if (ended && estimated !== undefined) await learnFrom(this.#workspace, ended, estimated);
	}

	async #sealCrashed(run: LiveRun): Promise<void> {
		const sealed = await this.#workspace.sealRun(run.row.id, {
			state: 'interrupted',
			parts: toParts(
				run.content.length === run.prefix.length && run.reasoning === '' ? '' : run.content.whole,
				run.reasoning,
				null,
				[]
			),
			failure: INTERRUPTED
		});
		if (sealed.ok) await this.#tellEnded(run.row.id);
		this.#forget(run.row.id);
	}

	#forget(id: string): void {
		this.live.delete(id);
		this.#ledgers.delete(id);
		this.#estimated.delete(id);
		this.#let(id);
	}

	#hold(id: string): Promise<void> {
		return new Promise((held) => {
			void navigator.locks.request(
				lockName(id),
				() =>
					new Promise<void>((release) => {
						this.#release.set(id, release);
						held();
					})
			);
		});
	}

	#let(id: string): void {
		this.#release.get(id)?.();
		this.#release.delete(id);
	}
}

/** What was said, in the words it was written in, and how it ended. */
function ending(content: string, { state, failure }: RunOutcome): string {
	const words = content.split(/\s+/).filter((word) => word !== '').length;
	const how = { done: 'finished', cancelled: 'stopped', failed: 'failed' }[state];
	const end = `Answer ${how}${words === 0 ? '' : `, ${words} ${words === 1 ? 'word' : 'words'}`}.`;
	const why = failure?.message ?? '';
	return [content, end, why].filter((part) => part !== '').join('\n');
}

function toParts(
	content: string,
	reasoning: string,
	reasoningMs: number | null,
	details: RunOutcome['reasoningDetails'],
	toolCalls: RunOutcome['toolCalls'] = []
): readonly Part[] {
	const parts: Part[] = [];
	if (reasoning !== '' || details.length > 0) {
		parts.push({
			type: 'reasoning',
			text: reasoning,
			...(reasoningMs === null ? {} : { ms: Math.round(reasoningMs) }),
			...(details.length > 0 ? { details } : {})
		});
	}
	if (content !== '') parts.push({ type: 'text', text: content });
	for (const call of toolCalls) parts.push({ type: 'tool_call', ...call });
	return parts;
}

function toAttemptRow(record: AttemptRecord): AttemptRow {
	return {
		n: record.n,
		provider: record.provider,
		servedModel: record.servedModel,
		upstreamId: record.generationId,
		httpStatus: record.httpStatus,
		error: record.failure === null ? null : { ...record.failure },
		sentAt: record.sentAt,
		firstTokenAt: record.firstTokenAt,
		endedAt: record.endedAt,
		finish: record.finish,
		nativeFinish: record.nativeFinish,
		tokensIn: record.usage?.promptTokens ?? null,
		tokensCached: record.usage?.cachedTokens ?? null,
		tokensOut: record.usage?.completionTokens ?? null,
		tokensReasoning: record.usage?.reasoningTokens ?? null,
		costNano: record.usage?.costNano ?? null,
		flags: record.flags
	};
}

/** Before the run's own chunks, which count from 1. */
function prefixChunk(text: string): { seq: number; channel: 'content'; text: string } {
	return { seq: 0, channel: 'content', text };
}
