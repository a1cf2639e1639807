/** The linked folders, and the one that is looked at. */
import type { HostError, Root } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { toast } from '#lib/toast.ts';

export class Folders {
	roots = $state.raw<readonly Root[]>([]);
	/** How a folder comes here: the page cannot name one. */
	linking = $state<'dialog' | 'start_flag'>('start_flag');
	/** Programs can be started: there is somebody to ask outside the page. */
	canRun = $state(false);
	problem = $state.raw<HostError | null>(null);
	isLoaded = $state(false);
	/** How often one was linked here: the same folder again may show more than before. */
	linkings = $state(0);
	/** A linked folder that has a commit which was looked for. */
	held = $state.raw<{ readonly commit: string; readonly root: Root } | null>(null);
	isSeeking = $state(false);
	readonly host: Host;
	#seeking = new AbortController();

	constructor(host: Host) {
		this.host = host;
	}

	async load(): Promise<void> {
		const [info, roots] = await Promise.all([this.host.info(), this.host.call('roots.list', {})]);
		if (info.ok) {
			this.linking = info.value.linking;
			this.canRun = info.value.commands.includes('process.run');
		}
		if (roots.ok) this.roots = roots.value.roots;
		this.problem = info.ok ? (roots.ok ? null : roots.error) : info.error;
		this.isLoaded = true;
	}

	/** The id of the folder that was linked, or null. Only where there is a window to ask in. */
	async link(): Promise<string | null> {
		const linked = await this.host.call('roots.link', {});
		if (!linked.ok) toast.error('The folder was not linked.', { description: linked.error.message });
		else if (linked.value !== null) this.linkings++;
		await this.load();
		return linked.ok ? (linked.value?.id ?? null) : null;
	}

	async unlink(root: Root): Promise<void> {
		const unlinked = await this.host.call('roots.unlink', { root: root.id });
		if (!unlinked.ok) toast.error('The folder is still linked.', { description: unlinked.error.message });
		await this.load();
	}

	/** A commit is the same one in every copy of its repository: where one is gone, another shows it. */
	async seek(commit: string): Promise<void> {
		this.#seeking.abort();
		const { signal } = (this.#seeking = new AbortController());
		this.held = null;
		this.isSeeking = true;
		for (const root of this.roots) {
			if (root.state !== 'linked') continue;
			const found = await this.host.call('git.commit', { root: root.id, commit }, signal);
			if (signal.aborted) return;
			if (!found.ok) continue;
			this.held = { commit, root };
			break;
		}
		this.isSeeking = false;
	}
}
