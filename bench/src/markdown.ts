/** What one flush of a growing answer costs, early and late. */
import { generateHistory } from '@stemma/testkit/history';
import { partsToText } from '@stemma/graph/render';
import { figure, median, type Benchmark } from './figure.ts';
import { createPageRig } from './page-rig.ts';
import type { FlushMarkdown } from './pages/markdown-page.ts';

declare global {
	/** In pages of the rig. */
	var flushMarkdown: FlushMarkdown;
}

const PIECE_CHARS = 24;
const PIECES = 200;
const TIMES = 5;
const SHORT = 1000;
const LONG = 100_000;

/** The same 9,900 characters over and over: what stands at 1,000 stands at 100,000 again. */
const UNIT = (LONG - SHORT) / 10;

function longText(): string {
	let unit = '';
	for (const { node } of generateHistory({ seed: 7, nodes: 1000, longChain: 1000 })) {
		const text = `${partsToText(node.body?.parts ?? [])}\n\n`;
		if (unit.length + text.length < UNIT - 2) unit += text;
	}
	return `${unit.padEnd(UNIT - 2, 'x')}\n\n`.repeat(11);
}

export const markdownBenchmarks: readonly Benchmark[] = [
	{
		name: 'markdown-flush',
		async run() {
			const text = longText();
			const rig = await createPageRig();
			const at: { short: number[]; long: number[] } = { short: [], long: [] };
			try {
				for (let i = 0; i < TIMES; i++) {
					const context = await rig.newContext();
					const page = await rig.open(context, 'markdown-page');
					const flush = (until: number): Promise<number> =>
						page.evaluate(([all, upTo, piece, times]) => flushMarkdown(all, upTo, piece, times), [
							text,
							until,
							PIECE_CHARS,
							PIECES
						] as const);
					at.short.push(await flush(SHORT));
					at.long.push(await flush(LONG));
					await context.close();
				}
			} finally {
				await rig.close();
			}
			return [
				figure('markdown-flush', 'ms', median(at.long), { atMost: 0.5, ratioAtMost: 2 }, median(at.short))
			];
		}
	}
];
