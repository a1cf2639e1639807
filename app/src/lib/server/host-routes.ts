/**
 * Commands of the host over HTTP: POST /api/host/<command> with the request as JSON. Answers JSON, raw bytes,
 * or for a stream a line of JSON per item and a last one that says how it ended.
 */
import { commands, type HostError } from '@stemma/host/generated/commands';
import { hostError } from '@stemma/host/host';
import type { HostCall, HostChild } from './host-child.ts';
import { errorResponse } from './guard.ts';

const MAX_REQUEST_CHARS = 8 * 1024 * 1024;
const WINDOW_NAME = /^[\w-]{1,64}$/;

const STATUS: Readonly<Partial<Record<HostError['code'], number>>> = {
	invalid: 400,
	denied: 403,
	not_found: 404,
	conflict: 409,
	too_large: 413,
	cancelled: 499,
	unsupported: 501,
	host_lost: 502,
	timed_out: 504
};

/** What starts programs or touches keys is not for a page to ask of a server, nor what needs a window. */
const isRouted = (name: string): name is keyof typeof commands => {
	if (!Object.hasOwn(commands, name)) return false;
	const info: { readonly class: string; readonly place: string } = commands[name as keyof typeof commands];
	return ['read', 'write', 'net'].includes(info.class) && info.place === 'everywhere';
};

export async function answerHost(
	child: HostChild | undefined,
	name: string,
	request: Request
): Promise<Response> {
	if (!isRouted(name)) return errorResponse(404, 'denied', 'This server does not do that.');
	if (request.method !== 'POST') return errorResponse(405, 'method', 'Commands are sent with POST.');
	if (!/^application\/json\b/.test(request.headers.get('content-type') ?? '')) {
		return errorResponse(415, 'content_type', 'A request is JSON.');
	}
	const missing = child?.missing();
	if (!child || missing) {
		return refuse(missing ?? hostError('unsupported', 'This server has no host.'));
	}
	const text = await request.text();
	if (text.length > MAX_REQUEST_CHARS) {
		return refuse(hostError('too_large', 'The request is too large.'));
	}
	const body = parseJson(text);
	if (body === undefined) {
		return refuse(hostError('invalid', 'The request is no JSON.'));
	}
	const owner = request.headers.get('x-stemma-window');
	const call = { command: name, request: body, owner: owner && WINDOW_NAME.test(owner) ? owner : null };
	return commands[name].answer === 'stream' ? stream(child, call, request) : whole(child, call, request);
}

function whole(child: HostChild, call: HostCall, request: Request): Promise<Response> {
	const { promise, resolve } = Promise.withResolvers<Response>();
	const open = child.open(call, ({ line, bytes }) => {
		if (line.type === 'answer') resolve(Response.json(line.value, { headers: headers('application/json') }));
		else if (line.type === 'failed') resolve(refuse(line.error));
		else resolve(new Response(new Uint8Array(bytes), { headers: headers('application/octet-stream') }));
	});
	request.signal.addEventListener('abort', () => open.cancel(), { once: true });
	return promise;
}

/**
 * An item is acknowledged when the connection has taken it, so a page that reads slowly slows the host down.
 * Waits for the first frame: what fails at once is a refusal, not a stream.
 */
function stream(child: HostChild, call: HostCall, request: Request): Promise<Response> {
	const { promise, resolve } = Promise.withResolvers<Response>();
	/** Lines to send, with the number to acknowledge. */
	const ready: { readonly text: string; readonly seq: number | null }[] = [];
	let wake: (() => void) | null = null;
	let isOver = false;
	let isAnswered = false;

	const open = child.open(call, ({ line }) => {
		if (line.type === 'failed' && !isAnswered) {
			resolve(refuse(line.error));
			return;
		}
		if (line.type === 'item') ready.push({ text: JSON.stringify({ item: line.value }), seq: line.seq });
		else {
			const last = line.type === 'failed' ? { error: line.error } : { end: true };
			ready.push({ text: JSON.stringify(last), seq: null });
			isOver = true;
		}
		if (!isAnswered) {
			isAnswered = true;
			resolve(new Response(body, { headers: headers('application/x-ndjson') }));
		}
		wake?.();
	});
	const cancel = (): void => {
		open.cancel();
		wake?.();
	};
	request.signal.addEventListener('abort', cancel, { once: true });

	const encoder = new TextEncoder();
	const body = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				if (ready.length === 0 && !isOver) {
					await new Promise<void>((settle) => {
						wake = settle;
					});
					wake = null;
				}
				const next = ready.shift();
				if (next) {
					controller.enqueue(encoder.encode(`${next.text}\n`));
					if (next.seq !== null) open.ack(next.seq);
				}
				if (ready.length === 0 && (isOver || request.signal.aborted)) controller.close();
			},
			cancel
		},
		{ highWaterMark: 0 }
	);
	return promise;
}

const headers = (type: string): Record<string, string> => ({
	'content-type': type,
	'cache-control': 'no-store',
	'x-accel-buffering': 'no'
});

function refuse(error: HostError): Response {
	return Response.json(
		{ error },
		{ status: STATUS[error.code] ?? 500, headers: { 'cache-control': 'no-store' } }
	);
}

/** Undefined when it is none. */
function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
