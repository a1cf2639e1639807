/** Keeps the words of all messages findable: behind the writing, in small portions, in one tab at a time. */
import type { Workspace } from '@stemma/store/workspace/workspace';

const LOCK = 'find-index';
/** A portion holds up whoever wants the database for a few hundredths of a second. */
const PORTION = 50;
const PAUSE_MS = 10;
/** What is being read when the page opens comes first. */
const START_MS = 800;

export class FindIndex {
	/** Messages whose words cannot be found yet. */
	waiting = $state(0);
	readonly #workspace: Workspace;
	#isBusy = false;
	#hasMore = false;

	constructor(workspace: Workspace) {
		this.#workspace = workspace;
		workspace.onChange(({ tables }) => {
			if (tables.includes('node')) void this.#catchUp();
		});
		setTimeout(() => void this.#catchUp(), START_MS);
	}

	async #catchUp(): Promise<void> {
		this.#hasMore = true;
		if (this.#isBusy) return;
		this.#isBusy = true;
		await navigator.locks.request(LOCK, async () => {
			while (this.#hasMore) {
				this.#hasMore = false;
				for (;;) {
					const left = await this.#workspace.indexSome(PORTION);
					if (!left.ok) break;
					this.waiting = left.value;
					if (left.value === 0) break;
					await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
				}
			}
		});
		this.#isBusy = false;
	}
}
