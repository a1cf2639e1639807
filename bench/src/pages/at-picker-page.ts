/** What a key costs while one looks for a file among many. */
import { FuzzyIndex } from '../../../app/src/lib/state/fuzzy-index.ts';

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

Object.assign(globalThis, { findPaths });
export type FindPaths = typeof findPaths;
