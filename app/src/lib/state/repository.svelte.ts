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
	}

	async loadMore(): Promise<void> {
		if (this.#isLoadingMore || this.#next === null) return;
		this.#isLoadingMore = true;
		await this.#loadPage();
		this.#isLoadingMore = false;
	}

	async choose(chosen: Chosen): Promise<void> {
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

	close(): void {
		this.#reading.abort();
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
