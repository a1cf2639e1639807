/** The host behind the local server: a POST to /api/host/… for each command, a line of JSON for each item. */
import { err, ok, type Result } from '@stemma/graph/result';
import * as z from 'zod/mini';
import { checkAnswer } from './check-answer.ts';
import { hostErrorSchema, type HostError } from './generated/commands.ts';
import {
	CANCELLED,
	hostError,
	type BytesCommand,
	type CommandName,
	type Host,
	type OneCommand,
	type RequestOf,
	type ResponseOf,
	type StreamCommand
} from './host.ts';

export interface ServerHostDeps {
	readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
	/** Names this window to the host: its jobs end with it. */
	readonly window: string;
}

const refusal = z.object({
	// The server's own refusals (no session, another site) have codes of their own.
	error: z.union([hostErrorSchema, z.object({ code: z.string(), message: z.string() })])
});
const line = z.union([
	z.object({ item: z.unknown() }),
	z.object({ end: z.literal(true) }),
	z.object({ error: hostErrorSchema })
]);

const LOST = hostError('host_lost', 'The local server does not answer. Is it still running?', true);
const BROKEN = hostError('host_lost', 'The answer of the local server broke off.', true);
const MISFIT = hostError(
	'internal',
	'The host answered what this page does not understand. Restart Stemma and reload the page.'
);

export function createServerHost(deps: ServerHostDeps): Host {
	/** A good response, or the error in its stead. */
	async function post(
		command: CommandName,
		request: unknown,
		signal: AbortSignal | undefined
	): Promise<Result<Response, HostError>> {
		const init: RequestInit = {
			method: 'POST',
			headers: { 'content-type': 'application/json', 'x-stemma': '1', 'x-stemma-window': deps.window },
			body: JSON.stringify(request),
			cache: 'no-store',
			...(signal && { signal })
		};
		try {
			const response = await deps.fetch(`/api/host/${command}`, init);
			if (response.ok) return ok(response);
			const body = refusal.safeParse(await response.json().catch(() => null));
			if (!body.success) return err(LOST);
			const { error } = body.data;
			return err('retryable' in error ? error : hostError('denied', error.message));
		} catch {
			return err(signal?.aborted ? CANCELLED : LOST);
		}
	}

	async function call<N extends OneCommand>(command: N, request: RequestOf<N>, signal?: AbortSignal) {
		const response = await post(command, request, signal);
		if (!response.ok) return response;
		try {
			return checkAnswer(command, await response.value.json(), MISFIT);
		} catch {
			return err(signal?.aborted ? CANCELLED : BROKEN);
		}
	}

	return {
		info: () => call('host.info', {}),
		call,

		async bytes<N extends BytesCommand>(command: N, request: RequestOf<N>, signal?: AbortSignal) {
			const response = await post(command, request, signal);
			if (!response.ok) return response;
			try {
				return ok(new Uint8Array(await response.value.arrayBuffer()));
			} catch {
				return err(signal?.aborted ? CANCELLED : BROKEN);
			}
		},

		async stream<N extends StreamCommand>(
			command: N,
			request: RequestOf<N>,
			take: (item: ResponseOf<N>) => void | Promise<void>,
			signal?: AbortSignal
		): Promise<Result<void, HostError>> {
			const response = await post(command, request, signal);
			if (!response.ok) return response;
			if (response.value.body === null) return err(BROKEN);
			for await (const text of linesOf(response.value.body)) {
				if (signal?.aborted) return err(CANCELLED);
				const parsed = line.safeParse(text === null ? null : parseJson(text));
				if (!parsed.success) return err(BROKEN);
				if ('end' in parsed.data) return ok(undefined);
				if ('error' in parsed.data) return err(parsed.data.error);
				const item = checkAnswer(command, parsed.data.item, MISFIT);
				if (!item.ok) return item;
				await take(item.value);
			}
			return err(signal?.aborted ? CANCELLED : BROKEN);
		}
	};
}

/** Whole lines; null where the connection broke. Leaving the loop ends the connection. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string | null> {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	let rest = '';
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			rest += decoder.decode(value, { stream: true });
			const lines = rest.split('\n');
			rest = lines.pop() ?? '';
			yield* lines;
		}
	} catch {
		yield null;
	} finally {
		await reader.cancel().catch(() => undefined);
	}
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
