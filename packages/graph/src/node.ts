/**
 * A node is one immutable message version. Its id commits to its header, its header to its body.
 * Nothing that can differ between two copies of the same message (time, model, usage, row ids) is hashed.
 */
import type { Hash, Part } from './part.ts';

export type NodeId = Hash;
/** Lower-case hex of 16 random bytes, shared by all versions of "the same" message. */
export type ChangeId = string;

export type NodeKind = 'message' | 'summary' | 'merge' | 'note';
export type Role = 'system' | 'user' | 'assistant' | 'tool';
export type LinkKind =
	'edit_of' | 'regen_of' | 'continues' | 'covers_from' | 'covers_to' | 'cherry_of' | 'quotes';

/** A non-ancestry relation to another node. */
export interface Link {
	readonly kind: LinkKind;
	readonly target: NodeId;
}

export interface NodeHeader {
	readonly v: 1;
	readonly kind: NodeKind;
	readonly role: Role;
	/** Ordered: `parents[0]` is the reply chain, more make a merge. Empty for a root. */
	readonly parents: readonly NodeId[];
	readonly change: ChangeId;
	readonly body_hash: Hash;
	readonly links: readonly Link[];
}

export interface Body {
	/** Lower-case hex of 16 random bytes (importers derive it from the source's message id). */
	readonly nonce: string;
	readonly parts: readonly Part[];
}

/** A header with its id and, unless redacted, its body. */
export interface GraphNode {
	readonly id: NodeId;
	readonly header: NodeHeader;
	readonly body: Body | null;
}
