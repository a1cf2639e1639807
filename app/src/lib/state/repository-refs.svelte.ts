/** What a repository has beside the history of HEAD: branches, tags and stashes. */
import type { GitRef, Stash } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { NewestRead } from './newest-read.svelte.ts';

export class RepositoryRefs {
	refs = $state.raw<readonly GitRef[]>([]);
	stashes = $state.raw<readonly Stash[]>([]);
	/** There are more than the host tells. */
	isCut = $state(false);
	problem = $state<string | null>(null);
	readonly #host: Host;
	readonly #root: string;
	readonly #newest = new NewestRead();

	constructor(host: Host, root: string) {
		this.#host = host;
		this.#root = root;
	}

	get isSlow(): boolean {
		return this.#newest.isSlow;
	}

	async load(): Promise<void> {
		const of = { root: this.#root };
		const read = await this.#newest.run((signal) =>
			Promise.all([this.#host.call('git.refs', of, signal), this.#host.call('git.stashes', of, signal)])
		);
		if (read === null) return;
		const [refs, stashes] = read;
		if (refs.ok) this.refs = refs.value.refs;
		if (stashes.ok) this.stashes = stashes.value.stashes;
		this.isCut = (refs.ok && refs.value.truncated) || (stashes.ok && stashes.value.truncated);
		if (!refs.ok) this.problem = refs.error.message;
		else if (!stashes.ok) this.problem = stashes.error.message;
	}

	close(): void {
		this.#newest.stop();
	}
}
