/**
 * Commands of the host: their types, the schemas of their answers, and the table.
 * Made by `cargo run -p stemma-proto --bin generate`; do not edit.
 */
import * as z from 'zod/mini';

export const PROTOCOL = 1;

export type ChangeKind = 'added' | 'deleted' | 'modified' | 'renamed' | 'type_changed';
export const changeKindSchema = z.enum(['added', 'deleted', 'modified', 'renamed', 'type_changed']);

export type AppliedFile = { readonly kind: ChangeKind; readonly path: string; };
export const appliedFileSchema = z.object({ kind: changeKindSchema, path: z.string() });

export type Applied = { readonly files: readonly AppliedFile[]; readonly undo: string; };
export const appliedSchema = z.object({ files: z.array(appliedFileSchema), undo: z.string() });

export type BlameHunk = { readonly commit: string; readonly lines: number; readonly sourcePath: string | null; readonly sourceStart: number; readonly start: number; };
export const blameHunkSchema = z.object({ commit: z.string(), lines: z.int(), sourcePath: z.nullable(z.string()), sourceStart: z.int(), start: z.int() });

export type GitPerson = { readonly email: string; readonly name: string; readonly offset: number; readonly time: number; };
export const gitPersonSchema = z.object({ email: z.string(), name: z.string(), offset: z.int(), time: z.int() });

/** A commit in a list. */
export type CommitLine = { readonly author: GitPerson; readonly committed: number; readonly id: string; readonly parents: readonly string[]; readonly refs: readonly string[]; readonly subject: string; };
export const commitLineSchema = z.object({ author: gitPersonSchema, committed: z.int(), id: z.string(), parents: z.array(z.string()), refs: z.array(z.string()), subject: z.string() });

export type Blame = { readonly commits: readonly CommitLine[]; readonly cutOff: readonly string[]; readonly hunks: readonly BlameHunk[]; };
export const blameSchema = z.object({ commits: z.array(commitLineSchema), cutOff: z.array(z.string()), hunks: z.array(blameHunkSchema) });

/** One side of a change. */
export type FileSide = { readonly id: string | null; readonly mode: string; readonly path: string; };
export const fileSideSchema = z.object({ id: z.nullable(z.string()), mode: z.string(), path: z.string() });

export type FileChange = { readonly kind: ChangeKind; readonly new: FileSide | null; readonly old: FileSide | null; readonly similarity: number | null; };
export const fileChangeSchema = z.object({ kind: changeKindSchema, new: z.nullable(fileSideSchema), old: z.nullable(fileSideSchema), similarity: z.nullable(z.int()) });

export type CommitDetails = { readonly commit: CommitLine; readonly committer: GitPerson; readonly files: readonly FileChange[]; readonly message: string; readonly signed: boolean; readonly truncated: boolean; };
export const commitDetailsSchema = z.object({ commit: commitLineSchema, committer: gitPersonSchema, files: z.array(fileChangeSchema), message: z.string(), signed: z.boolean(), truncated: z.boolean() });

export type Hunk = { readonly lines: readonly string[]; readonly newLines: number; readonly newStart: number; readonly oldLines: number; readonly oldStart: number; readonly section: string | null; };
export const hunkSchema = z.object({ lines: z.array(z.string()), newLines: z.int(), newStart: z.int(), oldLines: z.int(), oldStart: z.int(), section: z.nullable(z.string()) });

export type FileDiff = { readonly binary: boolean; readonly change: FileChange; readonly hunks: readonly Hunk[]; readonly truncated: boolean; };
export const fileDiffSchema = z.object({ binary: z.boolean(), change: fileChangeSchema, hunks: z.array(hunkSchema), truncated: z.boolean() });

export type Diff = { readonly files: readonly FileDiff[]; readonly truncated: boolean; };
export const diffSchema = z.object({ files: z.array(fileDiffSchema), truncated: z.boolean() });

export type EntryKind = 'file' | 'folder' | 'link';
export const entryKindSchema = z.enum(['file', 'folder', 'link']);

/** A code exists only where the page acts on it differently. */
export type ErrorCode = 'cancelled' | 'timed_out' | 'internal' | 'invalid' | 'denied' | 'not_found' | 'outside_root' | 'root_lost' | 'too_large' | 'conflict' | 'unsupported' | 'unreachable' | 'host_lost';
export const errorCodeSchema = z.enum(['cancelled', 'timed_out', 'internal', 'invalid', 'denied', 'not_found', 'outside_root', 'root_lost', 'too_large', 'conflict', 'unsupported', 'unreachable', 'host_lost']);

export type LfsPointer = { readonly oid: string; readonly size: number; };
export const lfsPointerSchema = z.object({ oid: z.string(), size: z.int() });

export type FileAtInfo = { readonly binary: boolean; readonly id: string; readonly lfs: LfsPointer | null; readonly mode: string; readonly size: number; };
export const fileAtInfoSchema = z.object({ binary: z.boolean(), id: z.string(), lfs: z.nullable(lfsPointerSchema), mode: z.string(), size: z.int() });

export type TreeEntryKind = 'file' | 'executable' | 'link' | 'folder' | 'submodule';
export const treeEntryKindSchema = z.enum(['file', 'executable', 'link', 'folder', 'submodule']);

export type TreeEntry = { readonly id: string; readonly kind: TreeEntryKind; readonly name: string; readonly path: string; readonly problem: string | null; readonly size: number | null; };
export const treeEntrySchema = z.object({ id: z.string(), kind: treeEntryKindSchema, name: z.string(), path: z.string(), problem: z.nullable(z.string()), size: z.nullable(z.int()) });

export type Folder = { readonly entries: readonly TreeEntry[]; readonly truncated: boolean; };
export const folderSchema = z.object({ entries: z.array(treeEntrySchema), truncated: z.boolean() });

/** A failed command: a code for the program and a sentence the user can act on. */
export type HostError = { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean; };
export const hostErrorSchema = z.object({ code: errorCodeSchema, message: z.string(), retryable: z.boolean() });

/** A line from the host. */
export type FromHost = { readonly protocol: number; readonly type: 'ready'; readonly version: string; } | { readonly id: number; readonly type: 'answer'; readonly value: unknown; } | { readonly error: HostError; readonly id: number; readonly type: 'failed'; } | { readonly id: number; readonly seq: number; readonly type: 'item'; readonly value: unknown; } | { readonly id: number; readonly type: 'end'; } | { readonly id: number; readonly length: number; readonly type: 'bytes'; };
export const fromHostSchema = z.union([z.object({ protocol: z.int(), type: z.literal('ready'), version: z.string() }), z.object({ id: z.int(), type: z.literal('answer'), value: z.unknown() }), z.object({ error: hostErrorSchema, id: z.int(), type: z.literal('failed') }), z.object({ id: z.int(), seq: z.int(), type: z.literal('item'), value: z.unknown() }), z.object({ id: z.int(), type: z.literal('end') }), z.object({ id: z.int(), length: z.int(), type: z.literal('bytes') })]);

export type GitHead = { readonly branch: string | null; readonly commit: string | null; };
export const gitHeadSchema = z.object({ branch: z.nullable(z.string()), commit: z.nullable(z.string()) });

/** What was begun and not finished. */
export type GitOperation = 'merge' | 'rebase' | 'cherry_pick' | 'revert' | 'bisect' | 'apply_mailbox';
export const gitOperationSchema = z.enum(['merge', 'rebase', 'cherry_pick', 'revert', 'bisect', 'apply_mailbox']);

/** Ways out of the linked folder a repository can take. */
export type GitRedirectKind = 'git_dir' | 'common_dir' | 'alternate' | 'link';
export const gitRedirectKindSchema = z.enum(['git_dir', 'common_dir', 'alternate', 'link']);

export type GitRedirect = { readonly kind: GitRedirectKind; readonly outside: boolean; readonly target: string; };
export const gitRedirectSchema = z.object({ kind: gitRedirectKindSchema, outside: z.boolean(), target: z.string() });

export type RefKind = 'branch' | 'tag' | 'remote' | 'other';
export const refKindSchema = z.enum(['branch', 'tag', 'remote', 'other']);

export type GitRef = { readonly commit: string; readonly kind: RefKind; readonly name: string; readonly short: string; readonly tag: string | null; readonly upstream: string | null; };
export const gitRefSchema = z.object({ commit: z.string(), kind: refKindSchema, name: z.string(), short: z.string(), tag: z.nullable(z.string()), upstream: z.nullable(z.string()) });

export type HistoryPage = { readonly commits: readonly CommitLine[]; readonly next: string | null; };
export const historyPageSchema = z.object({ commits: z.array(commitLineSchema), next: z.nullable(z.string()) });

/** How a folder comes to be linked with this host. */
export type Linking = 'dialog' | 'start_flag';
export const linkingSchema = z.enum(['dialog', 'start_flag']);

export type HostInfo = { readonly commands: readonly string[]; readonly linking: Linking; readonly os: string; readonly version: string; };
export const hostInfoSchema = z.object({ commands: z.array(z.string()), linking: linkingSchema, os: z.string(), version: z.string() });

/** A part of the whole history, children before parents but for skewed clocks. */
export type IngestBatch = { readonly commits: readonly CommitLine[]; };
export const ingestBatchSchema = z.object({ commits: z.array(commitLineSchema) });

/** Names a job while this host runs; never used twice. */
export type JobId = string;
export const jobIdSchema = z.string();

export type JobState = 'running' | 'done' | 'failed' | 'cancelled' | 'stopping';
export const jobStateSchema = z.enum(['running', 'done', 'failed', 'cancelled', 'stopping']);

export type Progress = { readonly done: number; readonly total: number | null; };
export const progressSchema = z.object({ done: z.int(), total: z.nullable(z.int()) });

/** Names a linked folder in requests. Random, and the same over restarts. */
export type RootId = string;
export const rootIdSchema = z.string();

export type Job = { readonly endedAt: number | null; readonly error: HostError | null; readonly id: JobId; readonly kind: string; readonly label: string; readonly lines: number; readonly owner: string | null; readonly progress: Progress | null; readonly root: RootId | null; readonly startedAt: number; readonly state: JobState; };
export const jobSchema = z.object({ endedAt: z.nullable(z.int()), error: z.nullable(hostErrorSchema), id: jobIdSchema, kind: z.string(), label: z.string(), lines: z.int(), owner: z.nullable(z.string()), progress: z.nullable(progressSchema), root: z.nullable(rootIdSchema), startedAt: z.int(), state: jobStateSchema });

export type Jobs = { readonly jobs: readonly Job[]; };
export const jobsSchema = z.object({ jobs: z.array(jobSchema) });

export type LogSource = 'out' | 'err' | 'host';
export const logSourceSchema = z.enum(['out', 'err', 'host']);

export type LogLine = { readonly source: LogSource; readonly text: string; };
export const logLineSchema = z.object({ source: logSourceSchema, text: z.string() });

export type LogBatch = { readonly first: number; readonly lines: readonly LogLine[]; };
export const logBatchSchema = z.object({ first: z.int(), lines: z.array(logLineSchema) });

export type NamedCommand = { readonly argv: readonly string[]; readonly name: string; };
export const namedCommandSchema = z.object({ argv: z.array(z.string()), name: z.string() });

export type NamedCommands = { readonly commands: readonly NamedCommand[]; };
export const namedCommandsSchema = z.object({ commands: z.array(namedCommandSchema) });

/** The request of a command that asks for nothing in particular, the response of one with nothing to say. */
export type Nothing = Readonly<Record<never, never>>;
export const nothingSchema = z.object({});

export type ObjectFormat = 'sha1' | 'sha256';
export const objectFormatSchema = z.enum(['sha1', 'sha256']);

export type OpenedWindow = { readonly label: string; };
export const openedWindowSchema = z.object({ label: z.string() });

/** How refs are kept. Those of reftable repositories need a Git of 2.45 or newer beside the program. */
export type RefFormat = 'files' | 'reftable';
export const refFormatSchema = z.enum(['files', 'reftable']);

export type Refs = { readonly head: GitHead; readonly refs: readonly GitRef[]; readonly truncated: boolean; };
export const refsSchema = z.object({ head: gitHeadSchema, refs: z.array(gitRefSchema), truncated: z.boolean() });

export type Submodule = { readonly path: string; readonly url: string | null; };
export const submoduleSchema = z.object({ path: z.string(), url: z.nullable(z.string()) });

export type Worktree = { readonly branch: string | null; readonly commit: string | null; readonly name: string; };
export const worktreeSchema = z.object({ branch: z.nullable(z.string()), commit: z.nullable(z.string()), name: z.string() });

export type RepositoryInfo = { readonly bare: boolean; readonly head: GitHead; readonly lfs: boolean; readonly objectFormat: ObjectFormat; readonly operation: GitOperation | null; readonly partial: boolean; readonly redirects: readonly GitRedirect[]; readonly refFormat: RefFormat; readonly shallow: boolean; readonly stashes: number; readonly submodules: readonly Submodule[]; readonly worktrees: readonly Worktree[]; };
export const repositoryInfoSchema = z.object({ bare: z.boolean(), head: gitHeadSchema, lfs: z.boolean(), objectFormat: objectFormatSchema, operation: z.nullable(gitOperationSchema), partial: z.boolean(), redirects: z.array(gitRedirectSchema), refFormat: refFormatSchema, shallow: z.boolean(), stashes: z.int(), submodules: z.array(submoduleSchema), worktrees: z.array(worktreeSchema) });

export type StatusKind = 'added' | 'deleted' | 'modified' | 'renamed' | 'type_changed' | 'untracked' | 'conflicted';
export const statusKindSchema = z.enum(['added', 'deleted', 'modified', 'renamed', 'type_changed', 'untracked', 'conflicted']);

export type StatusEntry = { readonly index: StatusKind | null; readonly oldPath: string | null; readonly path: string; readonly worktree: StatusKind | null; };
export const statusEntrySchema = z.object({ index: z.nullable(statusKindSchema), oldPath: z.nullable(z.string()), path: z.string(), worktree: z.nullable(statusKindSchema) });

export type RepositoryStatus = { readonly entries: readonly StatusEntry[]; readonly truncated: boolean; };
export const repositoryStatusSchema = z.object({ entries: z.array(statusEntrySchema), truncated: z.boolean() });

export type RootState = 'linked' | 'missing' | 'replaced';
export const rootStateSchema = z.enum(['linked', 'missing', 'replaced']);

export type Root = { readonly id: RootId; readonly linkedAt: number; readonly name: string; readonly place: string; readonly state: RootState; };
export const rootSchema = z.object({ id: rootIdSchema, linkedAt: z.int(), name: z.string(), place: z.string(), state: rootStateSchema });

export type Roots = { readonly roots: readonly Root[]; };
export const rootsSchema = z.object({ roots: z.array(rootSchema) });

export type ScannedEntry = { readonly kind: EntryKind; readonly modified: number; readonly path: string; readonly size: number; };
export const scannedEntrySchema = z.object({ kind: entryKindSchema, modified: z.int(), path: z.string(), size: z.int() });

/** Files in no order, without those that `.gitignore` and `.ignore` leave out. */
export type ScanBatch = { readonly entries: readonly ScannedEntry[]; readonly refused: readonly string[]; readonly truncated: boolean; };
export const scanBatchSchema = z.object({ entries: z.array(scannedEntrySchema), refused: z.array(z.string()), truncated: z.boolean() });

/** Where keys are kept on this machine. */
export type SecretPlace = 'keychain' | 'file' | 'locked';
export const secretPlaceSchema = z.enum(['keychain', 'file', 'locked']);

export type StoredKey = { readonly endpoint: string; readonly origin: string; };
export const storedKeySchema = z.object({ endpoint: z.string(), origin: z.string() });

export type SecretStatus = { readonly hasFile: boolean; readonly keys: readonly StoredKey[]; readonly place: SecretPlace; readonly reason: string | null; };
export const secretStatusSchema = z.object({ hasFile: z.boolean(), keys: z.array(storedKeySchema), place: secretPlaceSchema, reason: z.nullable(z.string()) });

export type StartedCommand = { readonly job: JobId; };
export const startedCommandSchema = z.object({ job: jobIdSchema });

export type Stash = { readonly commit: string; readonly index: number; readonly message: string; readonly time: number; };
export const stashSchema = z.object({ commit: z.string(), index: z.int(), message: z.string(), time: z.int() });

export type Stashes = { readonly stashes: readonly Stash[]; readonly truncated: boolean; };
export const stashesSchema = z.object({ stashes: z.array(stashSchema), truncated: z.boolean() });

/** What changed since the last batch. The first one says that watching has begun. */
export type WatchBatch = { readonly everything: boolean; readonly paths: readonly string[]; readonly polling: boolean; readonly repository: boolean; };
export const watchBatchSchema = z.object({ everything: z.boolean(), paths: z.array(z.string()), polling: z.boolean(), repository: z.boolean() });

export type AckRequest = { readonly channel: number; readonly seq: number; };

export type ApplyRequest = { readonly check?: boolean | undefined; readonly edit: FileEdit; readonly root: RootId; };

export type BlameRequest = { readonly commit: string; readonly first?: number | null | undefined; readonly last?: number | null | undefined; readonly path: string; readonly root: RootId; };

export type CommitRequest = { readonly commit: string; readonly parent?: number | null | undefined; readonly root: RootId; };

export type DeleteSecretRequest = { readonly endpoint: string; };

/** What a diff compares. */
export type DiffOf = { readonly commit: string; readonly kind: 'commit'; readonly parent?: number | null | undefined; } | { readonly kind: 'commits'; readonly new: string; readonly old: string; } | { readonly kind: 'worktree'; } | { readonly kind: 'unstaged'; } | { readonly kind: 'staged'; };

export type DiffRequest = { readonly context?: number | null | undefined; readonly noRenames?: boolean | undefined; readonly of: DiffOf; readonly paths?: readonly string[] | undefined; readonly root: RootId; };

/** A file at a commit: `file_info` tells about it, `file` answers its bytes. */
export type FileAtRequest = { readonly commit: string; readonly maxBytes?: number | null | undefined; readonly path: string; readonly root: RootId; };

/** A change to the working tree. */
export type FileEdit = { readonly kind: 'patch'; readonly patch: string; } | { readonly expected?: string | null | undefined; readonly kind: 'write'; readonly path: string; readonly text: string; } | { readonly expected: string; readonly kind: 'remove'; readonly path: string; };

export type ForgetCommandRequest = { readonly name: string; readonly root: RootId; };

export type HistoryRequest = { readonly all?: boolean | undefined; readonly cursor?: string | null | undefined; readonly from?: readonly string[] | undefined; readonly limit?: number | null | undefined; readonly root: RootId; };

export type HttpMethod = 'GET' | 'POST';

export type HttpRequest = { readonly body?: string | null | undefined; readonly headers: Readonly<Record<string, string>>; readonly method: HttpMethod; readonly url: string; };

/** Something is done with a file that was taken in. */
export type IncomingRequest = { readonly file: number; };

export type IngestRequest = { readonly all?: boolean | undefined; readonly from?: readonly string[] | undefined; readonly root: RootId; };

export type JobRequest = { readonly job: JobId; };

export type Migration = { readonly name: string; readonly sql: string; readonly version: number; };

export type NameCommandRequest = { readonly command: NamedCommand; readonly root: RootId; };

export type OpenRequest = { readonly migrations: readonly Migration[]; readonly nowMs: number; };

export type ReadRequest = { readonly maxBytes?: number | null | undefined; readonly path: string; readonly root: RootId; };

/** Statements that only read, all on one state of the database. */
export type ReadRequest2 = { readonly beside?: number | null | undefined; readonly of?: number | null | undefined; readonly statements: readonly Statement[]; };

/** Everything that is asked about a whole repository: info, refs, stashes. */
export type RepositoryRequest = { readonly root: RootId; };

/** One transaction with a file that was taken in, under the name `incoming`. A copy of the present state is kept first. */
export type RestoreRequest = { readonly file: number; readonly nowMs: number; readonly statements: readonly Statement[]; readonly touched: Touched; };

export type RootRequest = { readonly root: RootId; };

export type RunCommandRequest = { readonly command: NamedCommand; readonly root: RootId; };

export type SaveRequest = { readonly copy?: string | null | undefined; readonly name: string; };

export type ScanRequest = { readonly depth?: number | null | undefined; readonly folders?: boolean | undefined; readonly maxTextBytes?: number | null | undefined; readonly path?: string | undefined; readonly root: RootId; };

export type SetSecretRequest = { readonly endpoint: string; readonly key: string; readonly url: string; };

export type SqlValue = null | number | string | { readonly int: string; } | { readonly real: string; } | { readonly blob: string; };

export type Statement = { readonly expect?: number | null | undefined; readonly params?: readonly SqlValue[] | undefined; readonly sql: string; };

export type StatusRequest = { readonly root: RootId; readonly untracked?: Untracked | null | undefined; };

/** A stream that the same window has asked for, by the number of its channel. */
export type StreamRef = { readonly channel: number; };

export type StreamRequest = { readonly batchRows: number; readonly of?: number | null | undefined; readonly params?: readonly SqlValue[] | undefined; readonly sql: string; };

export type TakeInRequest = { readonly copy?: string | null | undefined; };

/** A line to the host. `id` is the caller's, unique among its calls. */
export type ToHost = { readonly command: string; readonly id: number; readonly owner?: string | null | undefined; readonly request?: unknown | undefined; readonly type: 'call'; } | { readonly id: number; readonly seq: number; readonly type: 'ack'; } | { readonly id: number; readonly type: 'cancel'; };

/** What a batch touched, as its author says; announced after the commit. */
export type Touched = { readonly conversations?: readonly string[] | null | undefined; readonly nodes?: readonly string[] | null | undefined; readonly tables: readonly string[]; };

export type TreeRequest = { readonly commit: string; readonly path?: string | undefined; readonly root: RootId; };

export type UndoRequest = { readonly root: RootId; readonly undo: string; };

export type UnlockRequest = { readonly passphrase: string; };

export type Untracked = 'none' | 'files' | 'folders';

export type WatchRequest = { readonly root: RootId; };

export type WindowKind = 'main' | 'viewer';

export type WindowRequest = { readonly kind: WindowKind; readonly path: string; };

/** One transaction. A PRAGMA alone runs outside of one. */
export type WriteRequest = { readonly statements: readonly Statement[]; readonly touched?: Touched | null | undefined; };

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
	/** What a repository is and where it reaches. */
	readonly 'git.info': { readonly request: RepositoryRequest; readonly response: RepositoryInfo };
	/** HEAD, branches and tags. */
	readonly 'git.refs': { readonly request: RepositoryRequest; readonly response: Refs };
	/** Stashes, the newest first. */
	readonly 'git.stashes': { readonly request: RepositoryRequest; readonly response: Stashes };
	/** One page of history, the newest commit first. */
	readonly 'git.log': { readonly request: HistoryRequest; readonly response: HistoryPage };
	/** Reads the whole history. */
	readonly 'git.ingest': { readonly request: IngestRequest; readonly response: IngestBatch };
	/** A commit with its message and the files it changed. */
	readonly 'git.commit': { readonly request: CommitRequest; readonly response: CommitDetails };
	/** Compares files line by line. */
	readonly 'git.diff': { readonly request: DiffRequest; readonly response: Diff };
	/** A folder at a commit. */
	readonly 'git.tree': { readonly request: TreeRequest; readonly response: Folder };
	/** What a file at a commit is. */
	readonly 'git.file_info': { readonly request: FileAtRequest; readonly response: FileAtInfo };
	/** The bytes of a file at a commit. */
	readonly 'git.file': { readonly request: FileAtRequest; readonly response: Uint8Array };
	/** Finds the commit each line of a file comes from. */
	readonly 'git.blame': { readonly request: BlameRequest; readonly response: Blame };
	/** What is not committed. */
	readonly 'git.status': { readonly request: StatusRequest; readonly response: RepositoryStatus };
	/** Applies a patch or writes a file in the working tree. */
	readonly 'git.apply': { readonly request: ApplyRequest; readonly response: Applied };
	/** Takes such a change back. */
	readonly 'git.undo': { readonly request: UndoRequest; readonly response: Applied };
	/** Lists files of a linked folder. */
	readonly 'files.scan': { readonly request: ScanRequest; readonly response: ScanBatch };
	/** The bytes of a file. */
	readonly 'files.read': { readonly request: ReadRequest; readonly response: Uint8Array };
	/** Tells which files change. */
	readonly 'files.watch': { readonly request: WatchRequest; readonly response: WatchBatch };
	/** The commands a person has named for a folder. */
	readonly 'process.list': { readonly request: RootRequest; readonly response: NamedCommands };
	/** Names a command, or gives a name another command. */
	readonly 'process.name': { readonly request: NameCommandRequest; readonly response: Nothing };
	/** Forgets a named command. */
	readonly 'process.forget': { readonly request: ForgetCommandRequest; readonly response: Nothing };
	/** Starts a named command in its folder, as a job that outlives the page. Asks before the first time. */
	readonly 'process.run': { readonly request: RunCommandRequest; readonly response: StartedCommand };
	/** Opens the database, or joins those who have it open. Answers a frame, as all that follow. */
	readonly 'store.open': { readonly request: OpenRequest; readonly response: Uint8Array };
	/** Statements that only read, all on one state of the database. */
	readonly 'store.read': { readonly request: ReadRequest2; readonly response: Uint8Array };
	/** A transaction. */
	readonly 'store.write': { readonly request: WriteRequest; readonly response: Uint8Array };
	/** The rows of one statement as they are found, and how it ended. */
	readonly 'store.stream': { readonly request: StreamRequest; readonly response: Uint8Array };
	/** A consistent, compact copy of the file. */
	readonly 'store.export': { readonly request: Nothing; readonly response: Uint8Array };
	/** What the database is. */
	readonly 'store.info': { readonly request: Nothing; readonly response: Uint8Array };
	/** Asks the user where a backup goes, in a native dialog, and writes it there. Null when they chose no place. */
	readonly 'store.save': { readonly request: SaveRequest; readonly response: Uint8Array };
	/** Asks the user for a file in a native dialog, and copies it beside the database. Null when they chose none. */
	readonly 'store.take_in': { readonly request: TakeInRequest; readonly response: Uint8Array };
	/** Brings the file that was taken in to the newest schema. */
	readonly 'store.migrate_incoming': { readonly request: IncomingRequest; readonly response: Uint8Array };
	/** A transaction of the live database with the file that was taken in beside it. */
	readonly 'store.merge': { readonly request: RestoreRequest; readonly response: Uint8Array };
	/** The same in a new database, which then takes the place of the live one. */
	readonly 'store.replace': { readonly request: RestoreRequest; readonly response: Uint8Array };
	/** Forgets the file that was taken in. */
	readonly 'store.discard': { readonly request: IncomingRequest; readonly response: Uint8Array };
	/** The copies that are kept, the newest first. */
	readonly 'store.copies': { readonly request: Nothing; readonly response: Uint8Array };
	/** Where keys are kept, and which endpoints have one. */
	readonly 'secrets.status': { readonly request: Nothing; readonly response: SecretStatus };
	/** Stores a key for the origin of an address. No command gives it back. */
	readonly 'secrets.set': { readonly request: SetSecretRequest; readonly response: Nothing };
	/** Forgets the key of an endpoint. */
	readonly 'secrets.delete': { readonly request: DeleteSecretRequest; readonly response: Nothing };
	/** Opens the file of keys where the system has no keychain, or makes it. */
	readonly 'secrets.unlock': { readonly request: UnlockRequest; readonly response: Nothing };
	/** A request to a model server: first its head as JSON, then bytes as they come. */
	readonly 'http.send': { readonly request: HttpRequest; readonly response: Uint8Array };
	/** Opens one more window of the program. */
	readonly 'window.open': { readonly request: WindowRequest; readonly response: OpenedWindow };
	/** Everything of a stream up to this number was taken in. */
	readonly 'stream.ack': { readonly request: AckRequest; readonly response: Nothing };
	/** Nobody wants the rest of a stream. */
	readonly 'stream.cancel': { readonly request: StreamRef; readonly response: Nothing };
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
	'git.info': { class: 'read', answer: 'one', place: 'everywhere', response: repositoryInfoSchema },
	'git.refs': { class: 'read', answer: 'one', place: 'everywhere', response: refsSchema },
	'git.stashes': { class: 'read', answer: 'one', place: 'everywhere', response: stashesSchema },
	'git.log': { class: 'read', answer: 'one', place: 'everywhere', response: historyPageSchema },
	'git.ingest': { class: 'read', answer: 'stream', place: 'everywhere', response: ingestBatchSchema },
	'git.commit': { class: 'read', answer: 'one', place: 'everywhere', response: commitDetailsSchema },
	'git.diff': { class: 'read', answer: 'one', place: 'everywhere', response: diffSchema },
	'git.tree': { class: 'read', answer: 'one', place: 'everywhere', response: folderSchema },
	'git.file_info': { class: 'read', answer: 'one', place: 'everywhere', response: fileAtInfoSchema },
	'git.file': { class: 'read', answer: 'bytes', place: 'everywhere', response: null },
	'git.blame': { class: 'read', answer: 'one', place: 'everywhere', response: blameSchema },
	'git.status': { class: 'read', answer: 'one', place: 'everywhere', response: repositoryStatusSchema },
	'git.apply': { class: 'write', answer: 'one', place: 'everywhere', response: appliedSchema },
	'git.undo': { class: 'write', answer: 'one', place: 'everywhere', response: appliedSchema },
	'files.scan': { class: 'read', answer: 'stream', place: 'everywhere', response: scanBatchSchema },
	'files.read': { class: 'read', answer: 'bytes', place: 'everywhere', response: null },
	'files.watch': { class: 'read', answer: 'stream', place: 'everywhere', response: watchBatchSchema },
	'process.list': { class: 'read', answer: 'one', place: 'desktop', response: namedCommandsSchema },
	'process.name': { class: 'write', answer: 'one', place: 'desktop', response: nothingSchema },
	'process.forget': { class: 'write', answer: 'one', place: 'desktop', response: nothingSchema },
	'process.run': { class: 'exec', answer: 'one', place: 'desktop', response: startedCommandSchema },
	'store.open': { class: 'read', answer: 'bytes', place: 'desktop', response: null },
	'store.read': { class: 'read', answer: 'bytes', place: 'desktop', response: null },
	'store.write': { class: 'write', answer: 'bytes', place: 'desktop', response: null },
	'store.stream': { class: 'read', answer: 'frames', place: 'desktop', response: null },
	'store.export': { class: 'read', answer: 'bytes', place: 'desktop', response: null },
	'store.info': { class: 'read', answer: 'bytes', place: 'desktop', response: null },
	'store.save': { class: 'write', answer: 'bytes', place: 'desktop', response: null },
	'store.take_in': { class: 'write', answer: 'bytes', place: 'desktop', response: null },
	'store.migrate_incoming': { class: 'write', answer: 'bytes', place: 'desktop', response: null },
	'store.merge': { class: 'write', answer: 'bytes', place: 'desktop', response: null },
	'store.replace': { class: 'write', answer: 'bytes', place: 'desktop', response: null },
	'store.discard': { class: 'write', answer: 'bytes', place: 'desktop', response: null },
	'store.copies': { class: 'read', answer: 'bytes', place: 'desktop', response: null },
	'secrets.status': { class: 'read', answer: 'one', place: 'desktop', response: secretStatusSchema },
	'secrets.set': { class: 'write', answer: 'one', place: 'desktop', response: nothingSchema },
	'secrets.delete': { class: 'write', answer: 'one', place: 'desktop', response: nothingSchema },
	'secrets.unlock': { class: 'write', answer: 'one', place: 'desktop', response: nothingSchema },
	'http.send': { class: 'net', answer: 'frames', place: 'desktop', response: null },
	'window.open': { class: 'write', answer: 'one', place: 'desktop', response: openedWindowSchema },
	'stream.ack': { class: 'read', answer: 'one', place: 'desktop', response: nothingSchema },
	'stream.cancel': { class: 'read', answer: 'one', place: 'desktop', response: nothingSchema },
} as const;
