/**
 * Copies in both directions while things go wrong: a backup is taken while writes go on, and a file is put
 * in the place of the database, or merged into it, while the browser is killed.
 */
import { Database } from 'bun:sqlite';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { CHROMIUM, FLAGS, killAll } from 'bench/chromium';
import { generateHistory } from '@stemma/testkit/history';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { insertNodes } from '@stemma/store/import/insert-nodes';
import type { Row, StoreError } from '@stemma/store/port';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import type { Result } from '@stemma/graph/result';
import { createRandom } from '@stemma/provider/practice/generate';
import { compare, createLedger } from './acknowledged.ts';
import { between, pick, type Drill } from './drill.ts';
import { CONTENT, MARKS, toContent, toMarks } from './reading.ts';
import { buildWriterPage } from './writer-page.ts';

const WRITERS = 2;
const FILES = ['one.sqlite', 'two.sqlite'] as const;
/** Enough for a restore to take a second. */
const NODES = 12_000;
/** How long a restore takes is found out: what was cut takes longer than was thought. */
const FIRST_GUESS_MS = 1000;
const LONGER = 1.3;

interface Rig {
	readonly folder: string;
	readonly profile: string;
	start(): Promise<BrowserContext>;
	/** A page with the database open. */
	open(context: BrowserContext): Promise<Page>;
	close(): Promise<void>;
}

export const backups: Drill = {
	name: 'backups',
	times: 30,
	async run(times, { random, ended }) {
		const rig = await createRig();
		const ledger = createLedger();
		try {
			const context = await rig.start();
			await context.exposeFunction('tell', ledger.tell);
			const reader = await rig.open(context);
			for (let i = 0; i < WRITERS; i++) {
				const page = await rig.open(context);
				await page.evaluate((name) => void writer.write(name), `tab${i}-`);
			}
			for (let i = 1; i <= times; i++) {
				await Bun.sleep(between(random, 50, 400));
				const before = ledger.told('tab');
				const bytes = Buffer.from(await reader.evaluate(() => writer.exported()), 'base64');
				const path = join(rig.folder, 'backup.sqlite');
				writeFileSync(path, bytes);
				ended(`${before.length} writes before it, ${bytes.length >> 10} KiB`, [
					...compare(before, marksIn(path)),
					...integrityOf(path)
				]);
			}
		} finally {
			await rig.close();
		}
	}
};

export const restores: Drill = {
	name: 'restores',
	times: 30,
	async run(times, { random, ended, note }) {
		const rig = await createRig();
		const outcomes = { old: 0, new: 0 };
		try {
			const contents = new Map<string, bigint>();
			for (const [seed, name] of FILES.entries()) {
				await makeFile(join(rig.folder, name), seed + 1);
				contents.set(name, contentOf(join(rig.folder, name)));
			}
			const sum = (names: ReadonlySet<string>): string =>
				String([...names].reduce((total, name) => total + (contents.get(name) ?? 0n), 0n));
			let usual = FIRST_GUESS_MS;
			let here: ReadonlySet<string> = new Set();
			for (let i = 1; i <= times; i++) {
				const act = pick(random, ['replace', 'replace', 'merge'] as const);
				const file = pick(random, FILES);
				const next: ReadonlySet<string> = new Set(act === 'merge' ? [...here, file] : [file]);
				const context = await rig.start();
				const page = await rig.open(context);
				await page.evaluate((address) => writer.inspect(address), `/${file}`);
				const from = performance.now();
				const restoring = page
					.evaluate((how) => writer.restore(how), act)
					.then(
						() => {
							usual = performance.now() - from;
							return 'acknowledged';
						},
						() => {
							usual *= LONGER;
							return 'cut';
						}
					);
				await Bun.sleep(between(random, 0, usual * LONGER));
				killAll(rig.profile);
				const end = await restoring;
				await context.close().catch(() => undefined);

				const again = await rig.start();
				const after = await rig.open(again);
				const faults: string[] = [];
				const integrity = await after.evaluate(() => writer.integrity());
				if (integrity !== 'ok') faults.push(`integrity: ${integrity}`);
				const content = await after.evaluate(() => writer.content());
				const isNew = content === sum(next);
				if (isNew) here = next;
				else if (content !== sum(here)) faults.push('neither the old state nor the new one is there');
				else if (end === 'acknowledged') faults.push('it was acknowledged, and the old state is there');
				outcomes[isNew ? 'new' : 'old']++;
				await again.close();
				ended(`${act} with ${file}, ${end}: the ${isNew ? 'new' : 'old'} state`, faults);
			}
			note(`${outcomes.old} times the old state, ${outcomes.new} times the new one`);
		} finally {
			await rig.close();
		}
	}
};

async function createRig(): Promise<Rig> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-restores-'));
	const profile = join(folder, 'profile');
	const page = await buildWriterPage();
	const server = Bun.serve({
		hostname: '127.0.0.1',
		port: 0,
		fetch({ url }) {
			const name = new URL(url).pathname.slice(1);
			if (FILES.some((file) => file === name)) return new Response(Bun.file(join(folder, name)));
			const file = page.file(name);
			if (!file) return new Response(null, { status: 404 });
			return new Response(new Uint8Array(file.body), { headers: { 'content-type': file.type } });
		}
	});
	return {
		folder,
		profile,
		start: () => chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: [...FLAGS] }),
		async open(context) {
			const tab = await context.newPage();
			await tab.goto(server.url.href);
			await tab.waitForFunction(() => 'writer' in globalThis);
			const opened = await tab.evaluate(() => writer.open());
			if (opened !== 'ok') throw new Error(`the database does not open: ${opened}`);
			return tab;
		},
		async close() {
			killAll(profile);
			await server.stop(true);
			rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
		}
	};
}

/** A database as a backup has it, with a history of its own. */
async function makeFile(path: string, seed: number): Promise<void> {
	const store = must(openBunStore({ path, nowMs: seed }));
	const random = createRandom(seed);
	const randomHex = (bytes: number): string =>
		Array.from({ length: bytes * 2 }, () => Math.floor(random() * 16).toString(16)).join('');
	const workspace = must(await openWorkspace({ store, nowMs: () => seed, randomHex }, `file ${seed}`));
	must(await workspace.createConversation());
	const device = must(await store.query(`SELECT value FROM meta WHERE key = 'device'`))[0]?.['value'];
	must(await insertNodes(store, String(device), generateHistory({ seed, nodes: NODES })));
	await store.close();
}

function withFile<T>(path: string, read: (file: Database) => T): T {
	const file = new Database(path, { readonly: true });
	try {
		return read(file);
	} finally {
		file.close();
	}
}

const contentOf = (path: string): bigint =>
	withFile(path, (file) => toContent(file.query<Row, []>(CONTENT).all()));
const marksIn = (path: string): Record<string, number> =>
	withFile(path, (file) => toMarks(file.query<Row, [string]>(MARKS).all('tab')));
const integrityOf = (path: string): readonly string[] =>
	withFile(path, (file) => {
		const found = file.query<{ integrity_check: string }, []>('PRAGMA integrity_check').all();
		const dangling = file.query('PRAGMA foreign_key_check').all();
		return [
			...found.flatMap(({ integrity_check }) => (integrity_check === 'ok' ? [] : [integrity_check])),
			...(dangling.length === 0 ? [] : [`${dangling.length} rows refer to nothing`])
		];
	});

function must<T>(result: Result<T, StoreError>): T {
	if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
	return result.value;
}
