/** The native engine behind stdin and stdout: the same crate as the desktop's, without a window. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NativeBridge } from '../src/native/bridge.ts';
import type { Change } from '../src/port.ts';

const ROOT = join(import.meta.dir, '../../..');
const HEAD = 9;
const BATCH = 1;
const CHANGE = 2;

/** A frame, as the window answers it. */
const NOTHING_CHOSEN = ((): Uint8Array => {
	const json = new TextEncoder().encode('{"ok":true,"value":null}');
	return new Uint8Array([json.length, 0, 0, 0, ...json]);
})();

/** Null without Rust: its tests are for machines that build the desktop. */
export function buildNativeProcess(): string | null {
	if (Bun.which('cargo') === null) return null;
	const built = Bun.spawnSync(['cargo', 'build', '--quiet', '-p', 'stemma-store', '--example', 'stdio'], {
		cwd: ROOT,
		env: { ...process.env, CARGO_PROFILE_DEV_DEBUG: '0', CARGO_BUILD_JOBS: '2' },
		stderr: 'inherit'
	});
	const binary = join(process.env['CARGO_TARGET_DIR'] ?? join(ROOT, 'target'), 'debug/examples/stdio');
	if (!built.success || !existsSync(binary)) throw new Error('The native engine did not build.');
	return binary;
}

export interface NativeProcess {
	readonly bridge: NativeBridge;
	/** What a person chooses whenever they are asked for a file or a place; null: they choose none. */
	choose(path: string | null): void;
	kill(): Promise<void>;
	/** Ends it as the end of the program does. */
	stop(): Promise<void>;
}

export function startNativeProcess(binary: string, path: string): NativeProcess {
	const child = Bun.spawn([binary], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
	const waiting = new Map<number, { answer: (frame: Uint8Array) => void; lost: (reason: Error) => void }>();
	const onBatch = new Map<number, (frame: Uint8Array) => void>();
	const listeners = new Set<(change: Change) => void>();
	let nextId = 1;
	let choice: string | null = null;

	/** A process that has ended is told of at once or later, as the pipe notices. */
	const write = async (message: object): Promise<void> => {
		await child.stdin.write(`${JSON.stringify(message)}\n`);
		await child.stdin.flush();
	};
	const tell = (message: object): void => {
		// Its end is the answer to whoever waits.
		write(message).catch(() => undefined);
	};
	const send = (message: object): { id: number; answer: Promise<Uint8Array> } => {
		const id = nextId++;
		const answer = new Promise<Uint8Array>((resolve, reject) => {
			waiting.set(id, { answer: resolve, lost: reject });
			write({ id, ...message }).catch(reject);
		});
		return { id, answer };
	};
	const receive = (id: number, kind: number, payload: Uint8Array): void => {
		if (kind === CHANGE) {
			const change = JSON.parse(new TextDecoder().decode(payload)) as Change;
			for (const listener of listeners) listener(change);
		} else if (kind === BATCH) onBatch.get(id)?.(payload);
		else {
			waiting.get(id)?.answer(payload);
			waiting.delete(id);
			onBatch.delete(id);
		}
	};
	void (async () => {
		let pending = Buffer.alloc(0);
		for await (const chunk of child.stdout) {
			pending = Buffer.concat([pending, chunk]);
			while (pending.length >= HEAD && pending.length >= HEAD + pending.readUInt32LE(0)) {
				const end = HEAD + pending.readUInt32LE(0);
				receive(pending.readUInt32LE(4), pending[8] ?? 0, new Uint8Array(pending.subarray(HEAD, end)));
				pending = pending.subarray(end);
			}
		}
		for (const { lost } of waiting.values()) lost(new Error('it ended'));
	})();

	return {
		choose(path) {
			choice = path;
		},
		bridge: {
			ask(command, request) {
				if (command === 'open') return send({ op: command, path, request }).answer;
				const asks = command === 'save' || (command === 'take_in' && !('copy' in request));
				if (!asks) return send({ op: command, request }).answer;
				if (choice === null) return Promise.resolve(NOTHING_CHOSEN);
				return send({ op: command, request: { ...request, path: choice } }).answer;
			},
			stream(request, { take, lost }) {
				const { id, answer } = send({ op: 'stream', request });
				onBatch.set(id, take);
				void answer.then(take, lost);
				return {
					more: () => {
						tell({ id: 0, op: 'stream_more', stream: id });
					},
					cancel: () => {
						tell({ id: 0, op: 'stream_cancel', stream: id });
					}
				};
			},
			onChange(listener) {
				listeners.add(listener);
				return () => listeners.delete(listener);
			}
		},
		async kill() {
			child.kill('SIGKILL');
			await child.exited;
		},
		async stop() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			await send({ op: 'close' }).answer;
			await child.stdin.end();
			await child.exited;
		}
	};
}
