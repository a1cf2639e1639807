/** What can be done with database files beside the live one. */
import type { Result } from '@stemma/graph/result';
import type { StoreError } from '../port.ts';

/** What is in a file, and what of it is not in the live database. */
export interface FileReport {
	/** Without its folder; null where it has none. */
	readonly name: string | null;
	readonly sizeBytes: number;
	/** As the file came; older ones are brought up to date in the copy. */
	readonly schemaVersion: number;
	readonly conversations: number;
	readonly messages: number;
	readonly newConversations: number;
	readonly newMessages: number;
	/** Milliseconds since 1970; null without messages. */
	readonly oldest: number | null;
	readonly newest: number | null;
}

export interface MergeReport {
	readonly conversations: number;
	readonly messages: number;
	readonly operations: number;
}

/** A copy of the database kept beside it, made before something changed. */
export interface KeptCopy {
	readonly name: string;
	readonly takenAt: number;
	readonly sizeBytes: number;
	readonly why: 'migration' | 'merge' | 'replace';
}

/** A file that was written where the user wanted it. */
export interface SavedFile {
	readonly name: string;
	readonly sizeBytes: number;
}

export type FileAction =
	/**
	 * Takes a file in, checks everything about it and leaves the live database alone. Without a file the user
	 * is asked for one, where the engine asks.
	 */
	| { readonly act: 'inspect'; readonly file: Blob | null }
	| { readonly act: 'inspect_copy'; readonly name: string }
	/** Adds what is new in the inspected file. */
	| { readonly act: 'merge' }
	/** Puts the inspected file in the place of the live one. */
	| { readonly act: 'replace' }
	| { readonly act: 'discard' }
	| { readonly act: 'copies' }
	| { readonly act: 'read_copy'; readonly name: string }
	/** Asks for a place and writes a kept copy there, or the present state. Only where the engine asks. */
	| { readonly act: 'save'; readonly copy: string | null; readonly name: string };

export interface FileResults {
	/** Null when the user chose none. */
	readonly inspect: FileReport | null;
	readonly inspect_copy: FileReport | null;
	readonly merge: MergeReport;
	readonly replace: KeptCopy;
	readonly discard: null;
	readonly copies: readonly KeptCopy[];
	readonly read_copy: Uint8Array;
	/** Null when the user chose no place. */
	readonly save: SavedFile | null;
}

export interface StoreFiles {
	/** It asks for files and places itself, in dialogs of the system; else the page hands them over. */
	readonly asks: boolean;
	/** Pages must be loaded anew after `replace`: a change of table `database` tells all tabs. */
	run<A extends FileAction>(action: A): Promise<Result<FileResults[A['act']], StoreError>>;
}
