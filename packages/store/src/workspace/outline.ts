/**
 * The outline of a conversation: its graph without its texts, in columns, so that 100,000 messages are a few
 * strings to send and not as many objects. Texts are read for the rows on screen.
 */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId, OpId, RefKind } from '@stemma/graph/op';
import type { Result } from '@stemma/graph/result';
import type { StoreError } from '../port.ts';

/**
 * The database's own number of a node: it grows as nodes arrive, so a parent's is smaller than its child's.
 * It is good for as long as the page is open, and means nothing to another database.
 */
export type NodeKey = number;

/** A stretch of an outline: the same place in each column is one node. */
export interface OutlinePage {
	readonly keys: readonly NodeKey[];
	/** Key of the first parent, 0 for none. */
	readonly parents: readonly NodeKey[];
	readonly createdAt: readonly number[];
	/** A letter for each node: u user, a assistant, s system, t tool. */
	readonly roles: string;
	/** A letter for each node: m message, s summary, g merge, n note. */
	readonly kinds: string;
	/** Child and parent of every edge but the first of each child. */
	readonly merges: readonly (readonly [child: NodeKey, parent: NodeKey])[];
	/** What models made: which, and for how many nano-dollars (null when unknown). */
	readonly answers: readonly (readonly [key: NodeKey, model: string, costNano: number | null])[];
}

export interface OutlineLine {
	readonly key: NodeKey;
	readonly id: NodeId;
	/** At most 120 characters; null when the text was redacted. */
	readonly line: string | null;
}

export interface OutlineMarks {
	/** Once for each head. */
	readonly refs: readonly { readonly key: NodeKey; readonly name: string; readonly kind: RefKind }[];
	/** Free tags and role tags. */
	readonly tags: readonly { readonly key: NodeKey; readonly value: string }[];
	/** Hidden from view. */
	readonly hidden: readonly NodeKey[];
}

/** A message on a path that has other versions beside it. */
export interface PathFork {
	readonly node: NodeId;
	readonly pos: number;
	readonly versions: number;
}

type Outcome<T> = Promise<Result<T, StoreError>>;

export interface Outline {
	/**
	 * What the graph needs to know of the newest nodes, at most `limit`, that are newer than `after` and older than
	 * `before`; newest first, so that children come before their parents.
	 */
	outlinePage(
		conversation: ConversationId,
		options?: { readonly after?: NodeKey; readonly before?: NodeKey; readonly limit?: number }
	): Outcome<OutlinePage>;
	/** Those that are there, in any order. */
	outlineLines(keys: readonly NodeKey[]): Outcome<readonly OutlineLine[]>;
	outlineMarks(conversation: ConversationId): Outcome<OutlineMarks>;
	/** Null when the node is not in the conversation. */
	outlineKey(conversation: ConversationId, node: NodeId): Outcome<NodeKey | null>;
	/** Nodes with a text in them, whatever the case of its letters; in batches, in any order. Throws `StoreFailure`. */
	outlineMatches(
		conversation: ConversationId,
		text: string,
		signal?: AbortSignal
	): AsyncIterable<readonly NodeKey[]>;
	/**
	 * Where the path to `leaf` forks, among `limit` messages of it; `before` = only positions below it, `from` = none
	 * below that. Oldest first.
	 */
	pathForks(
		leaf: NodeId,
		options: { readonly limit: number; readonly before?: number; readonly from?: number }
	): Outcome<readonly PathFork[]>;
	/** Bookmarks a node under a name like the given one, or takes its newest bookmark away. */
	toggleBookmark(
		conversation: ConversationId,
		node: NodeId,
		name: string
	): Outcome<{ readonly isBookmarked: boolean; readonly op: OpId }>;
	/**
	 * Gives the newest bookmark of a node another name, told apart from others by a number. `constraint` when it is
	 * called that, `conflict` when there is none.
	 */
	renameBookmark(
		conversation: ConversationId,
		node: NodeId,
		name: string
	): Outcome<{ readonly name: string; readonly op: OpId }>;
}
