/**
 * The domain on top of the store port: what the user interface may ask of the database.
 * Every command is one transaction; every list is bounded. Nothing here knows about screens or models.
 */
import type { Opening } from '@stemma/graph/linearise';
import type { Body, ChangeId, Link, NodeId, NodeKind, Role } from '@stemma/graph/node';
import type { ConversationId, OpId, RefKind } from '@stemma/graph/op';
import type { Hash, JsonValue, Part } from '@stemma/graph/part';
import type { Change } from '../port.ts';
import type { Marks } from './marks.ts';
import type { Operations } from './operations.ts';
import type { Removal } from './removal.ts';
import type { Finding } from './finding.ts';
import type { Outcome } from './outcome.ts';
import type { ReplayShelf } from './replays.ts';
import type { TurnCommits } from './turn-commits.ts';
import type { UnfinishedShelf } from './unfinished.ts';
import type { Outline } from './outline.ts';

export type { NodeKey, OutlineMarks, OutlinePage, PathFork } from './outline.ts';

export interface ConversationRow {
	readonly id: ConversationId;
	readonly title: string | null;
	readonly pinned: boolean;
	readonly hidden: boolean;
	readonly createdAt: number;
	readonly lastAt: number;
	/** First line of the first user message, for conversations without a title. */
	readonly preview: string | null;
}

export interface NodeRow {
	readonly id: NodeId;
	readonly conversation: ConversationId;
	readonly kind: NodeKind;
	readonly role: Role;
	readonly parents: readonly NodeId[];
	readonly change: ChangeId;
	readonly pos: number;
	readonly gen: number;
	readonly createdAt: number;
	readonly links: readonly Link[];
	/** Null when the body was redacted. */
	readonly body: Body | null;
}

/** One row of the path on screen. */
export interface PathEntry extends NodeRow {
	/** All children of the same parent (for a root: all roots), oldest first, itself included. */
	readonly versions: readonly NodeId[];
	/** The run that made it. */
	readonly run: RunRow | null;
}

export interface PathWindow {
	/** Oldest first. */
	readonly entries: readonly PathEntry[];
	/** Length of the whole path, root to leaf. */
	readonly total: number;
}

export interface RefRow {
	readonly conversation: ConversationId;
	readonly name: string;
	readonly kind: RefKind;
	/** Moves that no later one has seen. */
	readonly heads: readonly { readonly node: NodeId; readonly op: OpId }[];
	/** Where it is: the heads that lie behind no other. More than one when diverged. */
	readonly ends: readonly NodeId[];
}

export type StoredRunState =
	| 'queued'
	| 'connecting'
	| 'retry_wait'
	| 'waiting'
	| 'streaming'
	| 'finishing'
	| 'done'
	| 'cancelled'
	| 'failed'
	| 'interrupted';

/** One POST of a run. Money in integer nano-dollars, null when unknown. */
export interface AttemptRow {
	readonly n: number;
	readonly provider: string | null;
	readonly servedModel: string | null;
	readonly upstreamId: string | null;
	readonly httpStatus: number | null;
	readonly error: JsonValue;
	readonly sentAt: number;
	readonly firstTokenAt: number | null;
	readonly endedAt: number | null;
	readonly finish: string | null;
	readonly nativeFinish: string | null;
	readonly tokensIn: number | null;
	readonly tokensCached: number | null;
	readonly tokensOut: number | null;
	readonly tokensReasoning: number | null;
	readonly costNano: number | null;
	readonly flags: readonly string[];
}

export interface RunRow {
	/** 32 lower-case hex characters. */
	readonly id: string;
	readonly conversation: ConversationId;
	/** The node it answers. */
	readonly parent: NodeId;
	/** The version it made, once sealed. */
	readonly node: NodeId | null;
	readonly state: StoredRunState;
	readonly endpoint: string;
	readonly model: string;
	/** Sampling parameters and the receipt of what was sent (see the context builder). */
	readonly params: JsonValue;
	readonly receipt: JsonValue;
	readonly change: ChangeId;
	readonly links: readonly Link[];
	/** The parents after the first, when it makes a merge. */
	readonly merges: readonly NodeId[];
	/** The branch that moves to the answer, null to start a new one. */
	readonly ref: string | null;
	readonly notBefore: number | null;
	readonly failure: JsonValue;
	readonly createdAt: number;
	readonly startedAt: number | null;
	readonly endedAt: number | null;
	readonly attempts: readonly AttemptRow[];
}

export interface NewNode {
	readonly conversation: ConversationId;
	readonly kind?: NodeKind;
	readonly role: Role;
	readonly parents: readonly NodeId[];
	readonly parts: readonly Part[];
	/** The change id of the message this is a new version of; a fresh one without it. */
	readonly change?: ChangeId;
	readonly links?: readonly Link[];
	/** The branch to move here. Without it, or when it points elsewhere by now, a new branch is made. */
	readonly ref?: string | null;
	/** The move of that branch the author has seen. If it has moved on since, it has two heads then. */
	readonly seen?: OpId | null;
	/** The queued message this is: it leaves the queue in the same transaction, and `conflict` says that it had left. */
	readonly queued?: QueuedId;
}

export interface Appended {
	readonly node: NodeId;
	readonly change: ChangeId;
	/** The branch that now points at the node. */
	readonly ref: string;
	readonly op: OpId;
}

/** 32 lower-case hex characters. */
export type QueuedId = string;

/** A message that waits for its turn. */
export interface QueuedMessage {
	readonly id: QueuedId;
	readonly parts: readonly Part[];
	readonly createdAt: number;
}

/** What is typed and not sent. */
export interface DraftContent {
	readonly text: string;
	/** Quotes and files that go with it. */
	readonly attached: readonly Part[];
}

/** Integer nano-dollars per million tokens, per request nano-dollars; null when unknown. */
export interface ModelPrice {
	readonly prompt: number | null;
	readonly completion: number | null;
	/** For prompt tokens read from the provider's cache. */
	readonly cached: number | null;
	readonly request: number | null;
}

export interface ModelRow {
	readonly id: string;
	readonly name: string;
	/** Tokens, null when the server does not say. */
	readonly contextLength: number | null;
	/** Such as "text" and "image"; empty when the server does not say. */
	readonly inputs: readonly string[];
	readonly outputs: readonly string[];
	readonly price: ModelPrice | null;
}

/** What an endpoint offered when it was last asked. */
export interface Catalogue {
	readonly endpoint: string;
	readonly fetchedAt: number;
	readonly models: readonly ModelRow[];
}

export interface NewRun {
	/** 32 lower-case hex characters; given by who must hold the run's lock before its row is seen. */
	readonly id?: string;
	readonly conversation: ConversationId;
	readonly parent: NodeId;
	readonly endpoint: string;
	readonly model: string;
	readonly params: JsonValue;
	readonly receipt: JsonValue;
	readonly change?: ChangeId;
	readonly links?: readonly Link[];
	readonly merges?: readonly NodeId[];
	readonly ref?: string | null;
}

/** One of the messages under a parent, as a list shows it. */
export interface VersionRow {
	readonly id: NodeId;
	readonly role: Role;
	readonly createdAt: number;
	readonly firstLine: string;
	readonly isRedacted: boolean;
	/** Messages below it, over every parent; counted up to 1,000. */
	readonly descendants: number;
	/** The run that made it. */
	readonly run: RunRow | null;
}

/** A message of a line: the path, or with a merge below it the branches one after the other. */
export interface LineRow extends NodeRow {
	readonly opens?: readonly Opening[];
}

/** How messages lie to each other. */
export interface Relation {
	/** The newest message that the paths to all of them share; null when they begin apart. */
	readonly common: NodeId | null;
	/** Those that are an ancestor of another, over any parent. */
	readonly behind: readonly NodeId[];
}

/** A piece of a run's text. */
export interface RunChunk {
	readonly seq: number;
	readonly channel: string;
	readonly text: string;
}

/** What has become of a run. */
export interface RunProgress {
	readonly state?: StoredRunState;
	readonly notBefore?: number | null;
	readonly failure?: JsonValue;
	readonly startedAt?: number;
	/** Each takes the place of the one with its number. */
	readonly attempts?: readonly AttemptRow[];
	/** Text that is not to be lost. */
	readonly chunks?: readonly RunChunk[];
}

export interface Workspace
	extends Operations, Marks, Removal, Outline, Finding, ReplayShelf, UnfinishedShelf, TurnCommits {
	// conversations
	/** Pinned first, then newest; all of them (a row is about 100 bytes). */
	conversations(options?: { readonly includeHidden?: boolean }): Outcome<readonly ConversationRow[]>;
	conversation(id: ConversationId): Outcome<ConversationRow | null>;
	createConversation(input?: { readonly title?: string }): Outcome<ConversationId>;
	/** Each returns the operation, for undo. An empty title unsets it. */
	rename(id: ConversationId, title: string): Outcome<OpId>;
	setPinned(id: ConversationId, pinned: boolean): Outcome<OpId>;
	setHidden(id: ConversationId, hidden: boolean): Outcome<OpId>;

	// the graph
	append(input: NewNode): Outcome<Appended>;
	node(id: NodeId): Outcome<NodeRow | null>;
	/**
	 * `limit` messages of the path that ends at `leaf`; `before` = only positions below it, `from` = none below that.
	 * `have` = entries read before: a message does not change, so theirs are not read again, and those beside
	 * which no version came or went are given back as the same objects.
	 */
	path(
		leaf: NodeId,
		options: {
			readonly limit: number;
			readonly before?: number;
			readonly from?: number;
			readonly have?: readonly PathEntry[];
		}
	): Outcome<PathWindow>;
	/** The `limit` newest ancestors-or-self, newest first, in batches: for the context builder. */
	ancestors(leaf: NodeId, signal?: AbortSignal): AsyncIterable<readonly NodeRow[]>;
	/** What a model reads at `leaf`, newest first, in batches: the path, and where branches were merged each of them. */
	line(leaf: NodeId, signal?: AbortSignal): AsyncIterable<readonly LineRow[]>;
	/** All children of a node (null: the roots of the conversation), oldest first, with their first line. */
	children(
		conversation: ConversationId,
		parent: NodeId | null
	): Outcome<
		readonly {
			readonly id: NodeId;
			readonly role: Role;
			readonly createdAt: number;
			readonly firstLine: string;
		}[]
	>;
	refs(conversation: ConversationId): Outcome<readonly RefRow[]>;
	/** A new branch at a node: nothing is copied. */
	fork(conversation: ConversationId, node: NodeId): Outcome<{ readonly ref: string; readonly op: OpId }>;
	/** Makes a branch of each end of a diverged one but `stays`, as one operation. @returns their names */
	keepBoth(
		conversation: ConversationId,
		name: string,
		stays: NodeId
	): Outcome<{ readonly refs: readonly string[]; readonly op: OpId }>;

	// versions
	/** A message and the others under its parent, oldest first. */
	versions(node: NodeId): Outcome<readonly VersionRow[]>;
	relate(nodes: readonly NodeId[]): Outcome<Relation>;
	/** Takes a branch to another message. A leaf that no branch would hold any more gets one of its own with it. */
	moveBranch(conversation: ConversationId, ref: string, target: NodeId): Outcome<OpId>;

	// where the reader was
	/** Remembers that the path to this leaf was on screen. */
	visit(conversation: ConversationId, leaf: NodeId, ref: string | null): Outcome<void>;
	/** The leaf last seen below (or at) a node, else its newest descendant leaf; with the branch it was seen on. */
	leafBelow(node: NodeId): Outcome<{ readonly leaf: NodeId; readonly ref: string | null }>;
	/** The leaf last seen in a conversation, else its newest one; null when it is empty. */
	lastLeaf(
		conversation: ConversationId
	): Outcome<{ readonly leaf: NodeId; readonly ref: string | null } | null>;

	// runs
	/** The row that exists before any network. */
	createRun(input: NewRun): Outcome<RunRow>;
	/** All of it or nothing. Writing the same twice changes nothing, and neither does anything once the run has ended. */
	recordRun(id: string, progress: RunProgress): Outcome<void>;
	journalled(run: string): Outcome<readonly RunChunk[]>;
	/** Ends a run: node (unless there is no text at all), branch, state, attempts; the journal goes, all in one transaction. */
	sealRun(
		id: string,
		end: {
			readonly state: 'done' | 'cancelled' | 'failed' | 'interrupted';
			readonly parts: readonly Part[];
			readonly failure?: JsonValue;
			readonly attempts?: readonly AttemptRow[];
		}
	): Outcome<Appended | null>;
	run(id: string): Outcome<RunRow | null>;
	/** @param except runs that one knows better than their rows */
	openRuns(except?: readonly string[]): Outcome<readonly RunRow[]>;
	/** Every run that answers a node, newest first. */
	runsAt(parent: NodeId): Outcome<readonly RunRow[]>;
	/** The newest run that was to answer a node and ended without one: its error is shown there. */
	lastFailure(parent: NodeId): Outcome<RunRow | null>;

	// what waits
	draft(conversation: ConversationId, parent: NodeId | null): Outcome<DraftContent>;
	saveDraft(conversation: ConversationId, parent: NodeId | null, draft: DraftContent): Outcome<void>;
	/** In the order they will be sent. */
	queue(conversation: ConversationId): Outcome<readonly QueuedMessage[]>;
	enqueue(conversation: ConversationId, parts: readonly Part[]): Outcome<QueuedId>;
	editQueued(id: QueuedId, parts: readonly Part[]): Outcome<void>;
	dropQueued(id: QueuedId): Outcome<void>;
	/** @param ids all of the conversation's queue; those left out stay behind the others */
	orderQueue(conversation: ConversationId, ids: readonly QueuedId[]): Outcome<void>;
	/** Keeps a text beside the graph, once. Returns its SHA-256. */
	keepText(text: string, mime: string): Outcome<Hash>;
	/** Those that are there. */
	keptTexts(hashes: readonly Hash[]): Outcome<ReadonlyMap<Hash, string>>;

	// models and settings
	catalogues(): Outcome<readonly Catalogue[]>;
	/** Replaces what the endpoint offered; prices that changed are added to their history. */
	saveCatalogue(catalogue: Catalogue): Outcome<void>;
	forgetCatalogue(endpoint: string): Outcome<void>;
	conversationSettings(id: ConversationId): Outcome<ReadonlyMap<string, JsonValue>>;
	saveConversationSetting(id: ConversationId, key: string, value: JsonValue): Outcome<OpId>;
	setting(key: string): Outcome<JsonValue>;
	settings(): Outcome<ReadonlyMap<string, JsonValue>>;
	saveSetting(key: string, value: JsonValue): Outcome<OpId>;

	onChange(listener: (change: Change) => void): () => void;
}
