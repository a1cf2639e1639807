/** What a key costs while one looks for a file among many, or for two commits. */
import { FuzzyIndex } from '../../../app/src/lib/state/fuzzy-index.ts';
import { MentionEntries } from '../../../app/src/lib/state/mention-entries.ts';

/** What the picker shows. */
const MOST = 50;

/** @returns for each key of each query its times in ms */
function findPaths(
	paths: readonly string[],
	queries: readonly string[],
	times: number
): readonly (readonly number[])[] {
	const index = new FuzzyIndex();
	for (const path of paths) index.add(path);
	return queries.flatMap((query) => {
		const keys: number[][] = Array.from(query, () => []);
		for (let i = 0; i < times; i++) {
			for (const [at, taken] of keys.entries()) {
				const start = performance.now();
				const found = index.search(query.slice(0, at + 1), MOST);
				taken.push(performance.now() - start);
				if (found.length === 0) throw new Error(`nothing is found for ${query.slice(0, at + 1)}`);
			}
		}
		return keys;
	});
}

/** As the picker does it, between `names` of branches and as many commits as are read. */
function findPairs(
	names: readonly string[],
	commits: number,
	queries: readonly string[],
	times: number
): readonly (readonly number[])[] {
	const root = { id: 'r', name: 'r', place: '/r', linkedAt: 0, state: 'linked' } as const;
	const idOf = (i: number): string => i.toString(16).padStart(7, '0').padEnd(40, '0');
	const entries = new MentionEntries(false);
	const refs = names.map((short, i) => ({
		name: `refs/heads/${short}`,
		short,
		kind: 'branch' as const,
		commit: idOf(i),
		tag: null,
		upstream: null
	}));
	entries.addRefs(root, { head: { branch: names[0] ?? null, commit: idOf(0) }, refs });
	const author = { name: 'Ada', email: '', time: 0, offset: 0 };
	entries.addCommits(
		root,
		Array.from({ length: commits }, (_, i) => ({
			id: idOf(names.length + i),
			subject: `Change ${names[i] ?? ''}`,
			author,
			committed: 0,
			parents: [],
			refs: []
		}))
	);
	return queries.flatMap((query) => {
		const keys: number[][] = Array.from(query, () => []);
		for (let i = 0; i < times; i++) {
			for (const [at, taken] of keys.entries()) {
				const start = performance.now();
				const found = entries.find(query.slice(0, at + 1));
				taken.push(performance.now() - start);
				if (found.length === 0) throw new Error(`nothing is found for ${query.slice(0, at + 1)}`);
			}
		}
		return keys;
	});
}

Object.assign(globalThis, { findPaths, findPairs });
export type FindPaths = typeof findPaths;
export type FindPairs = typeof findPairs;
