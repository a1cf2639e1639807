/**
 * The present state as the fold of all operations, in (time, device, number) order.
 * It does not depend on the order in which operations arrive, nor on how often.
 */
import { compareOps } from './op-log.ts';
import type { AddToSet, ConversationId, HashedOp, MoveRef, Op, OpId, RefKind, RemoveFromSet } from './op.ts';
import type { NodeId } from './node.ts';
import type { JsonValue } from './part.ts';

export interface RefState {
	readonly conversation: ConversationId;
	readonly name: string;
	readonly kind: RefKind;
	/** Operations on this ref that no other has seen, deletions left out; more than one = diverged. */
	readonly heads: ReadonlyMap<OpId, NodeId>;
}

export interface FoldState {
	/** entity/id/field → value; unset ones are absent. */
	readonly scalars: ReadonlyMap<string, JsonValue>;
	/** conversation/name → ref; refs without heads are absent. */
	readonly refs: ReadonlyMap<string, RefState>;
	/** entity/id/name → values. */
	readonly sets: ReadonlyMap<string, ReadonlySet<string>>;
	/** scope/id. */
	readonly tombstones: ReadonlySet<string>;
}

type Keyed = { readonly entity: string; readonly id: string };
export const scalarKey = (payload: Keyed & { readonly field: string }): string =>
	`${payload.entity}/${payload.id}/${payload.field}`;
export const setKey = (payload: Keyed & { readonly name: string }): string =>
	`${payload.entity}/${payload.id}/${payload.name}`;
export const refKey = (payload: { readonly conversation: string; readonly name: string }): string =>
	`${payload.conversation}/${payload.name}`;

export function fold(ops: Iterable<HashedOp>): FoldState {
	const ordered = [...new Map([...ops].map((hashed) => [hashed.id, hashed])).values()].sort((a, b) =>
		compareOps(a.op, b.op)
	);
	const tombstones = new Set<string>();
	/** Per register: an operation has no say about what happened to another one. */
	const seenOn = new Map<string, Set<OpId>>();
	for (const { op } of ordered) {
		if (op.payload.kind === 'tombstone') tombstones.add(`${op.payload.scope}/${op.payload.id}`);
		if (op.payload.kind === 'ref' || op.payload.kind === 'remove') {
			const key = register(op.payload);
			const seen = seenOn.get(key) ?? new Set<OpId>();
			for (const id of op.payload.seen) seen.add(id);
			seenOn.set(key, seen);
		}
	}
	const isSeen = (id: OpId, payload: MoveRef | AddToSet): boolean =>
		seenOn.get(register(payload))?.has(id) ?? false;

	const scalars = new Map<string, JsonValue>();
	const refs = new Map<
		string,
		{ kind: RefKind; heads: Map<OpId, NodeId>; payload: { conversation: string; name: string } }
	>();
	const sets = new Map<string, Set<string>>();
	for (const { id, op } of ordered) {
		if (isBuried(op, tombstones)) continue;
		const { payload } = op;
		switch (payload.kind) {
			case 'set':
				if (payload.value === null) scalars.delete(scalarKey(payload));
				else scalars.set(scalarKey(payload), payload.value);
				break;
			case 'ref': {
				if (payload.target === null || isSeen(id, payload)) break;
				const key = refKey(payload);
				const ref = refs.get(key) ?? { kind: payload.refKind, heads: new Map<OpId, NodeId>(), payload };
				ref.kind = payload.refKind;
				ref.heads.set(id, payload.target);
				refs.set(key, ref);
				break;
			}
			case 'add': {
				if (isSeen(id, payload)) break;
				const key = setKey(payload);
				const values = sets.get(key) ?? new Set<string>();
				values.add(payload.value);
				sets.set(key, values);
				break;
			}
			case 'remove':
			case 'tombstone':
				break;
		}
	}
	return {
		scalars,
		refs: new Map(
			[...refs].map(([key, { kind, heads, payload }]) => [
				key,
				{ conversation: payload.conversation, name: payload.name, kind, heads }
			])
		),
		sets,
		tombstones
	};
}

const register = (payload: MoveRef | AddToSet | RemoveFromSet): string =>
	payload.kind === 'ref' ? `ref/${refKey(payload)}` : `set/${setKey(payload)}/${payload.value}`;

/** A tombstone wins over everything said about its entity, before or after. */
function isBuried(op: Op, tombstones: ReadonlySet<string>): boolean {
	const { payload } = op;
	switch (payload.kind) {
		case 'set':
		case 'add':
		case 'remove':
			return payload.entity !== 'setting' && tombstones.has(`${payload.entity}/${payload.id}`);
		case 'ref':
			return (
				tombstones.has(`conversation/${payload.conversation}`) ||
				(payload.target !== null && tombstones.has(`node/${payload.target}`))
			);
		case 'tombstone':
			return false;
	}
}
