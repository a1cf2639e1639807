/** Random graphs, values and histories for property tests, biased towards the shapes that break algorithms. */
import { createNode } from '@stemma/graph/hash';
import type { History } from '@stemma/graph/merge';
import type { GraphNode, NodeId } from '@stemma/graph/node';
import type { HashedOp, OpId, OpPayload } from '@stemma/graph/op';
import { appendOp, type ChainEnd } from '@stemma/graph/op-log';
import type { JsonValue } from '@stemma/graph/part';
import fc from 'fast-check';

/** The parents of each row, by row; a parent always before its child. */
export type Topology = readonly (readonly number[])[];

/** Rows that reply to the last row, fork further back, merge, or start a new tree. */
export function randomTopology(maxRows: number): fc.Arbitrary<Topology> {
	const step = fc.record({
		shape: fc.constantFrom('reply', 'reply', 'reply', 'fork', 'merge', 'octopus', 'root'),
		picks: fc.tuple(fc.nat(), fc.nat(), fc.nat())
	});
	return fc.array(step, { minLength: 1, maxLength: maxRows }).map((steps) =>
		steps.map(({ shape, picks }, row) => {
			if (row === 0 || shape === 'root') return [];
			const near = (pick: number): number => row - 1 - (pick % Math.min(row, 8));
			const far = (pick: number): number => pick % row;
			const [a, b, c] = picks;
			const parents = {
				reply: [row - 1],
				fork: [far(a)],
				merge: [near(a), near(b)],
				octopus: [near(a), far(b), far(c)]
			}[shape];
			return [...new Set(parents)];
		})
	);
}

/** `count` diamonds on top of each other: 2^count paths from the tip to the root. */
export function diamondLadder(count: number): Topology {
	const rows: (readonly number[])[] = [[]];
	for (let i = 0; i < count; i++) {
		const base = rows.length - 1;
		rows.push([base], [base], [base + 1, base + 2]);
	}
	return rows;
}

/** Every row also merges the one before the last: paths as the Fibonacci numbers. */
export const skipLadder = (rows: number): Topology =>
	Array.from({ length: rows }, (_, row) => (row === 0 ? [] : row === 1 ? [0] : [row - 1, row - 2]));

export const chain = (rows: number): Topology =>
	Array.from({ length: rows }, (_, row) => (row === 0 ? [] : [row - 1]));

export const randomTopologies = (maxRows: number): fc.Arbitrary<Topology> =>
	fc.oneof(
		{ weight: 6, arbitrary: randomTopology(maxRows) },
		{ weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }).map(diamondLadder) },
		{ weight: 1, arbitrary: fc.integer({ min: 2, max: maxRows }).map(skipLadder) },
		{ weight: 1, arbitrary: fc.integer({ min: 1, max: maxRows }).map(chain) }
	);

/** JSON values that have a canonical form. */
export const jsonValue: fc.Arbitrary<JsonValue> = fc
	.jsonValue({ stringUnit: 'binary', maxDepth: 4 })
	.map((value) => value as JsonValue);

/** The same graph as content-addressed nodes, row by row. */
export function topologyToNodes(topology: Topology): readonly GraphNode[] {
	const nodes: GraphNode[] = [];
	for (const [row, parents] of topology.entries()) {
		const label = row.toString(16).padStart(32, '0');
		nodes.push(
			createNode(
				{
					kind: parents.length > 1 ? 'merge' : 'message',
					role: row % 2 === 0 ? 'user' : 'assistant',
					parents: parents.flatMap((parent) => nodes[parent]?.id ?? []),
					change: label,
					links: []
				},
				{ nonce: label, parts: [{ type: 'text', text: `message ${row}` }] }
			)
		);
	}
	return nodes;
}

export const DEVICES = ['aa'.repeat(16), 'bb'.repeat(16), 'cc'.repeat(16)] as const;
export const CONVERSATION = 'c0'.repeat(16);
export const NOW_MS = 1_700_000_000_000;

interface Action {
	readonly device: number;
	readonly kind: 'set' | 'unset' | 'move' | 'delete' | 'add' | 'remove' | 'bury';
	readonly pick: number;
	/** How far the device's wall clock is off. */
	readonly skewMs: number;
	/** Whether the device has just read the others' logs. */
	readonly hasSynced: boolean;
}

const KINDS = ['set', 'set', 'unset', 'move', 'move', 'move', 'delete', 'add', 'add', 'remove'] as const;

const actions = (kinds: readonly Action['kind'][]): fc.Arbitrary<Action> =>
	fc.record({
		device: fc.nat({ max: DEVICES.length - 1 }),
		kind: fc.constantFrom(...kinds),
		pick: fc.nat({ max: 1000 }),
		skewMs: fc.integer({ min: -60_000, max: 60_000 }),
		hasSynced: fc.boolean()
	});

/**
 * What several devices did to one conversation, each knowing of the others only what it had read:
 * the logs end up with real divergence, clock skew included.
 */
export function randomOps(
	targets: readonly NodeId[],
	maxOps: number,
	{ buries = false }: { readonly buries?: boolean } = {}
): fc.Arbitrary<readonly HashedOp[]> {
	const action = actions(buries ? [...KINDS, 'bury'] : KINDS);
	return fc.array(action, { maxLength: maxOps }).map((taken) => {
		const all: HashedOp[] = [];
		const known = DEVICES.map((): HashedOp[] => []);
		const ends = DEVICES.map((): ChainEnd | null => null);
		for (const [step, { device, kind, pick, skewMs, hasSynced }] of taken.entries()) {
			const name = DEVICES[device] ?? DEVICES[0];
			if (hasSynced) known[device] = [...all];
			const seen = known[device] ?? [];
			const clock = seen.reduce((largest, { op }) => Math.max(largest, op.hlc), 0);
			const hashed = appendOp(
				name,
				ends[device] ?? null,
				clock,
				NOW_MS + step * 7 + skewMs,
				actionToPayload(kind, pick, targets, seen)
			);
			ends[device] = { seq: hashed.op.seq, id: hashed.id, hlc: hashed.op.hlc };
			known[device] = [...seen, hashed];
			all.push(hashed);
		}
		return all;
	});
}

function actionToPayload(
	kind: Action['kind'],
	pick: number,
	targets: readonly NodeId[],
	seen: readonly HashedOp[]
): OpPayload {
	const name = `branch-${pick % 2}`;
	const value = `tag-${pick % 3}`;
	const refOps = seen
		.filter(({ op }) => op.payload.kind === 'ref' && op.payload.name === name)
		.map(({ id }) => id);
	const adds = seen
		.filter(({ op }) => op.payload.kind === 'add' && op.payload.value === value)
		.map(({ id }) => id);
	const entity = { entity: 'conversation', id: CONVERSATION } as const;
	switch (kind) {
		case 'set':
			return { kind: 'set', ...entity, field: pick % 2 === 0 ? 'title' : 'pinned', value: pick };
		case 'unset':
			return { kind: 'set', ...entity, field: 'title', value: null };
		case 'move':
		case 'delete':
			return {
				kind: 'ref',
				conversation: CONVERSATION,
				name,
				refKind: 'branch',
				target: kind === 'delete' ? null : (targets[pick % targets.length] ?? null),
				seen: refOps
			};
		case 'add':
			return { kind: 'add', ...entity, name: 'tags', value };
		case 'bury':
			// Now and then all of it: a ref to a buried message is the commoner case.
			return pick % 7 === 0
				? { kind: 'tombstone', scope: 'conversation', id: CONVERSATION }
				: { kind: 'tombstone', scope: 'node', id: targets[pick % targets.length] ?? '' };
		case 'remove':
			return { kind: 'remove', ...entity, name: 'tags', value, seen: adds };
	}
}

export const toHistory = (nodes: readonly GraphNode[], ops: readonly HashedOp[]): History => ({
	nodes: new Map<NodeId, GraphNode>(nodes.map((node) => [node.id, node])),
	ops: new Map<OpId, HashedOp>(ops.map((hashed) => [hashed.id, hashed]))
});

/** Parts of one history as databases that have each seen some of it; every part is complete in itself. */
export function randomShares(
	parts: number,
	maxRows: number,
	maxOps: number
): fc.Arbitrary<readonly History[]> {
	return randomTopologies(maxRows).chain((topology) => {
		const nodes = topologyToNodes(topology);
		const share = fc.record({
			rows: fc.array(fc.nat({ max: nodes.length - 1 }), { maxLength: 4 }),
			lengths: fc.tuple(fc.nat({ max: maxOps }), fc.nat({ max: maxOps }), fc.nat({ max: maxOps })),
			redacted: fc.option(fc.nat({ max: nodes.length - 1 }))
		});
		return fc
			.tuple(
				randomOps(
					nodes.map((node) => node.id),
					maxOps
				),
				fc.array(share, { minLength: parts, maxLength: parts })
			)
			.map(([ops, shares]) =>
				shares.map(({ rows, lengths, redacted }) => {
					const included = closure(topology, rows);
					return toHistory(
						nodes.flatMap((node, row) => {
							if (!included.has(row)) return [];
							return [row === redacted ? { ...node, body: null } : node];
						}),
						ops.filter(
							({ op }) => op.seq <= (lengths[DEVICES.findIndex((device) => device === op.device)] ?? 0)
						)
					);
				})
			);
	});
}

/** The rows and all their ancestors. */
export function closure(topology: Topology, rows: readonly number[]): ReadonlySet<number> {
	const included = new Set<number>();
	const pending = [...rows];
	for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
		if (included.has(row)) continue;
		included.add(row);
		pending.push(...(topology[row] ?? []));
	}
	return included;
}
