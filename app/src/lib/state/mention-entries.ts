/** What an @ can bring into a message: files, folders, branches, tags, commits and changes, found by their letters. */
import type { CommitLine, Job, Refs, Root, ScannedEntry } from '@stemma/host/generated/commands';
import { FuzzyIndex } from './fuzzy-index.ts';
import { parseRange, Revisions, SHORT_ID, type Between } from './revisions.ts';

export type MentionEntry =
	| Between
	| ({ readonly root: Root } & (
			| { readonly kind: 'file' | 'folder'; readonly path: string }
			| { readonly kind: 'branch' | 'tag'; readonly name: string; readonly commit: string }
			| { readonly kind: 'commit'; readonly commit: string; readonly subject: string }
			| { readonly kind: 'changes'; readonly of: 'worktree' | 'staged' }
			| { readonly kind: 'output'; readonly job: string; readonly of: string }
	  ));

export const CHANGES = { worktree: 'changes not committed', staged: 'changes staged' } as const;

/** What the picker shows at most. */
const MOST = 50;
const MOST_RECENT = 20;
const MOST_OUTPUTS = 3;
const MOST_REFS = 4;
const MOST_COMMITS = 6;
/** Branches beside which is offered what lies between them and HEAD. */
const MOST_BESIDE = 2;
/** As much of a commit's id as is looked through. */
const ID_CHARS = 12;

interface Recent {
	readonly entry: MentionEntry;
	readonly modified: number;
}

/** One reading of all folders. */
export class MentionEntries {
	readonly #entries: MentionEntry[] = [];
	readonly #index = new FuzzyIndex();
	/** The files that were changed last, the newest first. */
	readonly #recent: Recent[] = [];
	readonly #revisions = new Map<Root, Revisions>();
	readonly #isOneOfSeveral: boolean;

	constructor(isOneOfSeveral: boolean) {
		this.#isOneOfSeveral = isOneOfSeveral;
	}

	find(words: string): readonly MentionEntry[] {
		if (words === '') return this.#suggestions();
		const pairs = this.#pairs(words);
		if (pairs.length > 0) return pairs;
		const found = this.#index.search(words, MOST).flatMap(({ index }) => this.#entries[index] ?? []);
		return this.#withBesides(found).slice(0, MOST);
	}

	addFiles(root: Root, scanned: readonly ScannedEntry[]): void {
		// With the folder's name in front, it can be typed to tell apart what is in several.
		const before = this.#isOneOfSeveral ? `${root.name}/` : '';
		for (const { kind, path, modified } of scanned) {
			const isFolder = kind === 'folder';
			const entry: MentionEntry = { root, kind: isFolder ? 'folder' : 'file', path };
			this.#add(entry, isFolder ? `${before}${path}/` : before + path);
			if (!isFolder) this.#noteRecent({ entry, modified });
		}
	}

	addRefs(root: Root, { head, refs }: Pick<Refs, 'head' | 'refs'>): void {
		const revisions = this.#revisionsOf(root);
		const { branch, commit: at } = head;
		if (at !== null) revisions.head = { name: branch ?? 'HEAD', commit: at, subject: null };
		// The first that are offered to compare with.
		if (revisions.head && branch !== null) revisions.add(revisions.head, branch);
		for (const { kind, short, commit } of refs) {
			if (kind === 'other') continue;
			this.#add({ root, kind: kind === 'tag' ? kind : 'branch', name: short, commit }, short);
			if (kind !== 'branch' || short !== branch) revisions.add({ name: short, commit, subject: null }, short);
		}
	}

	addCommits(root: Root, commits: readonly CommitLine[]): void {
		const revisions = this.#revisionsOf(root);
		for (const { id, subject } of commits) {
			const text = `${id.slice(0, ID_CHARS)} ${subject}`;
			this.#add({ root, kind: 'commit', commit: id, subject }, text);
			revisions.add({ name: id.slice(0, SHORT_ID), commit: id, subject }, text);
		}
	}

	addChanges(root: Root): void {
		for (const of of ['worktree', 'staged'] as const) this.#add({ root, kind: 'changes', of }, CHANGES[of]);
	}

	/** What commands of folders have written, the newest first. */
	addOutputs(roots: readonly Root[], jobs: readonly Job[]): void {
		for (const { id, kind, state, label, root: ranIn } of jobs) {
			const root = roots.find((linked) => linked.id === ranIn);
			const isOver = state === 'done' || state === 'failed' || state === 'cancelled';
			if (kind === 'process.run' && isOver && root)
				this.#add({ root, kind: 'output', job: id, of: label }, `output of ${label}`);
		}
	}

	#add(entry: MentionEntry, text: string): void {
		this.#entries.push(entry);
		this.#index.add(text);
	}

	#revisionsOf(root: Root): Revisions {
		const revisions = this.#revisions.get(root) ?? new Revisions(root);
		this.#revisions.set(root, revisions);
		return revisions;
	}

	/** What `old..new` may mean. */
	#pairs(words: string): readonly Between[] {
		const range = parseRange(words);
		if (!range) return [];
		const most = Math.ceil(MOST / Math.max(1, this.#revisions.size));
		return [...this.#revisions.values()].flatMap((revisions) => revisions.pairs(range, most));
	}

	/** Behind the first branches what they have that HEAD does not, and the other way round. */
	#withBesides(found: readonly MentionEntry[]): readonly MentionEntry[] {
		let beside = 0;
		return found.flatMap((entry) => {
			if (entry.kind !== 'branch' || beside === MOST_BESIDE) return [entry];
			const revisions = this.#revisionsOf(entry.root);
			const { head } = revisions;
			if (!head || head.commit === entry.commit) return [entry];
			beside++;
			const branch = revisions.named(entry);
			return [entry, revisions.between(head, branch), revisions.between(branch, head)];
		});
	}

	#noteRecent(file: Recent): void {
		const recent = this.#recent;
		let at = recent.length;
		while (at > 0 && file.modified > (recent[at - 1]?.modified ?? 0)) at--;
		if (at === MOST_RECENT) return;
		recent.splice(at, 0, file);
		recent.length = Math.min(recent.length, MOST_RECENT);
	}

	/** Some of each, before anything is typed. */
	#suggestions(): readonly MentionEntry[] {
		const git = this.#entries.filter(({ kind }) => kind !== 'file' && kind !== 'folder');
		const first = (most: number, ...kinds: readonly MentionEntry['kind'][]): readonly MentionEntry[] =>
			git.filter(({ kind }) => kinds.includes(kind)).slice(0, most);
		return [
			...first(MOST, 'changes'),
			...first(MOST_OUTPUTS, 'output'),
			...this.#recent.map(({ entry }) => entry),
			...this.#withBesides(first(MOST_REFS, 'branch', 'tag')),
			...first(MOST_COMMITS, 'commit')
		];
	}
}
