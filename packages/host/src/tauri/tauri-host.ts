/** The host behind the desktop's windows: a Tauri command for each command, a channel for each stream. */
import { err, ok, type Result } from '@stemma/graph/result';
import { Channel, invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import { checkAnswer } from '../check-answer.ts';
import { hostErrorSchema, type HostError } from '../generated/commands.ts';
import {
	CANCELLED,
	hostError,
	type BytesCommand,
	type CommandName,
	type FramesCommand,
	type Host,
	type OneCommand,
	type RequestOf,
	type StreamCommand
} from '../host.ts';

/** Bytes, or what the command says in JSON ahead of them. */
export type Piece = Uint8Array | { readonly json: unknown };

export interface TauriHost extends Host {
	/** As `stream`, of pieces that are not JSON. */
	frames<N extends FramesCommand>(
		command: N,
		request: RequestOf<N>,
		take: (piece: Piece) => void | Promise<void>,
		signal?: AbortSignal
	): Promise<Result<void, HostError>>;
	/** What the database announces to all windows. */
	onStoreChange(listener: (change: unknown) => void): () => void;
}

/** An acknowledgement is a call of its own: several pieces share one, unless they are large or among the first. */
const PIECES_PER_ACK = 16;
const BYTES_PER_ACK = 1 << 20;

const MISFIT = hostError(
	'internal',
	'The program answered what this page does not understand. Install Stemma anew.'
);

interface Ended {
	readonly sent: number;
	readonly error: unknown;
}

const identifier = (command: CommandName): string => command.replace('.', '_');

/** Tauri’s own refusals are texts. */
function toHostError(thrown: unknown): HostError {
	const parsed = hostErrorSchema.safeParse(thrown);
	if (parsed.success) return parsed.data;
	const text = thrown instanceof Error ? thrown.message : String(thrown);
	return /not allowed/i.test(text)
		? hostError('denied', 'This window may not do that.')
		: hostError('host_lost', text);
}

type Send = <T>(command: CommandName, args: Record<string, unknown>) => Promise<Result<T, HostError>>;

function createSend(page: string): Send {
	let asked = 0;
	return async <T>(command: CommandName, args: Record<string, unknown>) => {
		try {
			// A webview whose page goes meanwhile sends it once more: by its id the program knows it.
			return ok(await invoke<T>(identifier(command), { ...args, id: `${page} ${++asked}` }));
		} catch (thrown) {
			return err(toHostError(thrown));
		}
	};
}

/** An answer that comes whole. Nobody waits for one that is not wanted any more; the program bounds its own work. */
function ask(
	send: Send,
	command: OneCommand | BytesCommand,
	request: unknown,
	signal: AbortSignal | undefined
): Promise<Result<unknown, HostError>> {
	if (!signal) return send(command, { request });
	return new Promise((resolve) => {
		const cancel = (): void => {
			resolve(err(CANCELLED));
		};
		if (signal.aborted) {
			cancel();
			return;
		}
		signal.addEventListener('abort', cancel);
		void send(command, { request }).then((answer) => {
			signal.removeEventListener('abort', cancel);
			resolve(answer);
		});
	});
}

/** @param page a name that no other page has had */
export function createTauriHost(page: string): TauriHost {
	const send = createSend(page);

	async function receive(
		command: StreamCommand | FramesCommand,
		request: unknown,
		take: (piece: unknown) => Promise<Result<void, HostError>>,
		signal: AbortSignal | undefined
	): Promise<Result<void, HostError>> {
		if (signal?.aborted) return err(CANCELLED);
		const arrived: unknown[] = [];
		let wake: (() => void) | null = null;
		const channel = new Channel<unknown>((piece) => {
			arrived.push(piece);
			wake?.();
		});
		const tell = (answer: 'stream.ack' | 'stream.cancel', more: object): void => {
			void send(answer, { request: { channel: channel.id, ...more } });
		};
		const cancel = (): void => {
			tell('stream.cancel', {});
			wake?.();
		};
		signal?.addEventListener('abort', cancel);
		let end: Result<Ended, HostError> | null = null;
		void send<Ended>(command, { request, channel }).then((result) => {
			end = result;
			wake?.();
		});
		const ended = (): Result<Ended, HostError> | null => end;
		let taken = 0;
		let acknowledged = 0;
		let bytes = 0;
		try {
			for (;;) {
				if (signal?.aborted) return err(CANCELLED);
				if (arrived.length > 0) {
					const piece = arrived.shift();
					const accepted = await take(piece);
					if (!accepted.ok) {
						cancel();
						return accepted;
					}
					taken++;
					if (piece instanceof ArrayBuffer) bytes += piece.byteLength;
					// One more piece is on the way for each that was acknowledged: half of them are worth a call.
					const enough = Math.min(PIECES_PER_ACK, Math.ceil((1 + acknowledged) / 2));
					if (taken - acknowledged < enough && bytes < BYTES_PER_ACK) continue;
					acknowledged = taken;
					bytes = 0;
					tell('stream.ack', { seq: taken });
					continue;
				}
				const result = ended();
				if (result && !result.ok) return result;
				// The answer may overtake what was sent before it.
				if (result && taken >= result.value.sent) {
					const { error } = result.value;
					return error === null ? ok(undefined) : err(toHostError(error));
				}
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		} finally {
			signal?.removeEventListener('abort', cancel);
		}
	}

	async function call<N extends OneCommand>(command: N, request: RequestOf<N>, signal?: AbortSignal) {
		const answer = await ask(send, command, request, signal);
		return answer.ok ? checkAnswer(command, answer.value, MISFIT) : answer;
	}

	return {
		info: () => call('host.info', {}),
		call,
		async bytes<N extends BytesCommand>(command: N, request: RequestOf<N>, signal?: AbortSignal) {
			const answer = await ask(send, command, request, signal);
			if (!answer.ok) return answer;
			return answer.value instanceof ArrayBuffer ? ok(new Uint8Array(answer.value)) : err(MISFIT);
		},
		stream(command, request, take, signal) {
			const taken = async (piece: unknown): Promise<Result<void, HostError>> => {
				const item = checkAnswer(command, piece, MISFIT);
				if (!item.ok) return item;
				await take(item.value);
				return ok(undefined);
			};
			return receive(command, request, taken, signal);
		},
		frames(command, request, take, signal) {
			const taken = async (piece: unknown): Promise<Result<void, HostError>> => {
				await take(piece instanceof ArrayBuffer ? new Uint8Array(piece) : { json: piece });
				return ok(undefined);
			};
			return receive(command, request, taken, signal);
		},
		onStoreChange(listener) {
			const stop = listen<unknown>('store-change', ({ payload }) => {
				listener(payload);
			});
			return () => {
				void stop.then((unlisten) => {
					unlisten();
				});
			};
		}
	};
}
