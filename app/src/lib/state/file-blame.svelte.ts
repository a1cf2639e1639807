/** Where the lines of a file come from. It takes long for some files, and ends when nobody waits for it. */
import type { Blame, CommitLine } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { NewestRead } from './newest-read.svelte.ts';

/** Lines one after another that come from the same commit. */
export interface LineGroup {
	/** From 1. */
	readonly first: number;
	readonly last: number;
	readonly commit: CommitLine;
	/** The history ends at this commit because it is cut off: the lines may be older. */
	readonly isCutOff: boolean;
}

export class FileBlame {
	groups = $state.raw<readonly LineGroup[]>([]);
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

	async open(commit: string, path: string): Promise<void> {
		this.close();
		const of = { root: this.#root, commit, path };
		const read = await this.#newest.run((signal) => this.#host.call('git.blame', of, signal));
		if (read === null) return;
		if (read.ok) this.groups = blameToGroups(read.value);
		else this.problem = read.error.message;
	}

	close(): void {
		this.#newest.stop();
		this.groups = [];
		this.problem = null;
	}
}

export function blameToGroups({ hunks, commits, cutOff }: Blame): readonly LineGroup[] {
	const commitById = new Map(commits.map((commit) => [commit.id, commit]));
	const cutOffIds = new Set(cutOff);
	const groups: LineGroup[] = [];
	for (const hunk of hunks.toSorted((a, b) => a.start - b.start)) {
		const commit = commitById.get(hunk.commit);
		if (!commit) continue;
		const last = hunk.start + hunk.lines - 1;
		const before = groups.at(-1);
		if (before?.commit === commit && before.last + 1 === hunk.start) {
			groups[groups.length - 1] = { ...before, last };
		} else groups.push({ first: hunk.start, last, commit, isCutOff: cutOffIds.has(commit.id) });
	}
	return groups;
}

/** The group a line is in, found by halving. */
export function groupOfLine(groups: readonly LineGroup[], line: number): LineGroup | undefined {
	let [low, high] = [0, groups.length - 1];
	while (low <= high) {
		const middle = (low + high) >> 1;
		const group = groups[middle];
		if (!group) return undefined;
		if (line < group.first) high = middle - 1;
		else if (line > group.last) low = middle + 1;
		else return group;
	}
	return undefined;
}
