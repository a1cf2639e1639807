/** How long one waits for what is different between two long answers, and what the page feels of it. */
import { partsToText } from '@stemma/graph/render';
import { generateHistory } from '@stemma/testkit/history';
import { figure, median, type Benchmark } from './figure.ts';
import { createPageRig } from './page-rig.ts';
import type { CompareAnswers } from './pages/compare-page.ts';

declare global {
	/** In pages of the rig. */
	var compareAnswers: CompareAnswers;
}

const CHARS = 20_000;
const TIMES = 15;
/** Every so many words one is another, every so many paragraphs one is new. */
const WORDS = 9;
const PARAGRAPHS = 8;

function answer(seed: number): string {
	let text = '';
	for (const { node } of generateHistory({ seed, nodes: 400, longChain: 400 })) {
		text += `${partsToText(node.body?.parts ?? [])}\n\n`;
		if (text.length >= CHARS) break;
	}
	return text.slice(0, CHARS);
}

/** The same answer, revised throughout. */
function revised(text: string): string {
	let words = 0;
	return text
		.split('\n\n')
		.map((paragraph, i) =>
			i % PARAGRAPHS === PARAGRAPHS - 1
				? `A paragraph of its own, number ${i}.`
				: paragraph.replace(/\w+/g, (word) => (++words % WORDS === 0 ? 'otherwise' : word))
		)
		.join('\n\n')
		.slice(0, CHARS);
}

export const compareBenchmarks: readonly Benchmark[] = [
	{
		name: 'word-diff',
		async run() {
			const before = answer(3);
			const pairs = { revised: revised(before), other: answer(4) };
			const rig = await createPageRig();
			try {
				const page = await rig.open(await rig.newContext(), 'compare-page');
				const compare = (after: string) =>
					page.evaluate(([a, b, times]) => compareAnswers(a, b, times), [before, after, TIMES] as const);
				await compare(pairs.revised);
				const own = await compare(pairs.revised);
				const other = await compare(pairs.other);
				const longest = Math.max(own.longestTask, other.longestTask);
				return [
					figure('word-diff', 'ms', median(own.taken), { atMost: 50 }),
					figure('word-diff-of-strangers', 'ms', median(other.taken), { atMost: 100 }),
					figure('word-diff-main-thread', 'ms', longest, { atMost: 50 })
				];
			} finally {
				await rig.close();
			}
		}
	}
];
