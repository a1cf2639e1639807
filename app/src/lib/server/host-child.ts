/**
 * The host program as a child of the local server: one for all pages, started when first needed, ended when
 * nobody has needed it for a while. It ends by itself when this process does, in whatever way.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PROTOCOL, type HostError, type ToHost } from '@stemma/host/generated/commands';
import { hostError } from '@stemma/host/host';
import { createFrameReader, type HostFrame } from './host-frames.ts';

export interface HostCall {
	readonly command: string;
	readonly request: unknown;
	/** Which window asks. */
	readonly owner: string | null;
}

/** A call under way. */
export interface OpenCall {
	/** Items up to this one were taken in; the host sends no more than a window of them ahead. */
	ack(seq: number): void;
	cancel(): void;
}

export interface HostChild {
	/** Why there is none, or null. */
	missing(): HostError | null;
	/** `take` gets every frame of the answer; the last one is an answer, bytes, an end or an error. */
	open(call: HostCall, take: (frame: HostFrame) => void): OpenCall;
	stop(): void;
}

export interface HostChildDeps {
	/** The built program, if there is one. */
	readonly binary: string | undefined;
	readonly dataFolder: string;
	/** How long it may live without a call. */
	readonly idleMs?: number;
}

const IDLE_MS = 10 * 60_000;
const NOTHING = Buffer.alloc(0);

const MISSING = hostError(
	'unsupported',
	'Folders and repositories need the host program, which is built from this checkout with Rust 1.90 or newer: start Stemma with npm start -- --root FOLDER.'
);
const OUTDATED = hostError(
	'unsupported',
	'The host program was built from another version. Start Stemma anew with npm start -- --root FOLDER.'
);
const LOST = hostError('host_lost', 'The host program ended unexpectedly. Try again.', true);

export function createHostChild(deps: HostChildDeps): HostChild {
	let child: ChildProcessWithoutNullStreams | null = null;
	let isOutdated = false;
	let lastId = 0;
	let idle: ReturnType<typeof setTimeout> | undefined;
	const calls = new Map<number, (frame: HostFrame) => void>();

	function send(line: ToHost): void {
		// A pipe that broke is noticed by the end of the child.
		child?.stdin.write(`${JSON.stringify(line)}\n`);
	}

	function fail(error: HostError): void {
		const waiting = [...calls];
		calls.clear();
		for (const [id, take] of waiting) take({ line: { type: 'failed', id, error }, bytes: NOTHING });
	}

	function rest(): void {
		clearTimeout(idle);
		if (calls.size > 0) return;
		idle = setTimeout(stop, deps.idleMs ?? IDLE_MS);
		idle.unref();
	}

	function stop(): void {
		const ending = child;
		child = null;
		ending?.stdin.end();
		fail(LOST);
	}

	function takeFrame(frame: HostFrame): void {
		const { line } = frame;
		if (line.type === 'ready') {
			isOutdated = line.protocol !== PROTOCOL;
			if (isOutdated) {
				fail(OUTDATED);
				stop();
			}
			return;
		}
		const take = calls.get(line.id);
		if (line.type !== 'item') {
			calls.delete(line.id);
			rest();
		}
		take?.(frame);
	}

	function start(binary: string): void {
		const started = spawn(binary, ['--data', deps.dataFolder], {
			stdio: ['pipe', 'pipe', 'inherit'],
			// Not in our group: what is typed at the terminal ends us, and we end it.
			detached: true
		}) as unknown as ChildProcessWithoutNullStreams;
		child = started;
		const gone = (): void => {
			if (child !== started) return;
			child = null;
			fail(LOST);
		};
		const read = createFrameReader((frame) => {
			if (child === started) takeFrame(frame);
		});
		started.stdout.on('data', (chunk: Buffer) => {
			try {
				read(chunk);
			} catch {
				started.kill('SIGKILL');
				gone();
			}
		});
		started.stdin.on('error', gone);
		started.on('error', gone);
		started.on('exit', gone);
	}

	return {
		missing() {
			if (deps.binary === undefined || !existsSync(deps.binary)) return MISSING;
			return isOutdated ? OUTDATED : null;
		},
		open({ command, request, owner }, take) {
			const id = ++lastId;
			const none: OpenCall = { ack() {}, cancel() {} };
			if (deps.binary === undefined) {
				take({ line: { type: 'failed', id, error: MISSING }, bytes: NOTHING });
				return none;
			}
			clearTimeout(idle);
			calls.set(id, take);
			if (!child) start(deps.binary);
			send({ type: 'call', id, command, request, owner });
			return {
				ack(seq) {
					if (calls.has(id)) send({ type: 'ack', id, seq });
				},
				cancel() {
					// Its end comes from the host, like any other.
					if (calls.has(id)) send({ type: 'cancel', id });
				}
			};
		},
		stop
	};
}
