/** Two answers compared as the app does it: paragraphs here, everything else in the worker. */
import { splitParagraphs } from '@stemma/graph/paragraphs';
import { startComparer } from '../../../app/src/lib/compare/start-comparer.ts';

const paragraphsOf = (text: string): readonly string[] =>
	splitParagraphs(text).map(({ from, to }) => text.slice(from, to));

/** @returns ms from the question to the answer, each time, and the longest task of the main thread meanwhile */
async function compareAnswers(
	before: string,
	after: string,
	times: number
): Promise<{ readonly taken: readonly number[]; readonly longestTask: number }> {
	const comparer = startComparer();
	const tasks: number[] = [0];
	const observer = new PerformanceObserver((list) => {
		tasks.push(...list.getEntries().map(({ duration }) => duration));
	});
	observer.observe({ type: 'longtask' });
	const taken: number[] = [];
	for (let i = 0; i < times; i++) {
		const start = performance.now();
		const compared = await comparer.compare({
			sections: [[paragraphsOf(before), paragraphsOf(after)]],
			base: 0
		});
		taken.push(performance.now() - start);
		if (!compared) throw new Error('nothing was compared');
	}
	// Long tasks are reported after they have ended.
	await new Promise((resolve) => setTimeout(resolve, 100));
	observer.disconnect();
	comparer.close();
	return { taken, longestTask: Math.max(...tasks) };
}

Object.assign(globalThis, { compareAnswers });
export type CompareAnswers = typeof compareAnswers;
