/** Two histories become one: the union of their nodes and operations, everything verified first. */
import { nodeDefect, type NodeDefect } from './hash.ts';
import { inKeyOrder } from './key-order.ts';
import type { GraphNode, NodeId } from './node.ts';
import { verifyChains, type ChainDefect } from './op-log.ts';
import type { HashedOp, OpId } from './op.ts';
import { err, ok, type Result } from './result.ts';

export interface History {
	readonly nodes: ReadonlyMap<NodeId, GraphNode>;
	readonly ops: ReadonlyMap<OpId, HashedOp>;
}

export type MergeError =
	| { readonly code: 'bad_node'; readonly id: NodeId; readonly what: NodeDefect }
	| { readonly code: 'missing_parent'; readonly id: NodeId; readonly parent: NodeId }
	| { readonly code: 'bad_chain'; readonly defect: ChainDefect };

/**
 * Commutative, associative and idempotent. What one side has redacted or buried stays so:
 * a buried node is left out, its children keep its id as their parent.
 */
export function mergeHistories(a: History, b: History, nowMs: number): Result<History, MergeError> {
	const ops = new Map([...a.ops.values(), ...b.ops.values()].map((hashed) => [hashed.id, hashed]));
	const chains = verifyChains([...ops.values()], nowMs);
	if (!chains.ok) return err({ code: 'bad_chain', defect: chains.error });

	const buried = { node: new Set<string>(), body: new Set<string>(), conversation: new Set<string>() };
	for (const { op } of ops.values()) {
		if (op.payload.kind === 'tombstone') buried[op.payload.scope].add(op.payload.id);
	}
	const nodes = new Map<NodeId, GraphNode>();
	for (const node of [...a.nodes.values(), ...b.nodes.values()]) {
		const what = nodeDefect(node);
		if (what) return err({ code: 'bad_node', id: node.id, what });
		if (buried.node.has(node.id)) continue;
		const isRedacted = nodes.get(node.id)?.body === null || buried.body.has(node.header.body_hash);
		nodes.set(node.id, isRedacted ? { ...node, body: null } : node);
	}
	for (const node of nodes.values()) {
		const parent = node.header.parents.find((id) => !nodes.has(id) && !buried.node.has(id));
		if (parent !== undefined) return err({ code: 'missing_parent', id: node.id, parent });
	}
	return ok({ nodes: inTopologicalOrder(nodes), ops: inKeyOrder(ops) });
}

/** By generation, then id: the order in which nodes can be inserted, the same on every machine. */
function inTopologicalOrder(nodes: ReadonlyMap<NodeId, GraphNode>): ReadonlyMap<NodeId, GraphNode> {
	const gens = new Map<NodeId, number>();
	for (const start of nodes.keys()) {
		const pending = [start];
		for (let id = pending.at(-1); id !== undefined; id = pending.at(-1)) {
			const parents = (nodes.get(id)?.header.parents ?? []).filter((parent) => nodes.has(parent));
			const unknown = parents.filter((parent) => !gens.has(parent));
			if (unknown.length > 0) {
				pending.push(...unknown);
				continue;
			}
			gens.set(
				id,
				parents.reduce((gen, parent) => Math.max(gen, (gens.get(parent) ?? 0) + 1), 0)
			);
			pending.pop();
		}
	}
	return new Map([...nodes].sort(([a], [b]) => (gens.get(a) ?? 0) - (gens.get(b) ?? 0) || (a < b ? -1 : 1)));
}
