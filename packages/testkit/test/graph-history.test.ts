import { nodeDefect } from '@stemma/graph/hash';
import { parseNodeHeader } from '@stemma/graph/parse-header';
import { describe, expect, test } from 'bun:test';
import { generateHistory } from '../src/history.ts';

const entries = [...generateHistory({ seed: 7, nodes: 5000 })];
const inConversations = Map.groupBy(entries, ({ conversation }) => conversation);

describe('generated histories', () => {
	test('have the asked size, parents first, every node valid and unlike any other', () => {
		expect(entries).toHaveLength(5000);
		const seen = new Map<string, string>();
		for (const { conversation, node } of entries) {
			expect(parseNodeHeader(node.header).ok).toBe(true);
			expect(nodeDefect(node)).toBeNull();
			for (const parent of node.header.parents) expect(seen.get(parent)).toBe(conversation);
			expect(seen.has(node.id)).toBe(false);
			seen.set(node.id, conversation);
		}
	});

	test('repeat with the seed, and differ with another', () => {
		const ids = (seed: number): readonly string[] =>
			Array.from(generateHistory({ seed, nodes: 200 }), ({ node }) => node.id);
		const seven = ids(7);
		expect(ids(7)).toEqual(seven);
		expect(ids(8).filter((id) => seven.includes(id))).toEqual([]);
	});

	test('begin with one long chain, then many conversations of all sizes', () => {
		const sizes = [...inConversations.values()].map((each) => each.length);
		expect(sizes[0]).toBe(500);
		expect(sizes.length).toBeGreaterThan(50);
		const first = entries.slice(0, 500).map(({ node }) => node);
		for (const [i, { header }] of first.entries())
			expect(header.parents).toEqual(i === 0 ? [] : [first[i - 1]?.id ?? '']);
	});

	test('hold forks, merges, versions of both roles, code and CJK', () => {
		const nodes = entries.slice(500).map(({ node }) => node);
		const share = (matches: (node: (typeof nodes)[number]) => boolean): number =>
			nodes.filter(matches).length / nodes.length;
		const versions = share(({ header }) => header.links.length > 0);
		const merges = share(({ header }) => header.parents.length > 1);
		expect(versions).toBeGreaterThan(0.07);
		expect(versions).toBeLessThan(0.14);
		expect(merges).toBeGreaterThan(0.003);
		expect(merges).toBeLessThan(0.02);
		const text = JSON.stringify(nodes);
		for (const piece of ['edit_of', 'regen_of', '```ts', '| --- |', '数据库', '"reasoning"'])
			expect(text).toContain(piece);
	});

	test('with no median, a few words each', () => {
		const short = [...generateHistory({ seed: 1, nodes: 100, medianChars: 0, longChain: 0 })];
		expect(
			short.every(({ node }) =>
				node.body?.parts.every((part) => part.type === 'text' && part.text.length < 250)
			)
		).toBe(true);
	});
});
