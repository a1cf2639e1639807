import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createContextBuilder, type ContextNode, type ContextOptions } from '../src/context.ts';
import { rebuildContext, storeReceipt, type StoredReceipt } from '../src/receipt.ts';
import { idOf, options, path, say } from './conversation.ts';

/** Newest first. */
const line = path(
	...Array.from({ length: 60 }, (_, i) =>
		say(`m${i}-`, i % 3 === 1 ? 'assistant' : 'user', `message ${i} ${'x'.repeat(i * 3)}`)
	)
)
	.map((node, i) =>
		i % 7 === 2 && node.body
			? {
					...node,
					body: {
						...node.body,
						parts: [
							...node.body.parts,
							{ type: 'file' as const, hash: idOf('log'), name: 'log.txt', mime: 'text/plain' }
						]
					}
				}
			: node
	)
	.toReversed();
const attached = new Map([[idOf('log'), 'one\n```\ntwo']]);

function sendAndStore(given: Partial<ContextOptions>): {
	readonly built: unknown;
	readonly stored: StoredReceipt;
} {
	const all = options({ ...given, attached });
	const builder = createContextBuilder(all);
	let offered = 0;
	for (const node of line) {
		if (builder.offer(node) === 'full') break;
		offered++;
	}
	const built = builder.finish();
	// Through JSON, as a database keeps it.
	const stored = JSON.parse(
		JSON.stringify(storeReceipt(all, line[0]?.id ?? '', offered, built))
	) as StoredReceipt;
	return { built, stored };
}

const [summary] = path({ ...say('sum', 'assistant', 'So far.'), kind: 'summary' });
if (!summary) throw new Error('one summary');
const nodes = new Map<string, ContextNode>([...line, summary].map((node) => [node.id, node]));
const get = (id: string): ContextNode | null => nodes.get(id) ?? null;

const anyOptions: fc.Arbitrary<Partial<ContextOptions>> = fc.record({
	instructions: fc.array(fc.string(), { maxLength: 2 }),
	volatile: fc.array(fc.string(), { maxLength: 2 }),
	fixed: fc.subarray(line.slice(0, 30), { maxLength: 3 }),
	excluded: fc
		.subarray(
			line.map(({ id }) => id),
			{ maxLength: 5 }
		)
		.map((ids) => new Set(ids)),
	summaries: fc.constantFrom(new Map(), new Map([[idOf('m40-'), { node: summary, from: idOf('m30-') }]])),
	budget: fc.option(
		fc.record({
			contextTokens: fc.integer({ min: 50, max: 4000 }),
			reservedOutput: fc.constant(20),
			margin: fc.constant(0.08)
		}),
		{ nil: null }
	),
	factor: fc.double({ min: 0.5, max: 2, noNaN: true })
});

describe('stored receipts', () => {
	test('[G47] give the exact request again', () => {
		fc.assert(
			fc.property(
				anyOptions,
				fc.constantFrom<Pick<ContextOptions, 'goOn' | 'request'>[]>(
					{},
					{ goOn: 'ask' },
					{ goOn: 'prefill' },
					{ request: 'Make one of these.' }
				),
				(given, end) => {
					const { built, stored } = sendAndStore({ ...given, ...end });
					expect(rebuildContext(stored, line, get, attached)).toEqual({ ok: true, value: built } as never);
				}
			),
			{ numRuns: 300 }
		);
	});

	test('[G47] say so when something they name has been redacted, or is gone', () => {
		const fixed = line.slice(20, 21);
		const { stored } = sendAndStore({ fixed });
		const redacted = line.map((node, i) => (i === 5 ? { ...node, body: null } : node));
		expect(rebuildContext(stored, redacted, get, attached)).toMatchObject({
			ok: false,
			error: { code: 'changed' }
		});
		expect(rebuildContext(stored, line, () => null, attached)).toMatchObject({
			ok: false,
			error: { code: 'changed' }
		});
		expect(rebuildContext(stored, line.slice(0, 10), get, attached)).toMatchObject({
			ok: false,
			error: { code: 'changed' }
		});
	});

	test('[G44] [G47] do not grow with the history', () => {
		const size = (given: Partial<ContextOptions>): number =>
			JSON.stringify(sendAndStore(given).stored).length;
		expect(size({})).toBeLessThan(700);
		expect(size({ budget: { contextTokens: 60, reservedOutput: 0, margin: 0 } })).toBeLessThan(900);
	});
});
