/** What crossing from the page to the desktop program costs, in a real window that nobody sees. Needs the program built. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Desktop } from '../../e2e/desktop/webdriver.ts';
import { ANCESTORS, chainOf100k } from './chain.ts';
import { figure, median, timed, type Benchmark } from './figure.ts';

const BINARY = process.env['STEMMA_DESKTOP_BINARY'] ?? join(import.meta.dir, '../../target/release/stemma');
const SCREEN = '/usr/bin/Xvfb';
const PORT = 47_990;
const REPETITIONS = 7;
const QUERIES = 400;
const BATCHES = 20;
const ROWS_PER_BATCH = 1000;
const LARGE_MB = 10;
const STARTS = 5;
const IDLE_MS = 5_000;
const KB_PER_MB = 1000;

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
		name: 'ipc-ancestors',
		async run() {
			const chain = await chainOf100k();
			const inProcess = await timed(REPETITIONS, () => chain.store.query(ANCESTORS, [chain.leaf]));
			return withDesktop(chain.copy(), async (desktop) => {
				await desktop.run(ask, ANCESTORS, [chain.leaf], 1);
				const ms = await desktop.run(ask, ANCESTORS, [chain.leaf], REPETITIONS);
				await desktop.run(askFirst, ANCESTORS, [chain.leaf], 1);
				const first = await desktop.run(askFirst, ANCESTORS, [chain.leaf], REPETITIONS);
				return [
					figure('ipc-ancestors', 'ms', ms / REPETITIONS, { ratioAtMost: 1.3 }, inProcess),
					figure('ipc-ancestors-first', 'ms', first, { atMost: 20 })
				];
			});
		}
	}
];
