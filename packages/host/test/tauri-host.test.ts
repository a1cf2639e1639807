import { afterEach, beforeEach, expect, test } from 'bun:test';
import { createTauriHost } from '../src/tauri/tauri-host.ts';

/** What the page asks of the program, as the program would hear it. */
type Program = (command: string, args: Record<string, unknown>) => unknown;

let program: Program;
let asked: { readonly command: string; readonly args: Record<string, unknown> }[];
let callbacks: ((message: unknown) => void)[];

beforeEach(() => {
	asked = [];
	callbacks = [];
	const internals = {
		transformCallback: (callback: (message: unknown) => void) => callbacks.push(callback) - 1,
		unregisterCallback: () => undefined,
		invoke: async (command: string, args: Record<string, unknown>) => {
			asked.push({ command, args });
			return program(command, args);
		}
	};
	Object.assign(globalThis, { window: { __TAURI_INTERNALS__: internals } });
});
afterEach(() => {
	Reflect.deleteProperty(globalThis, 'window');
});

const LOG = { first: 0, lines: [] };
const acks = (): readonly unknown[] =>
	asked.flatMap(({ command, args }) =>
		command === 'stream_ack' ? [(args['request'] as { seq: number }).seq] : []
	);

test('nobody waits for an answer that is not wanted any more', async () => {
	program = () => new Promise(() => undefined);
	const host = createTauriHost('page');
	const stop = new AbortController();
	const asking = [
		host.call('roots.list', {}, stop.signal),
		host.bytes('files.read', { root: 'r', path: 'p' }, stop.signal)
	];
	stop.abort();
	for (const answer of await Promise.all(asking))
		expect(answer).toMatchObject({ error: { code: 'cancelled' } });
	expect(await host.call('roots.list', {}, stop.signal), 'nor asks').toMatchObject({
		error: { code: 'cancelled' }
	});
	expect(asked.length).toBe(2);
});

test('an answer that is not what the table says is told as that', async () => {
	program = () => ({ roots: 'none' });
	expect(await createTauriHost('page').call('roots.list', {})).toMatchObject({ error: { code: 'internal' } });
});

test('what a window may not do is denied, and what the program says of itself is passed on', async () => {
	program = () => Promise.reject(new Error('roots.link not allowed'));
	expect(await createTauriHost('page').call('roots.list', {})).toMatchObject({ error: { code: 'denied' } });
	const lost = { code: 'too_large', message: 'Too large.', retryable: false };
	program = () => Promise.reject(Object.assign(new Error('as an object'), lost));
	expect(await createTauriHost('page').call('roots.list', {})).toMatchObject({ error: lost });
});

test('pieces of a stream are taken in order, acknowledged soon at first, and the end may overtake them', async () => {
	const pieces = 40;
	program = (command) => (command === 'jobs_log' ? { sent: pieces, error: null } : undefined);
	const taken: number[] = [];
	const ended = createTauriHost('page').stream(
		'jobs.log',
		{ job: 'j' },
		({ first }) => void taken.push(first)
	);
	await Bun.sleep(1);
	for (let index = 0; index < pieces; index++) callbacks[0]?.({ index, message: { ...LOG, first: index } });
	expect(await ended).toEqual({ ok: true, value: undefined });
	expect(taken).toEqual(Array.from({ length: pieces }, (_, i) => i));
	// The program begins with one piece and sends one more for each that was acknowledged: none may wait for the other.
	let acknowledged = 0;
	for (const seq of acks() as readonly number[]) {
		expect(seq, 'before the program stops sending').toBeLessThanOrEqual(2 * acknowledged + 1);
		acknowledged = seq;
	}
	expect(acknowledged).toBeGreaterThan(pieces / 2);
});

test('a stream that is stopped tells the program and takes nothing more', async () => {
	program = (command) => (command === 'jobs_log' ? new Promise(() => undefined) : undefined);
	const stop = new AbortController();
	const taken: number[] = [];
	const ended = createTauriHost('page').stream(
		'jobs.log',
		{ job: 'j' },
		({ first }) => {
			taken.push(first);
			stop.abort();
		},
		stop.signal
	);
	await Bun.sleep(1);
	for (let index = 0; index < 3; index++) callbacks[0]?.({ index, message: { ...LOG, first: index } });
	expect(await ended).toMatchObject({ error: { code: 'cancelled' } });
	expect(taken).toEqual([0]);
	expect(asked.map(({ command }) => command)).toContain('stream_cancel');
});
