/**
 * What pages, their database workers and the workers of other tabs say to each other.
 * Tabs may be of different builds, so what crosses between them is numbered and parsed.
 */
import * as z from 'zod/mini';
import type { FileAction, FileResults } from '../backup/files.ts';
import type { PackedResult } from '../connection.ts';
import type { BatchOptions, Change, Statement, StoreError, StoreInfo, SqlValue } from '../port.ts';
import { err, type Result } from '@stemma/graph/result';

/** Grows when the messages change shape; tabs of another number are asked to reload. */
export const PROTOCOL = 3;
export const LOCK = 'stemma-db';
export const CHANNEL = 'stemma-db';

export type Request =
	| { readonly op: 'query'; readonly sql: string; readonly params: readonly SqlValue[] }
	| { readonly op: 'batch'; readonly statements: readonly Statement[]; readonly options: BatchOptions }
	| {
			readonly op: 'stream';
			readonly sql: string;
			readonly params: readonly SqlValue[];
			readonly batchRows: number;
	  }
	| { readonly op: 'info' }
	| { readonly op: 'export' }
	| { readonly op: 'file'; readonly action: FileAction };

export type Response =
	| { readonly op: 'query'; readonly result: Result<PackedResult, StoreError> }
	| { readonly op: 'batch'; readonly result: Result<readonly PackedResult[], StoreError> }
	| {
			readonly op: 'rows';
			readonly columns: readonly string[];
			readonly rows: readonly (readonly SqlValue[])[];
	  }
	| { readonly op: 'end'; readonly error: StoreError | null }
	| { readonly op: 'info'; readonly result: Result<StoreInfo, StoreError> }
	| { readonly op: 'export'; readonly result: Result<Uint8Array, StoreError> }
	| { readonly op: 'file'; readonly result: Result<FileResults[FileAction['act']], StoreError> };

/** The answer to a request that is not carried out. */
export const refusal = ({ op }: Request, error: StoreError): Response =>
	op === 'stream' ? { op: 'end', error } : { op, result: err(error) };

/** Page → its own worker. */
export type ToWorker =
	| { readonly t: 'request'; readonly id: number; readonly body: Request }
	/** One batch of a stream has been consumed: the next may come. */
	| { readonly t: 'more' | 'cancel'; readonly id: number }
	/** The page is going, or is kept for the back button. */
	| { readonly t: 'release' }
	| { readonly t: 'rejoin' };

/** Worker → its own page. */
export type FromWorker =
	| {
			readonly t: 'status';
			readonly role: 'owner' | 'follower';
			readonly epoch: number | null;
			readonly error: StoreError | null;
	  }
	| { readonly t: 'response'; readonly id: number; readonly body: Response }
	| { readonly t: 'change'; readonly change: Change }
	/** The answer to `release`: the file is closed, if it was this worker's. */
	| { readonly t: 'released' }
	| { readonly t: 'other_build' }
	/** Requests wait for an owner that says nothing: it is busy for long, or stopped. */
	| { readonly t: 'silence'; readonly isSilent: boolean }
	/** The worker holds this lock for as long as it lives. */
	| { readonly t: 'alive'; readonly lock: string };

// The shape down to the statements; what is in those SQLite judges.
const params = z.custom<readonly SqlValue[]>((value: unknown) => Array.isArray(value));
const body = z.discriminatedUnion('op', [
	z.object({ op: z.literal('query'), sql: z.string(), params }),
	z.object({
		op: z.literal('batch'),
		statements: z.readonly(
			z.array(
				z.object({
					sql: z.string(),
					params: z.exactOptional(params),
					expect: z.exactOptional(z.number())
				})
			)
		),
		options: z.custom<BatchOptions>((value: unknown) => typeof value === 'object' && value !== null)
	}),
	z.object({ op: z.literal('stream'), sql: z.string(), params, batchRows: z.number() }),
	z.object({ op: z.literal('info') }),
	z.object({ op: z.literal('export') }),
	z.object({
		op: z.literal('file'),
		action: z.custom<FileAction>(
			(value: unknown) => typeof value === 'object' && value !== null && 'act' in value
		)
	})
]) satisfies z.ZodMiniType<Request>;
const reply = z.custom<Response>(
	(value: unknown) => typeof value === 'object' && value !== null && 'op' in value
);

const change = z.object({
	tables: z.readonly(z.array(z.string())),
	conversations: z.exactOptional(z.readonly(z.array(z.string()))),
	nodes: z.exactOptional(z.readonly(z.array(z.string()))),
	epoch: z.number(),
	origin: z.string()
});

const envelope = { v: z.literal(PROTOCOL) };
/** Between the workers of all tabs. */
export const tabMessage = z.discriminatedUnion('t', [
	z.object({ ...envelope, t: z.literal('owner'), epoch: z.number() }),
	z.object({ ...envelope, t: z.literal('who') }),
	z.object({ ...envelope, t: z.literal('bye'), epoch: z.number() }),
	z.object({
		...envelope,
		t: z.literal('request'),
		epoch: z.number(),
		from: z.string(),
		id: z.number(),
		body
	}),
	z.object({ ...envelope, t: z.literal('more'), from: z.string(), id: z.number() }),
	z.object({ ...envelope, t: z.literal('cancel'), from: z.string(), id: z.number() }),
	z.object({
		...envelope,
		t: z.literal('response'),
		epoch: z.number(),
		to: z.string(),
		id: z.number(),
		body: reply
	}),
	z.object({ ...envelope, t: z.literal('change'), change })
]);
export type TabMessage = z.infer<typeof tabMessage>;
