/**
 * The parts a message body is made of. A body is an ordered list of parts, hashed byte-exact.
 * Ids and hashes are lower-case hex strings in TypeScript, BLOBs in SQLite.
 */

/** Lower-case hex of a 32-byte SHA-256. */
export type Hash = string;

/** A passage of another node: characters of its text as a model reads it (see partsToText). */
export interface Source {
	readonly node: Hash;
	readonly from: number;
	readonly to: number;
}

export interface TextPart {
	readonly type: 'text';
	readonly text: string;
	/** The passage that this is, word for word. Text that was changed has none. */
	readonly source?: Source;
}

/** What a model thought before it answered. Never sent back as content. */
export interface ReasoningPart {
	readonly type: 'reasoning';
	readonly text: string;
	/** Milliseconds from the first to the last reasoning token, when it was measured. */
	readonly ms?: number;
	/** Vendor blocks, verbatim, for models that demand them back unmodified. */
	readonly details?: readonly JsonValue[];
}

/** Image, file, commit or diff held elsewhere and named by hash. */
export interface ReferencePart {
	readonly type: 'image' | 'file' | 'commit' | 'diff';
	readonly hash: Hash;
	readonly name: string;
	readonly mime: string;
}

export interface ToolCallPart {
	readonly type: 'tool_call';
	readonly id: string;
	readonly name: string;
	/** The raw argument text as the model wrote it: may be invalid JSON. */
	readonly arguments: string;
}

export interface ToolResultPart {
	readonly type: 'tool_result';
	readonly id: string;
	readonly text: string;
}

/** A passage of another node, with the character range it was taken from. */
export interface QuotePart {
	readonly type: 'quote';
	readonly source: Hash;
	readonly from: number;
	readonly to: number;
	readonly text: string;
}

export type Part = TextPart | ReasoningPart | ReferencePart | ToolCallPart | ToolResultPart | QuotePart;

export type JsonValue =
	null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
