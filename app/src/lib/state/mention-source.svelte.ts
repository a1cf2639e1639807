/** What an @ can bring into a message: files, folders, branches, tags and commits of all linked folders. */
import type { CommitLine, GitRef, Root, ScannedEntry } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { FuzzyIndex } from './fuzzy-index.ts';

export type MentionEntry = { readonly root: Root } & (
	| { readonly kind: 'file' | 'folder'; readonly path: string }
	| { readonly kind: 'branch' | 'tag'; readonly name: string; readonly commit: string }
	| { readonly kind: 'commit'; readonly commit: string; readonly subject: string }
	| { readonly kind: 'changes'; readonly of: 'worktree' | 'staged' }
);

export const SHORT_ID = 7;
export const CHANGES = { worktree: 'changes not committed', staged: 'changes staged' } as const;

/** What the picker shows at most. */
const MOST = 50;
const MOST_RECENT = 20;
const MOST_REFS = 4;
const MOST_COMMITS = 6;
/** As much of a commit's id as is looked through. */
const ID_CHARS = 12;
/** Older than this, it is read again when the picker opens. */
const FRESH_MS = 10_000;
/** Between two looks at what a scan has brought. */
const PACE_MS = 100;

interface Recent {
	readonly entry: MentionEntry;
	readonly modified: number;
}

/** One reading of all folders. */
class Collection {
	readonly #entries: MentionEntry[] = [];
	readonly #index = new FuzzyIndex();
	/** The files that were changed last, the newest first. */
	readonly #recent: Recent[] = [];
	readonly #isOneOfSeveral: boolean;

	constructor(isOneOfSeveral: boolean) {
		this.#isOneOfSeveral = isOneOfSeveral;
	}

	find(words: string): readonly MentionEntry[] {
		if (words === '') return this.#suggestions();
		return this.#index.search(words, MOST).flatMap(({ index }) => this.#entries[index] ?? []);
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

	addRefs(root: Root, refs: readonly GitRef[]): void {
		for (const { kind, short, commit } of refs)
			if (kind !== 'other')
				this.#add({ root, kind: kind === 'tag' ? kind : 'branch', name: short, commit }, short);
	}

	addCommits(root: Root, commits: readonly CommitLine[]): void {
		for (const { id, subject } of commits)
			this.#add({ root, kind: 'commit', commit: id, subject }, `${id.slice(0, ID_CHARS)} ${subject}`);
	}

	addChanges(root: Root): void {
		for (const of of ['worktree', 'staged'] as const) this.#add({ root, kind: 'changes', of }, CHANGES[of]);
	}

	#add(entry: MentionEntry, text: string): void {
		this.#entries.push(entry);
		this.#index.add(text);
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
			...this.#recent.map(({ entry }) => entry),
			...first(MOST_REFS, 'branch', 'tag'),
			...first(MOST_COMMITS, 'commit')
		];
	}
}

export class MentionSource {
	static readonly #byHost = new WeakMap<Host, MentionSource>();
	/** Counts what has come: nothing else of a collection is reactive. */
	#arrived = $state(0);
	#roots = $state.raw<readonly Root[]>([]);
	isReading = $state(false);
	/** What is missing from what is found, as a sentence. */
	lack = $state<string | null>(null);
	readonly #host: Host;
	readonly #nowMs: () => number;
	#shown = new Collection(false);
	#readAt = -Infinity;
	#reading: Promise<void> | null = null;

	constructor(host: Host, nowMs: () => number) {
		this.#host = host;
		this.#nowMs = nowMs;
	}

	/** There is one host for the life of the page, and what was read of it outlives a conversation on screen. */
	static of(host: Host): MentionSource {
		const known = this.#byHost.get(host) ?? new MentionSource(host, () => performance.now());
		this.#byHost.set(host, known);
		return known;
	}

	get hasFolders(): boolean {
		return this.#roots.length > 0;
	}

	/** Then what is found says of which folder it is. */
	get isOfSeveral(): boolean {
		return this.#roots.length > 1;
	}

	/** The best, best first. */
	find(words: string): readonly MentionEntry[] {
		void this.#arrived;
		return this.#shown.find(words);
	}

	/** Reads everything, unless it was read just now. Settles when what there is has been read. */
	refresh(): Promise<void> {
		if (this.#reading) return this.#reading;
		if (this.#nowMs() - this.#readAt < FRESH_MS) return Promise.resolve();
		this.isReading = true;
		this.#reading = this.#read().then(() => {
			this.#readAt = this.#nowMs();
			this.#reading = null;
			this.isReading = false;
		});
		return this.#reading;
	}

	async #read(): Promise<void> {
		const [info, listed] = await Promise.all([this.#host.info(), this.#host.call('roots.list', {})]);
		const offers = new Set(info.ok ? info.value.commands : []);
		const canRead = offers.has('files.scan') && offers.has('files.read');
		const roots = canRead && listed.ok ? listed.value.roots.filter(({ state }) => state === 'linked') : [];
		const isFirst = this.#roots.length === 0;
		const fresh = new Collection(roots.length > 1);
		this.#roots = roots;
		// What was read before stays until all of it is read again.
		if (isFirst) this.#show(fresh);
		let toldAt = this.#nowMs();
		const tell = (): void => {
			if (!isFirst || this.#nowMs() - toldAt < PACE_MS) return;
			toldAt = this.#nowMs();
			this.#arrived++;
		};
		const hasGit = offers.has('git.info') && offers.has('git.commit') && offers.has('git.diff');
		const lacks = await Promise.all(
			roots.flatMap((root) => [
				this.#scan(root, fresh, tell),
				...(hasGit ? [this.#readRepository(root, fresh, tell)] : [])
			])
		);
		this.lack = lacks.find((lack) => lack !== null) ?? null;
		this.#show(fresh);
	}

	#show(collection: Collection): void {
		this.#shown = collection;
		this.#arrived++;
	}

	/** @returns what is lacking, as a sentence */
	async #scan(root: Root, into: Collection, tell: () => void): Promise<string | null> {
		let isCut = false;
		const scanned = await this.#host.stream(
			'files.scan',
			{ root: root.id, folders: true },
			({ entries, truncated }) => {
				into.addFiles(root, entries);
				isCut ||= truncated;
				tell();
			}
		);
		if (!scanned.ok) return `Not all of ${root.name} was read: ${scanned.error.message}`;
		return isCut ? `${root.name} has more files than are looked through.` : null;
	}

	/** A folder that is no repository, or one that may not be read, has files only. */
	async #readRepository(root: Root, into: Collection, tell: () => void): Promise<null> {
		const of = { root: root.id };
		const info = await this.#host.call('git.info', of);
		if (!info.ok) return null;
		if (!info.value.bare) into.addChanges(root);
		const [refs, page] = await Promise.all([
			this.#host.call('git.refs', of),
			info.value.head.commit === null ? null : this.#host.call('git.log', of)
		]);
		if (refs.ok) into.addRefs(root, refs.value.refs);
		if (page?.ok) into.addCommits(root, page.value.commits);
		tell();
		return null;
	}
}
