import {
	chain,
	CONVERSATION,
	DEVICES,
	diamondLadder,
	NOW_MS,
	randomShares,
	toHistory,
	topologyToNodes
} from '@stemma/testkit/graph-arbitrary';
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { fold } from '../src/fold.ts';
import { createNode } from '../src/hash.ts';
import { mergeHistories, type History } from '../src/merge.ts';
import { appendOp } from '../src/op-log.ts';
import type { HashedOp, OpPayload } from '../src/op.ts';

const NOW = NOW_MS + 120_000;
const EMPTY = toHistory([], []);

function merged(a: History, b: History): History {
	const result = mergeHistories(a, b, NOW);
	if (!result.ok) throw new Error(JSON.stringify(result.error));
	return result.value;
}

/** Everything there is to see, order included. */
const seen = ({ nodes, ops }: History): unknown => [[...nodes], [...ops]];

const op = (payload: OpPayload): HashedOp => appendOp(DEVICES[0], null, 0, NOW_MS, payload);

describe('union merge', () => {
	test('[G29] is commutative, associative and idempotent', () => {
		fc.assert(
			fc.property(randomShares(3, 16, 16), (shares) => {
				const [a = EMPTY, b = EMPTY, c = EMPTY] = shares;
				const ab = merged(a, b);
				expect(seen(merged(b, a))).toEqual(seen(ab));
				expect(seen(merged(ab, c))).toEqual(seen(merged(a, merged(b, c))));
				expect(seen(merged(ab, ab))).toEqual(seen(ab));
				expect(seen(merged(ab, a))).toEqual(seen(ab));
				expect(fold(merged(b, a).ops.values())).toEqual(fold(ab.ops.values()));
			}),
			{ numRuns: 60 }
		);
	});

	test('[G29] loses nothing and adds nothing', () => {
		fc.assert(
			fc.property(randomShares(2, 16, 12), ([a = EMPTY, b = EMPTY]) => {
				const { nodes, ops } = merged(a, b);
				expect(new Set(nodes.keys())).toEqual(new Set([...a.nodes.keys(), ...b.nodes.keys()]));
				expect(new Set(ops.keys())).toEqual(new Set([...a.ops.keys(), ...b.ops.keys()]));
			}),
			{ numRuns: 60 }
		);
	});

	test('[G32] parents come first, by generation and id', () => {
		fc.assert(
			fc.property(randomShares(2, 24, 0), ([a = EMPTY, b = EMPTY]) => {
				const gens = new Map<string, number>();
				let last = '';
				for (const { id, header } of merged(a, b).nodes.values()) {
					for (const parent of header.parents) expect(gens.has(parent)).toBe(true);
					const gen = header.parents.reduce((most, parent) => Math.max(most, (gens.get(parent) ?? 0) + 1), 0);
					gens.set(id, gen);
					const key = `${gen.toString().padStart(6, '0')} ${id}`;
					expect(key > last).toBe(true);
					last = key;
				}
			}),
			{ numRuns: 60 }
		);
	});

	test('[G32] long chains and ladders of diamonds are ordered too', () => {
		for (const topology of [chain(5000), diamondLadder(1000)]) {
			const nodes = topologyToNodes(topology);
			const { nodes: ordered } = merged(toHistory(nodes.toReversed(), []), EMPTY);
			expect(ordered.size).toBe(nodes.length);
			expect([...ordered.keys()][0]).toBe(nodes[0]?.id ?? '');
		}
	});

	test('[G3] [G29] texts that only look alike stay two nodes', () => {
		const twins = ['caf\u00e9', 'cafe\u0301'].map((text) =>
			createNode(
				{ kind: 'message', role: 'user', parents: [], change: '0a'.repeat(16), links: [] },
				{ nonce: '00'.repeat(16), parts: [{ type: 'text', text }] }
			)
		);
		expect(merged(toHistory(twins.slice(0, 1), []), toHistory(twins.slice(1), [])).nodes.size).toBe(2);
	});
});

describe('what a merge refuses', () => {
	const nodes = topologyToNodes(chain(3));
	const [root, , tip] = nodes;
	if (!root || !tip) throw new Error('a chain of three has three nodes');

	test('[G30] a node whose header, id or body does not fit', () => {
		const broken = [
			['header', { ...root, header: { ...root.header, at: 5 } }],
			['id', { ...root, header: { ...root.header, role: 'tool' as const } }],
			['body', { ...root, body: { nonce: '00'.repeat(16), parts: [] } }]
		] as const;
		for (const [what, node] of broken) {
			const expected = { ok: false, error: { code: 'bad_node', id: root.id, what } };
			expect(mergeHistories(toHistory([node], []), EMPTY, NOW) as unknown).toEqual(expected);
			expect(mergeHistories(toHistory(nodes, []), toHistory([node], []), NOW) as unknown).toEqual(expected);
		}
	});

	test('[G30] a node without its parent', () => {
		expect(mergeHistories(toHistory([tip], []), EMPTY, NOW)).toEqual({
			ok: false,
			error: { code: 'missing_parent', id: tip.id, parent: tip.header.parents[0] ?? '' }
		});
	});

	test('[G30] a broken chain, and one device that went two ways', () => {
		const payload: OpPayload = { kind: 'set', entity: 'setting', id: 'app', field: 'theme', value: 'dark' };
		const late = appendOp(DEVICES[0], { id: '11'.repeat(32), seq: 1, hlc: 0 }, 0, NOW_MS, payload);
		expect(mergeHistories(toHistory([], [late]), EMPTY, NOW)).toMatchObject({
			error: { code: 'bad_chain', defect: { code: 'gap' } }
		});
		const [left, right] = [op(payload), op({ ...payload, value: 'light' })];
		expect(mergeHistories(toHistory([], [left]), toHistory([], [right]), NOW)).toMatchObject({
			error: { code: 'bad_chain', defect: { code: 'fork', device: DEVICES[0], seq: 1 } }
		});
	});

	test('[G31] a redacted body does not come back', () => {
		const redacted = toHistory([{ ...root, body: null }], []);
		for (const [a, b] of [
			[redacted, toHistory(nodes, [])],
			[toHistory(nodes, []), redacted]
		] as const) {
			const result = merged(a, b).nodes;
			expect(result.get(root.id)?.body).toBeNull();
			expect(result.get(tip.id)?.body).not.toBeNull();
		}
	});

	test('[G31] a buried body or node stays away, its children keep their place', () => {
		const body = op({ kind: 'tombstone', scope: 'body', id: root.header.body_hash });
		expect(merged(toHistory(nodes, []), toHistory([], [body])).nodes.get(root.id)?.body).toBeNull();
		const node = op({ kind: 'tombstone', scope: 'node', id: root.id });
		const without = merged(toHistory(nodes, []), toHistory([], [node]));
		expect([...without.nodes.keys()]).toEqual(nodes.slice(1).map(({ id }) => id));
		expect(seen(merged(without, toHistory(nodes, [])))).toEqual(seen(without));
	});

	test('[G31] burying a conversation buries no node by itself', () => {
		const conversation = op({ kind: 'tombstone', scope: 'conversation', id: CONVERSATION });
		expect(merged(toHistory(nodes, []), toHistory([], [conversation])).nodes.size).toBe(3);
	});
});
