/** What an @ can bring into a message, read from the linked folders when it is first wanted and again later. */
import type { Root } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { MentionEntries, type MentionEntry } from './mention-entries.ts';

/** Older than this, it is read again when the picker opens. */
const FRESH_MS = 10_000;
/** Between two looks at what a scan has brought. */
const PACE_MS = 100;
/** Of each repository: the newest, which are found by their words. */
const MOST_COMMITS = 1_000;
/** A scan brings more at once than fits between two frames. */
const BREATH_MS = 8;

export class MentionSource {
	static readonly #byHost = new WeakMap<Host, MentionSource>();
	/** Made anew whenever something has come: what is in it is not reactive. */
	#shown = $state.raw({ entries: new MentionEntries(false) });
	#roots = $state.raw<readonly Root[]>([]);
	isReading = $state(false);
	/** What is missing from what is found, as a sentence. */
	lack = $state<string | null>(null);
	readonly #host: Host;
	readonly #nowMs: () => number;
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
		return this.#shown.entries.find(words);
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
		const fresh = new MentionEntries(roots.length > 1);
		this.#roots = roots;
		// What was read before stays until all of it is read again.
		if (isFirst) this.#show(fresh);
		let toldAt = this.#nowMs();
		const tell = (): void => {
			if (!isFirst || this.#nowMs() - toldAt < PACE_MS) return;
			toldAt = this.#nowMs();
			this.#show(fresh);
		};
		const hasGit = offers.has('git.info') && offers.has('git.commit') && offers.has('git.diff');
		if (offers.has('process.run')) {
			const listing = await this.#host.call('jobs.list', {});
			if (listing.ok) fresh.addOutputs(roots, listing.value.jobs);
		}
		const lacks = await Promise.all(
			roots.flatMap((root) => [
				this.#scan(root, fresh, tell),
				...(hasGit ? [this.#readRepository(root, fresh, tell)] : [])
			])
		);
		this.lack = lacks.find((lack) => lack !== null) ?? null;
		this.#show(fresh);
	}

	#show(entries: MentionEntries): void {
		this.#shown = { entries };
	}

	/** @returns what is lacking, as a sentence */
	async #scan(root: Root, into: MentionEntries, tell: () => void): Promise<string | null> {
		let isCut = false;
		let breathedAt = this.#nowMs();
		const scanned = await this.#host.stream(
			'files.scan',
			{ root: root.id, folders: true },
			async ({ entries, truncated }) => {
				into.addFiles(root, entries);
				isCut ||= truncated;
				tell();
				if (this.#nowMs() - breathedAt < BREATH_MS) return;
				await new Promise((resolve) => setTimeout(resolve));
				breathedAt = this.#nowMs();
			}
		);
		if (!scanned.ok) return `Not all of ${root.name} was read: ${scanned.error.message}`;
		return isCut ? `${root.name} has more files than are looked through.` : null;
	}

	/** A folder that is no repository, or one that may not be read, has files only. */
	async #readRepository(root: Root, into: MentionEntries, tell: () => void): Promise<null> {
		const of = { root: root.id };
		const info = await this.#host.call('git.info', of);
		if (!info.ok) return null;
		if (!info.value.bare) into.addChanges(root);
		const [refs, page] = await Promise.all([
			this.#host.call('git.refs', of),
			info.value.head.commit === null ? null : this.#host.call('git.log', { ...of, limit: MOST_COMMITS })
		]);
		if (refs.ok) into.addRefs(root, refs.value);
		if (page?.ok) into.addCommits(root, page.value.commits);
		tell();
		return null;
	}
}
