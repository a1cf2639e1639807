/**
 * Commands of the host: their types, the schemas of their answers, and the table.
 * Made by `cargo run -p stemma-proto --bin generate`; do not edit.
 */
import * as z from 'zod/mini';

export const PROTOCOL = 1;

/** A code exists only where the page acts on it differently. */
export type ErrorCode = 'cancelled' | 'timed_out' | 'internal' | 'invalid' | 'denied' | 'not_found' | 'outside_root' | 'root_lost' | 'too_large' | 'conflict' | 'unsupported' | 'host_lost';
export const errorCodeSchema = z.enum(['cancelled', 'timed_out', 'internal', 'invalid', 'denied', 'not_found', 'outside_root', 'root_lost', 'too_large', 'conflict', 'unsupported', 'host_lost']);

/** A failed command: a code for the program and a sentence the user can act on. */
export type HostError = { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean; };
export const hostErrorSchema = z.object({ code: errorCodeSchema, message: z.string(), retryable: z.boolean() });

/** A line from the host. */
export type FromHost = { readonly protocol: number; readonly type: 'ready'; readonly version: string; } | { readonly id: number; readonly type: 'answer'; readonly value: unknown; } | { readonly error: HostError; readonly id: number; readonly type: 'failed'; } | { readonly id: number; readonly seq: number; readonly type: 'item'; readonly value: unknown; } | { readonly id: number; readonly type: 'end'; } | { readonly id: number; readonly length: number; readonly type: 'bytes'; };
export const fromHostSchema = z.union([z.object({ protocol: z.int(), type: z.literal('ready'), version: z.string() }), z.object({ id: z.int(), type: z.literal('answer'), value: z.unknown() }), z.object({ error: hostErrorSchema, id: z.int(), type: z.literal('failed') }), z.object({ id: z.int(), seq: z.int(), type: z.literal('item'), value: z.unknown() }), z.object({ id: z.int(), type: z.literal('end') }), z.object({ id: z.int(), length: z.int(), type: z.literal('bytes') })]);

/** How a folder comes to be linked with this host. */
export type Linking = 'dialog' | 'start_flag';
export const linkingSchema = z.enum(['dialog', 'start_flag']);

export type HostInfo = { readonly commands: readonly string[]; readonly linking: Linking; readonly os: string; readonly version: string; };
export const hostInfoSchema = z.object({ commands: z.array(z.string()), linking: linkingSchema, os: z.string(), version: z.string() });

/** Names a job while this host runs; never used twice. */
export type JobId = string;
export const jobIdSchema = z.string();

export type JobState = 'running' | 'done' | 'failed' | 'cancelled' | 'stopping';
export const jobStateSchema = z.enum(['running', 'done', 'failed', 'cancelled', 'stopping']);

export type Progress = { readonly done: number; readonly total: number | null; };
export const progressSchema = z.object({ done: z.int(), total: z.nullable(z.int()) });

export type Job = { readonly endedAt: number | null; readonly error: HostError | null; readonly id: JobId; readonly kind: string; readonly label: string; readonly lines: number; readonly owner: string | null; readonly progress: Progress | null; readonly startedAt: number; readonly state: JobState; };
export const jobSchema = z.object({ endedAt: z.nullable(z.int()), error: z.nullable(hostErrorSchema), id: jobIdSchema, kind: z.string(), label: z.string(), lines: z.int(), owner: z.nullable(z.string()), progress: z.nullable(progressSchema), startedAt: z.int(), state: jobStateSchema });

export type Jobs = { readonly jobs: readonly Job[]; };
export const jobsSchema = z.object({ jobs: z.array(jobSchema) });

export type LogSource = 'out' | 'err' | 'host';
export const logSourceSchema = z.enum(['out', 'err', 'host']);

export type LogLine = { readonly source: LogSource; readonly text: string; };
export const logLineSchema = z.object({ source: logSourceSchema, text: z.string() });

export type LogBatch = { readonly first: number; readonly lines: readonly LogLine[]; };
export const logBatchSchema = z.object({ first: z.int(), lines: z.array(logLineSchema) });

/** The request of a command that asks for nothing in particular, the response of one with nothing to say. */
export type Nothing = Readonly<Record<never, never>>;
export const nothingSchema = z.object({});

/** Names a linked folder in requests. Random, and the same over restarts. */
export type RootId = string;
export const rootIdSchema = z.string();

export type RootState = 'linked' | 'missing' | 'replaced';
export const rootStateSchema = z.enum(['linked', 'missing', 'replaced']);

export type Root = { readonly id: RootId; readonly linkedAt: number; readonly name: string; readonly place: string; readonly state: RootState; };
export const rootSchema = z.object({ id: rootIdSchema, linkedAt: z.int(), name: z.string(), place: z.string(), state: rootStateSchema });

export type Roots = { readonly roots: readonly Root[]; };
export const rootsSchema = z.object({ roots: z.array(rootSchema) });

export type JobRequest = { readonly job: JobId; };

export type RootRequest = { readonly root: RootId; };

/** A line to the host. `id` is the caller's, unique among its calls. */
export type ToHost = { readonly command: string; readonly id: number; readonly owner?: string | null | undefined; readonly request?: unknown | undefined; readonly type: 'call'; } | { readonly id: number; readonly seq: number; readonly type: 'ack'; } | { readonly id: number; readonly type: 'cancel'; } | { readonly owner: string; readonly type: 'left'; };

/** What each command is asked and answers; a stream answers many. */
export interface CommandTypes {
	/** What this host is, and which commands it answers. */
	readonly 'host.info': { readonly request: Nothing; readonly response: HostInfo };
	/** The folders that may be read, as the user linked them. */
	readonly 'roots.list': { readonly request: Nothing; readonly response: Roots };
	/** Asks the user for a folder in a native dialog and links it. Null when they chose none. */
	readonly 'roots.link': { readonly request: Nothing; readonly response: Root | null };
	/** Forgets a linked folder. The folder itself is not touched. */
	readonly 'roots.unlink': { readonly request: RootRequest; readonly response: Nothing };
	/** What runs, and what ended lately. */
	readonly 'jobs.list': { readonly request: Nothing; readonly response: Jobs };
	/** The same at once and again after every change, a few times a second at most. */
	readonly 'jobs.watch': { readonly request: Nothing; readonly response: Jobs };
	/** Stops a job. Nothing happens to one that has ended. */
	readonly 'jobs.cancel': { readonly request: JobRequest; readonly response: Nothing };
	/** What a job has said and says until it ends. */
	readonly 'jobs.log': { readonly request: JobRequest; readonly response: LogBatch };
}

export const commands = {
	'host.info': { class: 'read', answer: 'one', place: 'everywhere', response: hostInfoSchema },
	'roots.list': { class: 'read', answer: 'one', place: 'everywhere', response: rootsSchema },
	'roots.link': { class: 'write', answer: 'one', place: 'desktop', response: z.nullable(rootSchema) },
	'roots.unlink': { class: 'write', answer: 'one', place: 'everywhere', response: nothingSchema },
	'jobs.list': { class: 'read', answer: 'one', place: 'everywhere', response: jobsSchema },
	'jobs.watch': { class: 'read', answer: 'stream', place: 'everywhere', response: jobsSchema },
	'jobs.cancel': { class: 'write', answer: 'one', place: 'everywhere', response: nothingSchema },
	'jobs.log': { class: 'read', answer: 'stream', place: 'everywhere', response: logBatchSchema },
} as const;
