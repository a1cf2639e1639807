/**
 * The one door to the database. Engines: the browser's worker, `bun:sqlite`, and native ones to come.
 * Requests are deterministic data: ids, times and random values come in as parameters, so a request
 * may be sent again after the owner of the database changed. A transaction is a list of statements,
 * never a callback: nothing can await the network or the user inside one.
 */
import type { Result } from '@stemma/graph/result';

/** Integers beyond 2^53 travel as bigint, booleans are 0 or 1. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Statement {
	readonly sql: string;
	readonly params?: readonly SqlValue[];
	/**
	 * How many rows the statement must change (INSERT, UPDATE, DELETE) or return (SELECT).
	 * Anything else rolls the whole batch back with code `conflict`: this is compare-and-set.
	 */
	readonly expect?: number;
}

export interface StatementResult {
	readonly rows: readonly Row[];
	readonly changes: number;
}

/** What a batch touched, announced after commit to every tab. */
export interface Touched {
	readonly tables: readonly string[];
	/** Conversation ids (hex) and node ids (hex), as far as the author knows them. */
	readonly conversations?: readonly string[];
	readonly nodes?: readonly string[];
}

/** All that screens watch. */
export const EVERYTHING: readonly string[] = [
	'conv',
	'node',
	'ref',
	'run',
	'op',
	'setting',
	'scalar',
	'member',
	'queued',
	'draft',
	'replay',
	'unfinished',
	'run_commit',
	'catalogue'
];

export interface Change extends Touched {
	/** Grows with each owner of the database; a change of an older epoch is stale. */
	readonly epoch: number;
	/** The client that wrote it. */
	readonly origin: string;
}

export interface BatchOptions {
	readonly touched?: Touched;
	/**
	 * The batch may be sent again after a change of owner without being applied twice
	 * (content-addressed inserts, compare-and-set). Default true: write every batch so.
	 */
	readonly idempotent?: boolean;
}

export interface StreamOptions {
	/** Rows per batch at most; a batch also ends after 8 ms of stepping. Default 500. */
	readonly batchRows?: number;
	readonly signal?: AbortSignal;
}

export interface StoreInfo {
	readonly engine: 'opfs-sahpool' | 'bun' | 'native';
	readonly sqliteVersion: string;
	readonly schemaVersion: number;
	readonly journalMode: string;
	/** True only if the data outlive the process. A false here must never go unnoticed. */
	readonly persistent: boolean;
	readonly role: 'owner' | 'follower';
	readonly epoch: number;
	readonly sizeBytes: number;
}

export type StoreErrorCode =
	/** `expect` was not met; nothing was written. */
	| 'conflict'
	/** A constraint or trigger refused; nothing was written. */
	| 'constraint'
	| 'sql'
	| 'full'
	| 'corrupt'
	/** The owner went away before answering; a non-idempotent batch may or may not have been applied. */
	| 'owner_lost'
	/** The file was written by a newer version; it is untouched. */
	| 'newer_schema'
	| 'migration_failed'
	/** No storage that outlives the page. */
	| 'no_storage'
	| 'closed'
	| 'aborted';

export interface StoreError {
	readonly code: StoreErrorCode;
	readonly message: string;
}

export interface Store {
	query(sql: string, params?: readonly SqlValue[]): Promise<Result<readonly Row[], StoreError>>;
	/** One transaction: all statements or none. */
	batch(
		statements: readonly Statement[],
		options?: BatchOptions
	): Promise<Result<readonly StatementResult[], StoreError>>;
	/** Batches of rows as they are found. Stops stepping soon after the signal aborts. Throws `StoreFailure`. */
	stream(sql: string, params?: readonly SqlValue[], options?: StreamOptions): AsyncIterable<readonly Row[]>;
	/** A consistent, compact copy of the database file. */
	export(): Promise<Result<Uint8Array, StoreError>>;
	onChange(listener: (change: Change) => void): () => void;
	info(): Promise<Result<StoreInfo, StoreError>>;
	close(): Promise<void>;
}

/** A `StoreError` where only an exception can carry it (inside async iteration). */
export class StoreFailure extends Error {
	constructor(readonly error: StoreError) {
		super(error.message);
		this.name = 'StoreFailure';
	}
}
