/** How requests of the native engine reach the process that has the database. Nothing else knows the way. */
import type { Change } from '../port.ts';

export type NativeCommand =
	| 'open'
	| 'read'
	| 'write'
	| 'export'
	| 'info'
	| 'save'
	| 'take_in'
	| 'migrate_incoming'
	| 'merge'
	| 'replace'
	| 'discard'
	| 'copies';

export interface NativeStream {
	/** One frame has been consumed: the next may come. */
	more(): void;
	cancel(): void;
}

/** Who takes in a stream. */
export interface NativeReader {
	/** A batch, or how it ended: the last frame. */
	take(frame: Uint8Array): void;
	/** The process is gone; nothing more will come. */
	lost(reason: unknown): void;
}

export interface NativeBridge {
	/** Answers with a frame. Rejects when the process is gone. */
	ask(command: NativeCommand, request: object): Promise<Uint8Array>;
	stream(request: object, reader: NativeReader): NativeStream;
	/** Changes of all windows, its own included. */
	onChange(listener: (change: Change) => void): () => void;
}
