/** What a comparison can be between, of one repository: two of its branches, tags and commits, as typed with two dots. */
import type { Root } from '@stemma/host/generated/commands';
import { FuzzyIndex } from './fuzzy-index.ts';

/** A commit, and what it is called here. */
export interface Revision {
	readonly name: string;
	readonly commit: string;
	/** Of one that is called by its id. */
	readonly subject: string | null;
}

export interface Between {
	readonly root: Root;
	readonly kind: 'between';
	readonly old: Revision;
	readonly new: Revision;
}

/** The two sides of `old..new`, as far as they are typed. */
export interface RangeQuery {
	readonly old: string;
	readonly new: string;
}

export const SHORT_ID = 7;
export const rangeName = (between: Pick<Between, 'old' | 'new'>): string =>
	`${between.old.name}..${between.new.name}`;

/** No name has two dots in it. A third one is another question, and a path goes on with a slash. */
const RANGE = /^(?<old>|.*?[^.])\.\.(?![./])(?<new>.*)$/su;
const FULL_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** What a first side that is not typed in full is taken for. */
const MOST_OLD = 5;

export function parseRange(words: string): RangeQuery | null {
	const { old, new: now } = RANGE.exec(words)?.groups ?? {};
	return old === undefined || now === undefined ? null : { old, new: now };
}

export class Revisions {
	/** Where HEAD is; of this the side is that is left out. */
	head: Revision | null = null;
	readonly #root: Root;
	readonly #all: Revision[] = [];
	readonly #index = new FuzzyIndex();
	readonly #byName = new Map<string, readonly Revision[]>();
	/** Each is made once: a list on screen knows them again. */
	readonly #known = new Map<Revision, Map<Revision, Between>>();
	/** The first side stays while the second one is typed. */
	#olds: { readonly words: string; readonly of: number; readonly found: readonly Revision[] } | null = null;

	constructor(root: Root) {
		this.#root = root;
	}

	/** @param text what it is found by */
	add(revision: Revision, text: string): void {
		this.#all.push(revision);
		this.#index.add(text);
		this.#byName.set(revision.name, [...(this.#byName.get(revision.name) ?? []), revision]);
	}

	named({ name, commit }: Pick<Revision, 'name' | 'commit'>): Revision {
		const known = this.#byName.get(name)?.find((revision) => revision.commit === commit);
		return known ?? { name, commit, subject: null };
	}

	/** The likeliest first. */
	pairs({ old, new: now }: RangeQuery, most: number): readonly Between[] {
		const olds = this.#findOld(old);
		const news = now === '' ? this.#all.slice(0, most + MOST_OLD) : this.#find(now, most);
		const ranked = olds.flatMap((from, i) => news.map((to, j) => ({ from, to, rank: i + j })));
		return (
			ranked
				// What is typed is offered, and says that there is nothing between them.
				.filter(({ from, to }) => now !== '' || from.commit !== to.commit)
				.toSorted((a, b) => a.rank - b.rank)
				.slice(0, most)
				.map(({ from, to }) => this.between(from, to))
		);
	}

	between(old: Revision, now: Revision): Between {
		const withOld = this.#known.get(old) ?? new Map<Revision, Between>();
		const between = withOld.get(now) ?? { root: this.#root, kind: 'between', old, new: now };
		this.#known.set(old, withOld.set(now, between));
		return between;
	}

	/** A name in full means what is called so, even when others have its letters. */
	#findOld(words: string): readonly Revision[] {
		const { length } = this.#all;
		if (this.#olds?.words !== words || this.#olds.of !== length)
			this.#olds = { words, of: length, found: this.#exact(words) ?? this.#find(words, MOST_OLD) };
		return this.#olds.found;
	}

	#find(words: string, most: number): readonly Revision[] {
		if (FULL_ID.test(words) || words === 'HEAD') return this.#exact(words) ?? [];
		return this.#index.search(words, most).flatMap(({ index }) => this.#all[index] ?? []);
	}

	#exact(words: string): readonly Revision[] | null {
		if (words === '' || words === 'HEAD') return this.head ? [this.head] : [];
		const called = this.#byName.get(words);
		if (called || !FULL_ID.test(words)) return called ?? null;
		// Pasted: it may be older than what was read.
		const name = words.slice(0, SHORT_ID);
		const read = this.#byName.get(name)?.find(({ commit }) => commit === words);
		const revision = read ?? { name, commit: words, subject: null };
		if (!read) this.#byName.set(words, [revision]);
		return [revision];
	}
}
