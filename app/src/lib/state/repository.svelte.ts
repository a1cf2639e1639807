/** A repository as one reads it: its history in pages, and what was done in a commit or is not committed yet. */
import type {
	CommitDetails,
	CommitLine,
	Diff,
	HostError,
	RepositoryInfo,
	RepositoryStatus
} from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import type { Result } from '@stemma/graph/result';

const PAGE = 200;
/** After the host has gone, until it is asked to watch again. */
const RETRY_MS = 2_000;

/** What is looked at: a commit by its id, or what is not committed. */
export type Chosen = { readonly kind: 'commit'; readonly id: string } | { readonly kind: 'changes' };

export type Shown =
	| { readonly kind: 'commit'; readonly details: CommitDetails; readonly diff: Diff }
	| { readonly kind: 'changes'; readonly status: RepositoryStatus; readonly diff: Diff };

export class Repository {
	info = $state.raw<RepositoryInfo | null>(null);
	status = $state.raw<RepositoryStatus | null>(null);
	commits = $state.raw<readonly CommitLine[]>([]);
	hasMore = $state(false);
	/** Why nothing of it can be read. */
	problem = $state.raw<HostError | null>(null);
	isLoaded = $state(false);
	shown = $state.raw<Shown | null>(null);
	shownProblem = $state<string | null>(null);
	readonly root: string;
	readonly #host: Host;
	readonly #from: readonly string[];
	#next: string | null = null;
	#isLoadingMore = false;
	#readingStatus: Promise<Result<RepositoryStatus, HostError>> | null = null;
	/** Of what is being read to be shown: the newest choice ends the others. */
	#reading = new AbortController();

	/** What is on screen, to be read again when it changes. */
	#chosen: Chosen | null = null;
	/** What has changed and is not read yet: the folder, or its history as well. */
	#stale: 'files' | 'history' | null = null;
	#isRefreshing = false;
	readonly #ended = new AbortController();

	/** @param from full name of the ref whose history it is; null for that of HEAD */
	constructor(host: Host, root: string, from: string | null) {
		this.#host = host;
		this.root = root;
		this.#from = from === null ? [] : [from];
	}

	async load(): Promise<void> {
		const { root } = this;
		const info = await this.#host.call('git.info', { root });
		if (info.ok) {
			this.info = info.value;
			const isUnborn = info.value.head.commit === null && this.#from.length === 0;
			// What has changed is counted beside it: a large folder does not keep its history waiting.
			if (!info.value.bare) void this.#readStatus();
			if (!isUnborn) await this.#loadPage();
		} else this.problem = info.error;
		this.isLoaded = true;
		if (this.#stale !== null) void this.#refresh();
	}

	/** What is changed outside shows here, until ended. */
	async watch(): Promise<void> {
		const { signal } = this.#ended;
		for (let isAgain = false; !signal.aborted; isAgain = true) {
			let hasBegun = false;
			const ended = await this.#host.stream(
				'files.watch',
				{ root: this.root },
				(batch) => {
					// The first batch says that watching has begun; before a later beginning, anything may have changed.
					if (hasBegun) this.#noteChange(batch.repository || batch.everything);
					else if (isAgain) this.#noteChange(true);
					hasBegun = true;
				},
				signal
			);
			if (!ended.ok && !ended.error.retryable) return;
			await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
		}
	}

	async loadMore(): Promise<void> {
		if (this.#isLoadingMore || this.#next === null) return;
		this.#isLoadingMore = true;
		await this.#loadPage();
		this.#isLoadingMore = false;
	}

	async choose(chosen: Chosen): Promise<void> {
		this.#chosen = chosen;
		this.#reading.abort();
		this.#reading = new AbortController();
		const { signal } = this.#reading;
		const read = await (chosen.kind === 'commit'
			? this.#readCommit(chosen.id, signal)
			: this.#readChanges(signal));
		if (signal.aborted) return;
		this.shown = read.ok ? read.value : null;
		this.shownProblem = read.ok ? null : read.error.message;
	}

	/** Nothing of it is on screen. */
	close(): void {
		this.#chosen = null;
		this.#reading.abort();
	}

	end(): void {
		this.close();
		this.#ended.abort();
	}

	#noteChange(isHistory: boolean): void {
		this.#stale = isHistory || this.#stale === 'history' ? 'history' : 'files';
		if (!this.#isRefreshing && this.isLoaded) void this.#refresh();
	}

	async #refresh(): Promise<void> {
		this.#isRefreshing = true;
		while (this.#stale !== null && !this.#ended.signal.aborted) {
			const isHistory = this.#stale === 'history';
			this.#stale = null;
			if (isHistory) await this.#refreshHistory();
			// One that began before the change may not have seen it.
			await this.#readingStatus;
			if (this.#chosen?.kind === 'changes') await this.choose(this.#chosen);
			else if (this.info?.bare === false) await this.#readStatus();
		}
		this.#isRefreshing = false;
	}

	/** The newest page again; what was read of older ones stays, unless the history is another one now. */
	async #refreshHistory(): Promise<void> {
		const { root } = this;
		const info = await this.#host.call('git.info', { root });
		if (!info.ok) return;
		const page = await this.#host.call('git.log', { root, from: this.#from, limit: PAGE, cursor: null });
		if (page.ok) {
			const { commits, next } = page.value;
			const last = commits.at(-1)?.id;
			const seen = this.commits.findIndex(({ id }) => id === last);
			const isSame =
				seen !== -1 && this.commits[0] !== undefined && commits.some(({ id }) => id === this.commits[0]?.id);
			this.commits = isSame ? [...commits, ...this.commits.slice(seen + 1)] : commits;
			if (!isSame) {
				this.#next = next;
				this.hasMore = next !== null;
			}
		}
		this.info = info.value;
	}

	async #loadPage(): Promise<void> {
		const of = { root: this.root, from: this.#from, limit: PAGE, cursor: this.#next };
		const page = await this.#host.call('git.log', of);
		if (!page.ok) {
			this.problem = page.error;
			return;
		}
		this.commits = [...this.commits, ...page.value.commits];
		this.#next = page.value.next;
		this.hasMore = page.value.next !== null;
	}

	/** What is being read is not read a second time. */
	#readStatus(): Promise<Result<RepositoryStatus, HostError>> {
		this.#readingStatus ??= this.#host.call('git.status', { root: this.root }).then((status) => {
			this.#readingStatus = null;
			if (status.ok) this.status = status.value;
			else if (status.error.code === 'outside_root') this.problem = status.error;
			return status;
		});
		return this.#readingStatus;
	}

	async #readCommit(commit: string, signal: AbortSignal): Promise<Result<Shown, HostError>> {
		const { root } = this;
		const [details, diff] = await Promise.all([
			this.#host.call('git.commit', { root, commit }, signal),
			this.#host.call('git.diff', { root, of: { kind: 'commit', commit } }, signal)
		]);
		if (!details.ok) return details;
		if (!diff.ok) return diff;
		return { ok: true, value: { kind: 'commit', details: details.value, diff: diff.value } };
	}

	async #readChanges(signal: AbortSignal): Promise<Result<Shown, HostError>> {
		const { root } = this;
		const [status, diff] = await Promise.all([
			this.#readStatus(),
			this.#host.call('git.diff', { root, of: { kind: 'worktree' } }, signal)
		]);
		if (!status.ok) return status;
		if (!diff.ok) return diff;
		return { ok: true, value: { kind: 'changes', status: status.value, diff: diff.value } };
	}
}
