/**
 * The one door to what a page cannot do itself: folders, Git, programs, jobs. Which host there is differs
 * from build to build; a page asks it what it does (`info`) and offers nothing else.
 */
import type { Result } from '@stemma/graph/result';
import type { commands, CommandTypes, HostError, HostInfo } from './generated/commands.ts';

export type CommandName = keyof CommandTypes;

type Answering<A> = {
	[N in CommandName]: (typeof commands)[N]['answer'] extends A ? N : never;
}[CommandName];

/** Commands by how they answer. */
export type OneCommand = Answering<'one'>;
export type BytesCommand = Answering<'bytes'>;
export type StreamCommand = Answering<'stream'>;
export type FramesCommand = Answering<'frames'>;

export type RequestOf<N extends CommandName> = CommandTypes[N]['request'];
export type ResponseOf<N extends CommandName> = CommandTypes[N]['response'];

export interface Host {
	/** What this host is and does. The error says what is missing, in a sentence for the screen. */
	info(): Promise<Result<HostInfo, HostError>>;

	call<N extends OneCommand>(
		command: N,
		request: RequestOf<N>,
		signal?: AbortSignal
	): Promise<Result<ResponseOf<N>, HostError>>;

	bytes<N extends BytesCommand>(
		command: N,
		request: RequestOf<N>,
		signal?: AbortSignal
	): Promise<Result<Uint8Array, HostError>>;

	/**
	 * Hands every item to `take`, one after the other; the host pauses while `take` is slow. Settles when the
	 * stream has ended; after an abort with the code `cancelled`, and `take` is not called any more.
	 */
	stream<N extends StreamCommand>(
		command: N,
		request: RequestOf<N>,
		take: (item: ResponseOf<N>) => void | Promise<void>,
		signal?: AbortSignal
	): Promise<Result<void, HostError>>;
}

export const hostError = (code: HostError['code'], message: string, retryable = false): HostError => ({
	code,
	message,
	retryable
});

export const CANCELLED: HostError = hostError('cancelled', 'Stopped.');
