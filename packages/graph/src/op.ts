/**
 * Everything mutable is an append-only log of operations; the present state is their fold.
 * Operations are never edited or removed: undo appends an inverse.
 */
import type { NodeId } from './node.ts';
import type { Hash, JsonValue } from './part.ts';

/** Lower-case hex of 16 random bytes: one database file on one machine. */
export type DeviceId = string;
/** Lower-case hex of 16 random bytes. */
export type ConversationId = string;
/** The hash of the operation. */
export type OpId = Hash;
/** Hybrid logical clock: milliseconds since 1970 × 256 + counter, a safe integer. */
export type Hlc = number;

export type RefKind = 'branch' | 'bookmark' | 'cursor';

/** Scalars are last-writer-wins by (hlc, device, seq); `value: null` unsets. */
export interface SetScalar {
	readonly kind: 'set';
	readonly entity: 'conversation' | 'node' | 'setting';
	/** Conversation id, node id, or the scope of a setting ("app" for all). */
	readonly id: string;
	readonly field: string;
	readonly value: JsonValue;
}

/** Refs are multi-valued registers: `seen` are the operations on this ref that this one replaces. */
export interface MoveRef {
	readonly kind: 'ref';
	readonly conversation: ConversationId;
	readonly name: string;
	readonly refKind: RefKind;
	/** Null deletes the ref as far as the author has seen it. */
	readonly target: NodeId | null;
	readonly seen: readonly OpId[];
}

/** Tags, role tags and pins: an observed-remove set of `value` in the set `name` of an entity. */
export interface AddToSet {
	readonly kind: 'add';
	readonly entity: 'conversation' | 'node';
	readonly id: string;
	readonly name: string;
	readonly value: string;
}
export interface RemoveFromSet {
	readonly kind: 'remove';
	readonly entity: 'conversation' | 'node';
	readonly id: string;
	readonly name: string;
	readonly value: string;
	/** The add operations that this removal has seen. */
	readonly seen: readonly OpId[];
}

/** A tombstone wins over everything: the hash may never come back. */
export interface Entomb {
	readonly kind: 'tombstone';
	readonly scope: 'body' | 'node' | 'conversation';
	/** Body hash, node id or conversation id. */
	readonly id: string;
}

export type OpPayload = SetScalar | MoveRef | AddToSet | RemoveFromSet | Entomb;

export interface Op {
	readonly v: 1;
	readonly device: DeviceId;
	/** 1, 2, 3 … without gaps within a device. */
	readonly seq: number;
	readonly hlc: Hlc;
	readonly payload: OpPayload;
	/** Set on an undo or redo: the operation whose effect this one takes back. */
	readonly undoes?: OpId;
	/** On the later operations of one transaction: the number of its first. They are undone as one. */
	readonly lead?: number;
	/** On the first operation of a restore: the time stamp of the state that comes back. */
	readonly restores?: Hlc;
	/** Hash of the device's previous operation, null at seq 1. */
	readonly prev: Hash | null;
}

export interface HashedOp {
	readonly id: OpId;
	readonly op: Op;
}
