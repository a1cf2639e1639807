/** How long a key takes that is typed behind an @: looking through every path of a large folder, or for two commits. */
import { figure, median, type Benchmark } from './figure.ts';
import { createPageRig } from './page-rig.ts';
import type { FindPairs, FindPaths } from './pages/at-picker-page.ts';

declare global {
	/** In pages of the rig. */
	var findPaths: FindPaths;
	var findPairs: FindPairs;
}

const PATHS = 100_000;
const TIMES = 9;
/** A name, initials, folders, and what almost everything has. */
const QUERIES = ['statecomposer', 'srclibgv', 's/l/c', 'e'];
/** As many as the host tells, and as many as the picker asks for. */
const REFS = 20_000;
const COMMITS = 1_000;
const PAIRS = ['e..e', 'app..src', 'statecomposer..viewstore'];
const WORDS =
	'app src lib state features composer graph view store worker index test bench page model server host folder commit diff merge branch tree node hash render token prompt draft queue list'.split(
		' '
	);

/** Like those of a large repository: some folders deep, names of two words and a number. */
function paths(): readonly string[] {
	let seed = 7;
	const below = (most: number): number => {
		seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
		return (seed >> 8) % most;
	};
	const word = (): string => WORDS[below(WORDS.length)] ?? '';
	return Array.from({ length: PATHS }, (_, i) => {
		const folders = Array.from({ length: 2 + below(5) }, word);
		return `${folders.join('/')}/${word()}-${word()}-${i}.ts`;
	});
}

export const atPickerBenchmarks: readonly Benchmark[] = [
	{
		name: 'at-picker',
		async run() {
			const rig = await createPageRig();
			try {
				const page = await rig.open(await rig.newContext(), 'at-picker-page');
				const keys = await page.evaluate(([all, queries, times]) => findPaths(all, queries, times), [
					paths(),
					QUERIES,
					TIMES
				] as const);
				const pairs = await page.evaluate(
					([names, commits, queries, times]) => findPairs(names, commits, queries, times),
					[paths().slice(0, REFS), COMMITS, PAIRS, TIMES] as const
				);
				return [
					figure('at-picker', 'ms', Math.max(...keys.map(median)), { atMost: 16 }),
					figure('at-picker: two commits', 'ms', Math.max(...pairs.map(median)), { atMost: 16 })
				];
			} finally {
				await rig.close();
			}
		}
	}
];
