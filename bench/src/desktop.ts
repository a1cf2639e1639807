/** What crossing from the page to the desktop program costs, in a real window that nobody sees. Needs the program built. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Database } from 'bun:sqlite';
import { Desktop } from '../../e2e/desktop/webdriver.ts';
import { ANCESTORS, chainOf100k } from './chain.ts';
import { figure, median, timed, type Benchmark } from './figure.ts';

const BINARY = process.env['STEMMA_DESKTOP_BINARY'] ?? join(import.meta.dir, '../../target/release/stemma');
const SCREEN = '/usr/bin/Xvfb';
const PORT = 47_990;
const REPETITIONS = 7;
const WALKS = 25;
const QUERIES = 400;
const BATCHES = 20;
const ROWS_PER_BATCH = 1000;
const LARGE_MB = 10;
const STARTS = 5;
const IDLE_MS = 5_000;
const KB_PER_MB = 1000;
const MESSAGES = 200_000;
/** A quarter of them: as many as a page takes in some seconds. */
const MESSAGES_TAKEN = 50_000;
const TAKEN_BEFORE_CANCEL = 2000;
const CANCELS = 5;
const LOOK_MS = 50;
/** Not acknowledged, as `crates/proto/src/wire.rs` has it. */
const WINDOW_ITEMS = 128;

/** A program on a copy of the database, on a screen of its own. */
async function withDesktop<T>(
	database: string | null,
	use: (desktop: Desktop, usableMs: number) => Promise<T>
): Promise<T> {
	if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: npm run desktop builds it.`);
	const data = mkdtempSync(join(tmpdir(), 'stemma-bench-desktop-'));
	if (database !== null) copyFileSync(database, join(data, 'stemma.sqlite'));
	const screen = spawn(SCREEN, ['-displayfd', '1', '-screen', '0', '1280x900x24'], {
		stdio: ['ignore', 'pipe', 'ignore']
	});
	const display = await new Promise<string>((resolve, reject) => {
		screen.stdout.once('data', (number: Buffer) => {
			resolve(`:${String(number).trim()}`);
		});
		screen.once('error', reject);
	});
	try {
		const desktop = await Desktop.start(BINARY, data, PORT, { DISPLAY: display });
		try {
			await desktop.until('the page', () => document.querySelector('h1, textarea') !== null);
			return await use(desktop, Date.now() - desktop.launchedAt);
		} finally {
			await desktop.stop();
		}
	} finally {
		screen.kill();
		rmSync(data, { recursive: true, force: true });
	}
}

/** Runs in the page: one statement as often as told, each after the other; ms for all. */
async function ask(sql: string, params: readonly string[], times: number): Promise<number> {
	const { __TAURI_INTERNALS__: internals } = globalThis as unknown as {
		__TAURI_INTERNALS__: { invoke(name: string, args: object): Promise<ArrayBuffer> };
	};
	const start = performance.now();
	for (let i = 0; i < times; i++) {
		const frame = await internals.invoke('store_read', { request: { statements: [{ sql, params }] } });
		const length = new DataView(frame).getUint32(0, true);
		const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length))) as { ok: boolean };
		if (!answer.ok) throw new Error(JSON.stringify(answer).slice(0, 200));
	}
	return performance.now() - start;
}

/** Runs in the page: ms until the first rows of a statement that is streamed. */
async function askFirst(sql: string, params: readonly string[], times: number): Promise<number> {
	const { __TAURI_INTERNALS__: internals } = globalThis as unknown as {
		__TAURI_INTERNALS__: {
			invoke(name: string, args: object): Promise<unknown>;
			transformCallback(callback: (message: unknown) => void): number;
		};
	};
	let sum = 0;
	for (let i = 0; i < times; i++) {
		const start = performance.now();
		const arrived = Promise.withResolvers<void>();
		// As the host takes pieces: the first is acknowledged at once.
		const id = internals.transformCallback(() => {
			arrived.resolve();
		});
		const channel = { toJSON: () => `__CHANNEL__:${id}` };
		const whole = internals.invoke('store_stream', { request: { sql, params, batchRows: 500 }, channel });
		await arrived.promise;
		sum += performance.now() - start;
		await internals.invoke('stream_cancel', { request: { channel: id } });
		await whole;
	}
	return sum / times;
}

interface Cancelled {
	/** From the cancel until the program has ended and nothing more is on the way. */
	readonly ms: number;
	/** Messages that came after the cancel. */
	readonly late: number;
}

/** Runs in the page: takes some messages of many, acknowledged as the program's own page does, and cancels. */
async function cancelAfter(messages: number, take: number): Promise<Cancelled> {
	const { __TAURI_INTERNALS__: internals } = globalThis as unknown as {
		__TAURI_INTERNALS__: {
			invoke(name: string, args: object): Promise<unknown>;
			transformCallback(callback: (piece: object) => void): number;
		};
	};
	const tell = (name: string, more: object): void => {
		void internals.invoke(name, { request: { channel: id, ...more } });
	};
	const { promise: enough, resolve } = Promise.withResolvers<void>();
	let [arrived, acknowledged] = [0, 0];
	const id = internals.transformCallback((piece) => {
		// The end of the channel is told in a piece of its own.
		if (!('message' in piece)) return;
		arrived++;
		if (arrived - acknowledged >= Math.min(16, Math.ceil((1 + acknowledged) / 2)) && arrived < take) {
			acknowledged = arrived;
			tell('stream_ack', { seq: arrived });
		}
		if (arrived === take) resolve();
	});
	const sql = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT i FROM n';
	const request = { sql, params: [messages], batchRows: 1 };
	const channel = { toJSON: () => `__CHANNEL__:${id}` };
	const whole = internals.invoke('store_stream', { request, channel }) as Promise<{ sent: number }>;
	await enough;
	const before = arrived;
	const start = performance.now();
	tell('stream_cancel', {});
	const { sent } = await whole;
	// The answer may overtake what was sent before it.
	const isAllHere = (): boolean => arrived >= sent;
	while (!isAllHere()) await new Promise((again) => setTimeout(again));
	return { ms: performance.now() - start, late: arrived - before };
}

/** Runs in the page: rows per second, in batches as the program writes them. */
async function insert(batches: number, rows: number): Promise<number> {
	const { __TAURI_INTERNALS__: internals } = globalThis as unknown as {
		__TAURI_INTERNALS__: { invoke(name: string, args: object): Promise<ArrayBuffer> };
	};
	const write = async (statements: readonly object[]): Promise<void> => {
		const frame = await internals.invoke('store_write', { request: { statements } });
		const length = new DataView(frame).getUint32(0, true);
		const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length))) as { ok: boolean };
		if (!answer.ok) throw new Error(JSON.stringify(answer).slice(0, 200));
	};
	await write([
		{ sql: 'CREATE TABLE measured (id INTEGER PRIMARY KEY, hash TEXT UNIQUE, data TEXT) STRICT' }
	]);
	const sql = 'INSERT INTO measured (hash, data) VALUES (?1, ?2)';
	const data = 'x'.repeat(200);
	const start = performance.now();
	for (let i = 0; i < batches; i++) {
		await write(Array.from({ length: rows }, () => ({ sql, params: [crypto.randomUUID(), data] })));
	}
	return (batches * rows) / ((performance.now() - start) / 1000);
}

/** Nothing waits for its words to be indexed: a page that has just opened would do so while it is measured. */
function indexed(path: string): string {
	const database = new Database(path);
	database.run('DELETE FROM find_pending');
	database.close();
	return path;
}

/** Memory of processes, each shared page counted in parts. */
const memoryMb = (pids: readonly string[]): number =>
	pids.reduce((sum, pid) => {
		const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
		return sum + Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / KB_PER_MB;
	}, 0);

/** The package beside the program, as `npm run desktop -- --package` leaves it. */
function packageMb(): number {
	const folder = join(dirname(BINARY), 'bundle/deb');
	const [name] = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.deb')) : [];
	if (name === undefined) throw new Error('There is no package: npm run desktop -- --package makes it.');
	return statSync(join(folder, name)).size / 1e6;
}

export const desktopBenchmarks: readonly Benchmark[] = [
	{
		name: 'package',
		async run() {
			const starts: number[] = [];
			const memory: number[] = [];
			for (let i = 0; i < STARTS; i++) {
				await withDesktop(null, async (desktop, usableMs) => {
					await Bun.sleep(IDLE_MS);
					starts.push(usableMs);
					memory.push(memoryMb(desktop.processes()));
				});
			}
			return [
				figure('package', 'MB', packageMb(), { atMost: 10 }),
				figure('package-start', 'ms', median(starts), { atMost: 1500 }),
				// Nothing is asked of it: it is told.
				figure('package-idle-memory', 'MB', median(memory), {})
			];
		}
	},
	{
		name: 'ipc',
		run: () =>
			withDesktop(null, async (desktop) => {
				await desktop.run(ask, 'SELECT 1 AS one', [], 50);
				const ms = await desktop.run(ask, 'SELECT value FROM meta WHERE key = ?1', ['epoch'], QUERIES);
				const rowsPerSecond = await desktop.run(insert, BATCHES, ROWS_PER_BATCH);
				const large = `SELECT zeroblob(${LARGE_MB * 1e6}) AS bytes`;
				await desktop.run(ask, large, [], 1);
				const largeMs = await desktop.run(ask, large, [], REPETITIONS);
				return [
					figure('ipc', 'ms', ms / QUERIES, { atMost: 2 }),
					figure('ipc-insert', 'rows/s', rowsPerSecond, { atLeast: 30_000 }),
					figure('ipc-10mb', 'MB/s', (LARGE_MB * REPETITIONS) / (largeMs / 1000), { atLeast: 50 })
				];
			})
	},
	{
		name: 'ipc-cancel',
		run: () =>
			withDesktop(null, async (desktop) => {
				const [program] = desktop.processes();
				if (program === undefined) throw new Error('The program is not there.');
				await desktop.run(cancelAfter, MESSAGES, TAKEN_BEFORE_CANCEL);
				const before = memoryMb([program]);
				let most = before;
				const looking = setInterval(() => {
					most = Math.max(most, memoryMb([program]));
				}, LOOK_MS);
				const cancels = [await desktop.run(cancelAfter, MESSAGES, MESSAGES_TAKEN)];
				clearInterval(looking);
				for (let i = 1; i < CANCELS; i++) {
					cancels.push(await desktop.run(cancelAfter, MESSAGES, TAKEN_BEFORE_CANCEL));
				}
				const late = Math.max(...cancels.map((cancelled) => cancelled.late));
				if (late > WINDOW_ITEMS) throw new Error(`${late} messages came after a cancel.`);
				return [
					figure('ipc-cancel', 'ms', median(cancels.map(({ ms }) => ms)), { atMost: 100 }),
					figure('ipc-cancel-memory', 'MB', most - before, { atMost: 16 })
				];
			})
	},
	{
		name: 'ipc-ancestors',
		async run() {
			const chain = await chainOf100k();
			return withDesktop(indexed(chain.copy()), async (desktop) => {
				await desktop.run(ask, ANCESTORS, [chain.leaf], 1);
				const [crossing, inProcess]: [number[], number[]] = [[], []];
				// In turns, so that a busy moment of the machine meets both.
				for (let i = 0; i < WALKS; i++) {
					inProcess.push(await timed(1, () => chain.store.query(ANCESTORS, [chain.leaf])));
					crossing.push(await desktop.run(ask, ANCESTORS, [chain.leaf], 1));
				}
				await desktop.run(askFirst, ANCESTORS, [chain.leaf], 1);
				const first = await desktop.run(askFirst, ANCESTORS, [chain.leaf], REPETITIONS);
				return [
					figure('ipc-ancestors', 'ms', median(crossing), { ratioAtMost: 1.3 }, median(inProcess)),
					figure('ipc-ancestors-first', 'ms', first, { atMost: 20 })
				];
			});
		}
	}
];
