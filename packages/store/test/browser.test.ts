import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';
import { openBunStore } from '../src/bun/open-bun-store.ts';
import { PROTOCOL } from '../src/browser/protocol.ts';
import type { Migration } from '../src/migrate.ts';
import type { Touched } from '../src/port.ts';
import { CHROMIUM, createBrowserRig, type BrowserRig } from './browser-rig.ts';
import { must } from './fixture.ts';

const here = existsSync(CHROMIUM);
if (!here) process.stderr.write(`The browser engine is not tested: no Chromium at ${CHROMIUM}.\n`);

/** Opens the store of a page; 'ok' or the error's code. */
const openStore = (page: Page): Promise<string> =>
	page.evaluate(async () => {
		const opened = await openBrowserStore();
		if (!opened.ok) return opened.error.code;
		globalThis.stemma = opened.value;
		return 'ok';
	});

const roleOf = (page: Page): Promise<string> =>
	page.evaluate(async () => {
		const info = await stemma.info();
		return info.ok ? info.value.role : info.error.code;
	});

const epochOf = (page: Page): Promise<number> =>
	page.evaluate(async () => {
		const info = await stemma.info();
		return info.ok ? info.value.epoch : 0;
	});

/** Waits, a few seconds at most, until the tab has the role. */
async function expectRole(page: Page, role: string): Promise<void> {
	let seen = '';
	for (let i = 0; i < 100 && seen !== role; i++) {
		seen = await roleOf(page);
		if (seen !== role) await page.waitForTimeout(50);
	}
	expect(seen).toBe(role);
}

/** In the page: writes one row after the other; those that were acknowledged. */
async function writeMarks(job: { prefix: string; count: number; touched?: Touched }): Promise<string[]> {
	const acknowledged: string[] = [];
	for (let i = 0; i < job.count; i++) {
		const mark = `${job.prefix}-${i}`;
		const sql = 'INSERT INTO meta (key, value) VALUES (?1, 1) ON CONFLICT DO NOTHING';
		const written = await stemma.batch(
			[{ sql, params: [mark] }],
			job.touched ? { touched: job.touched } : {}
		);
		if (written.ok) acknowledged.push(mark);
	}
	return acknowledged;
}

/** In the page: the keys of what was written. */
async function readMarks(): Promise<string[]> {
	const read = await stemma.query('SELECT key FROM meta');
	return read.ok ? read.value.map(({ key }) => String(key)) : [];
}

/** In the page: the bytes of the database as they lie in the pool, for whoever does not hold it. */
async function readDatabaseFile(): Promise<string> {
	const root = await navigator.storage.getDirectory();
	const pool = await (await root.getDirectoryHandle('.stemma')).getDirectoryHandle('.opaque');
	for await (const handle of pool.values()) {
		if (handle.kind !== 'file') continue;
		const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
		const path = new TextDecoder().decode(bytes.slice(0, 512)).split('\0')[0];
		if (path === '/stemma.sqlite') return String(bytes.slice(4096));
	}
	return '';
}

/** In the page: the names in the pool. */
async function listPool(): Promise<string[]> {
	const root = await navigator.storage.getDirectory();
	const pool = await (await root.getDirectoryHandle('.stemma')).getDirectoryHandle('.opaque');
	const names: string[] = [];
	for await (const handle of pool.values()) {
		const head = await (await (handle as FileSystemFileHandle).getFile()).slice(0, 512).arrayBuffer();
		names.push(new TextDecoder().decode(head).split('\0')[0] ?? '');
	}
	return names.filter((name) => name !== '').toSorted();
}

/** In the page: opens the database with each list of migrations; how each ended. */
async function openWithEach(lists: Migration[][]): Promise<string[]> {
	const worker = new Worker('/browser-owner-worker.js', { type: 'module' });
	const outcomes = new Promise<string[]>((resolve) => {
		worker.addEventListener('message', ({ data }: MessageEvent<string[]>) => {
			resolve(data);
		});
	});
	worker.postMessage(lists);
	const answer = await outcomes;
	worker.terminate();
	return answer;
}

/** Holds the files of the pool as a tab does that has just been closed. */
async function holdHandles(page: Page, ms: number): Promise<void> {
	await page.evaluate(async (duration) => {
		const code = `
			const root = await navigator.storage.getDirectory();
			const pool = await (await root.getDirectoryHandle('.stemma')).getDirectoryHandle('.opaque');
			const held = [];
			for await (const handle of pool.values()) held.push(await handle.createSyncAccessHandle());
			setTimeout(() => { for (const handle of held) handle.close(); }, ${duration});
			postMessage('held');`;
		const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
		const worker = new Worker(url, { type: 'module' });
		await new Promise((resolve) => {
			worker.addEventListener('message', resolve);
		});
	}, ms);
}

describe.skipIf(!here)('the browser engine', () => {
	let rig: BrowserRig;
	let context: BrowserContext;
	beforeAll(async () => {
		rig = await createBrowserRig();
	}, 30_000);
	afterEach(async () => {
		await context.close();
	});
	afterAll(async () => {
		await rig.close();
	});
	const newTab = async (): Promise<Page> => {
		const page = await rig.open(context);
		expect(await openStore(page)).toBe('ok');
		return page;
	};
	const fresh = async (): Promise<Page> => {
		context = await rig.browser.newContext();
		return newTab();
	};

	test('conforms as owner and through another tab', async () => {
		const owner = await fresh();
		const follower = await newTab();
		expect([await roleOf(owner), await roleOf(follower)]).toEqual(['owner', 'follower']);
		for (const tab of [owner, follower]) {
			const failures = await tab.evaluate(async () => {
				const failed: string[] = [];
				for (const { name, run } of cases) {
					try {
						await run(stemma);
					} catch (thrown) {
						failed.push(`${name}: ${String(thrown)}`);
					}
				}
				return failed;
			});
			expect(failures).toEqual([]);
		}
	}, 60_000);

	test('a reload of the owner moves the database on, and no acknowledged write is lost', async () => {
		const owner = await fresh();
		const [second, third] = [await newTab(), await newTab()];
		const epochBefore = await epochOf(second);
		const writing = [second, third].map((tab, i) =>
			tab.evaluate(writeMarks, { prefix: `tab${i}`, count: 150 })
		);
		await owner.waitForTimeout(30);
		await rig.load(owner);
		const acknowledged = (await Promise.all(writing)).flat();
		expect(acknowledged).toHaveLength(300);
		expect(await openStore(owner)).toBe('ok');
		expect(await roleOf(owner)).toBe('follower');
		expect([await roleOf(second), await roleOf(third)].toSorted()).toEqual(['follower', 'owner']);
		expect(await epochOf(owner)).toBeGreaterThan(epochBefore);
		const kept = new Set(await owner.evaluate(readMarks));
		expect(acknowledged.filter((mark) => !kept.has(mark))).toEqual([]);
	}, 60_000);

	test('what an owner leaves unanswered is asked again only where that can do no harm', async () => {
		const owner = await fresh();
		const follower = await newTab();
		// The follower reads a stream, so that it has rows of this owner in hand.
		await follower.evaluate(async () => {
			const endless = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
			const rows = stemma.stream(endless, [], { batchRows: 10 })[Symbol.asyncIterator]();
			await rows.next();
			Object.assign(globalThis, { rows });
		});
		// The owner's worker is busy for longer than its tab lives.
		const long = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000000) SELECT count(*) AS c FROM n`;
		// Handed over before the other tab writes: else the write may come first.
		await owner.evaluate((sql) => void stemma.query(sql), long);
		await owner.waitForTimeout(100);
		const answers = follower.evaluate(async () => {
			const write = (key: string) => ({
				sql: 'INSERT INTO meta (key, value) VALUES (?1, 1) ON CONFLICT DO NOTHING',
				params: [key]
			});
			const { rows } = globalThis as unknown as { rows: AsyncIterator<unknown> };
			const streamEnd = async (): Promise<string> => {
				try {
					for (;;) if ((await rows.next()).done === true) return 'ended';
				} catch (thrown) {
					return thrown instanceof StoreFailure ? thrown.error.code : String(thrown);
				}
			};
			const [query, again, once, stream] = await Promise.all([
				stemma.query('SELECT 7 AS n'),
				stemma.batch([write('again')]),
				stemma.batch([write('once')], { idempotent: false }),
				streamEnd()
			]);
			return [query.ok ? query.value : query.error.code, again.ok, once.ok ? 'ok' : once.error.code, stream];
		});
		await follower.waitForTimeout(200);
		await owner.close();
		expect(await answers).toEqual([[{ n: 7 }], true, 'owner_lost', 'owner_lost']);
		expect(await roleOf(follower)).toBe('owner');
	}, 60_000);

	test('without OPFS nothing opens and nothing is kept in memory', async () => {
		context = await rig.browser.newContext();
		await context.addInitScript(() => {
			Object.defineProperty(navigator.storage, 'getDirectory', {
				value: () => Promise.reject(new DOMException('Not in this window', 'SecurityError'))
			});
		});
		const page = await rig.open(context);
		const workers: string[] = [];
		page.on('worker', (worker) => workers.push(worker.url()));
		expect(await openStore(page)).toBe('no_storage');
		expect(workers).toEqual([]);
	}, 30_000);

	test('handles that linger are waited for, those that stay are no storage', async () => {
		const page = await fresh();
		await page.evaluate(() => stemma.close());
		await holdHandles(page, 1000);
		expect(await openStore(page)).toBe('ok');
		await page.evaluate(() => stemma.close());
		await holdHandles(page, 60_000);
		expect(await openStore(page)).toBe('no_storage');
	}, 30_000);

	test('a newer file is refused and stays as it is', async () => {
		const page = await fresh();
		await page.evaluate(async () => {
			await stemma.query('PRAGMA user_version = 999');
			await stemma.close();
		});
		const before = await page.evaluate(readDatabaseFile);
		expect(before.length).toBeGreaterThan(8192);
		expect(await openStore(page)).toBe('newer_schema');
		// Asked again, it answers at once: the refusal has closed the file.
		expect(await openStore(page)).toBe('newer_schema');
		expect(await page.evaluate(readDatabaseFile)).toEqual(before);
	}, 30_000);

	test('an export of either tab opens in another engine', async () => {
		const owner = await fresh();
		const follower = await newTab();
		await follower.evaluate(writeMarks, { prefix: 'exported', count: 3 });
		for (const [i, tab] of [owner, follower].entries()) {
			const file = await tab.evaluate(async () => {
				const exported = await stemma.export();
				return exported.ok ? exported.value.toBase64() : exported.error.code;
			});
			const path = join(rig.folder, `export-${i}.sqlite`);
			await Bun.write(path, Buffer.from(file, 'base64'));
			const copy = must(openBunStore({ path, nowMs: 1 }));
			expect(must(await copy.query(`SELECT count(*) AS n FROM meta WHERE key GLOB 'exported-*'`))).toEqual([
				{ n: 3 }
			]);
			expect(must(await copy.query('PRAGMA integrity_check'))).toEqual([{ integrity_check: 'ok' }]);
			await copy.close();
		}
	}, 30_000);

	test('a file is copied before each migration, the newest three copies stay', async () => {
		context = await rig.browser.newContext();
		const page = await rig.open(context);
		// Eleven steps: the order of the copies is that of time, not of the names.
		const steps = Array.from({ length: 11 }, (_, i) => ({
			version: i + 1,
			name: `step ${i + 1}`,
			sql:
				i === 0
					? 'CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT'
					: `CREATE TABLE t${i} (a ANY) STRICT`
		}));
		const upTo = (count: number) => steps.slice(0, count);
		const broken = [
			...upTo(11),
			{ version: 12, name: 'broken', sql: 'CREATE TABLE half (a ANY) STRICT; SELEKT 1' }
		];
		const altered = upTo(11).map((step) => ({ ...step, sql: `${step.sql} -- altered` }));
		const lists = [upTo(1), upTo(2), upTo(2), upTo(9), upTo(10), upTo(11), altered, upTo(10)];
		expect(await page.evaluate(openWithEach, lists)).toEqual([
			'ok',
			'ok',
			'ok',
			'ok',
			'ok',
			'ok',
			'migration_failed',
			'newer_schema'
		]);
		expect(await page.evaluate(listPool)).toEqual([
			'/before-4-migration.sqlite',
			'/before-5-migration.sqlite',
			'/before-6-migration.sqlite',
			'/stemma.sqlite'
		]);
		expect(await page.evaluate(openWithEach, [broken, upTo(11)])).toEqual(['migration_failed', 'ok']);
	}, 60_000);

	test('a migration that fails half-way leaves the file as it was, to the byte, and a copy beside it', async () => {
		context = await rig.browser.newContext();
		const page = await rig.open(context);
		const meta = 'CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT';
		const first = { version: 1, name: 'first', sql: meta };
		const halfWay = `CREATE TABLE half (a ANY) STRICT; INSERT INTO half VALUES (zeroblob(1000000));
			UPDATE meta SET value = 'lost'; DROP TABLE meta; SELEKT 1`;
		expect(await page.evaluate(openWithEach, [[first]])).toEqual(['ok']);
		const before = await page.evaluate(readDatabaseFile);
		const broken = [first, { version: 2, name: 'broken', sql: halfWay }];
		expect(await page.evaluate(openWithEach, [broken, broken])).toEqual([
			'migration_failed',
			'migration_failed'
		]);
		expect((await page.evaluate(readDatabaseFile)) === before).toBe(true);
		expect(await page.evaluate(listPool)).toEqual([
			'/before-1-migration.sqlite',
			'/before-2-migration.sqlite',
			'/stemma.sqlite'
		]);
		expect(await page.evaluate(openWithEach, [[first]])).toEqual(['ok']);
	}, 60_000);

	test('a tab that closes its store answers what is open, and the next opens at once', async () => {
		const owner = await fresh();
		const follower = await newTab();
		const codes = await owner.evaluate(async () => {
			const before = stemma.query('SELECT 1 AS one');
			const closing = stemma.close();
			const after = await stemma.query('SELECT 1 AS one');
			await closing;
			const answered = await before;
			return [answered.ok ? 'ok' : answered.error.code, after.ok ? 'ok' : after.error.code];
		});
		expect(codes).toEqual(['ok', 'closed']);
		await expectRole(follower, 'owner');
		for (let i = 0; i < 5; i++) {
			expect(await openStore(owner)).toBe('ok');
			await owner.evaluate(() => stemma.close());
		}
		// Opened and left at once, several times over, in both places of the queue.
		await owner.evaluate(async () => {
			await Promise.all(
				[0, 1, 2].map(async () => {
					const opened = await openBrowserStore();
					if (opened.ok) await opened.value.close();
				})
			);
		});
		await follower.evaluate(() => stemma.close());
		expect(await openStore(owner)).toBe('ok');
		expect(await roleOf(owner)).toBe('owner');
	}, 60_000);

	test('a stream of a follower runs no further than it is read, and a cancel ends it at the owner', async () => {
		const owner = await fresh();
		const follower = await newTab();
		await owner.evaluate(() => {
			const counted = { rows: 0 };
			Object.assign(globalThis, { counted });
			new BroadcastChannel('stemma-db').addEventListener(
				'message',
				({ data }: MessageEvent<{ body?: { op: string } }>) => {
					if (data.body?.op === 'rows') counted.rows++;
				}
			);
		});
		await follower.evaluate(async () => {
			const controller = new AbortController();
			const endless = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
			const stream = stemma.stream(endless, [], { batchRows: 10, signal: controller.signal });
			const rows = stream[Symbol.asyncIterator]();
			await rows.next();
			Object.assign(globalThis, { rows, controller });
		});
		await owner.waitForTimeout(300);
		const sent = await owner.evaluate(
			() => (globalThis as unknown as { counted: { rows: number } }).counted.rows
		);
		expect(sent).toBeGreaterThan(0);
		expect(sent).toBeLessThanOrEqual(5);
		// An export waits for open streams: that it comes shows that the cancel has closed the cursor.
		const exported = owner.evaluate(async () => (await stemma.export()).ok);
		const end = await follower.evaluate(async () => {
			const { rows, controller } = globalThis as unknown as {
				rows: AsyncIterator<unknown>;
				controller: AbortController;
			};
			controller.abort();
			try {
				for (;;) if ((await rows.next()).done === true) return 'ended';
			} catch (thrown) {
				return thrown instanceof StoreFailure ? thrown.error.code : String(thrown);
			}
		});
		expect(end).toBe('aborted');
		expect(await exported).toBe(true);
	}, 30_000);

	test('a change is told to every tab', async () => {
		const owner = await fresh();
		const follower = await newTab();
		for (const tab of [owner, follower]) {
			await tab.evaluate(() => {
				const told: string[] = [];
				Object.assign(globalThis, { told });
				stemma.onChange((change) =>
					told.push(`${change.tables.join()} ${change.conversations?.join() ?? ''}`)
				);
			});
		}
		await follower.evaluate(writeMarks, {
			prefix: 'told',
			count: 1,
			touched: { tables: ['meta'], conversations: ['c1'] }
		});
		for (const tab of [owner, follower]) {
			await tab.waitForFunction(() => (globalThis as unknown as { told: string[] }).told.length > 0);
			expect(await tab.evaluate(() => (globalThis as unknown as { told: string[] }).told)).toEqual([
				'meta c1'
			]);
		}
	}, 30_000);

	test('a page kept for the back button gives the database away and comes back as a follower', async () => {
		const first = await fresh();
		const second = await newTab();
		await first.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
		await expectRole(second, 'owner');
		await first.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
		await expectRole(first, 'follower');
		expect(await first.evaluate(writeMarks, { prefix: 'back', count: 1 })).toEqual(['back-0']);
		await second.close();
		await expectRole(first, 'owner');
	}, 30_000);

	test('a tab that is about to be frozen gives the database away, and goes on when it is woken', async () => {
		const first = await fresh();
		const second = await newTab();
		// More often than a worker may die.
		for (let i = 0; i < 6; i++) {
			await first.evaluate(() => document.dispatchEvent(new Event('freeze')));
			await expectRole(second, 'owner');
			await expectRole(first, 'follower');
			expect(await first.evaluate(writeMarks, { prefix: `woken${i}`, count: 1 })).toEqual([`woken${i}-0`]);
			await second.evaluate(() => document.dispatchEvent(new Event('freeze')));
			await expectRole(first, 'owner');
			await expectRole(second, 'follower');
		}
		expect((await second.evaluate(readMarks)).filter((mark) => mark.startsWith('woken'))).toHaveLength(6);
	}, 60_000);

	test('tabs of another build are noticed, and what nobody understands does no harm', async () => {
		context = await rig.browser.newContext();
		const page = await rig.open(context);
		await page.evaluate(async (v) => {
			const noticed: number[] = [];
			Object.assign(globalThis, { noticed });
			const opened = await openBrowserStore({ onOtherBuild: () => noticed.push(1) });
			if (!opened.ok) throw new Error(opened.error.code);
			globalThis.stemma = opened.value;
			const channel = new BroadcastChannel('stemma-db');
			for (const odd of [
				null,
				'x',
				{ v, t: 'request', epoch: 1, from: 'x', id: 1, body: { op: 'drop' } },
				{ v, t: 'owner' }
			]) {
				channel.postMessage(odd);
			}
			channel.postMessage({ v: 999, t: 'who' });
		}, PROTOCOL);
		await page.waitForFunction(() => (globalThis as unknown as { noticed: number[] }).noticed.length > 0);
		expect(await page.evaluate(() => (globalThis as unknown as { noticed: number[] }).noticed.length)).toBe(
			1
		);
		expect(await roleOf(page)).toBe('owner');
	}, 30_000);

	test('an owner that stands still is noticed, and what waits for it is done by the next', async () => {
		const owner = await fresh();
		const follower = await rig.open(context);
		await follower.evaluate(async () => {
			const silences: boolean[] = [];
			Object.assign(globalThis, { silences });
			const opened = await openBrowserStore({ onSilence: (isSilent) => silences.push(isSilent) });
			if (!opened.ok) throw new Error(opened.error.code);
			globalThis.stemma = opened.value;
		});
		const long = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000000) SELECT count(*) AS c FROM n`;
		// Handed over before the other tab writes: else the write may come first.
		await owner.evaluate((sql) => void stemma.query(sql), long);
		const written = follower.evaluate(writeMarks, { prefix: 'waits', count: 1 });
		const silences = (): Promise<boolean[]> =>
			follower.evaluate(() => (globalThis as unknown as { silences: boolean[] }).silences);
		await follower.waitForFunction(() => (globalThis as unknown as { silences: boolean[] }).silences[0]);
		await owner.close();
		expect(await written).toEqual(['waits-0']);
		await follower.waitForFunction(
			() => (globalThis as unknown as { silences: boolean[] }).silences.length > 1
		);
		expect(await silences()).toEqual([true, false]);
	}, 60_000);

	test('a tab that finds a lock but no owner says so instead of waiting for ever', async () => {
		context = await rig.browser.newContext();
		const silent = await rig.open(context);
		await silent.evaluate(() => {
			void navigator.locks.request('stemma-db', () => new Promise(() => undefined));
		});
		const page = await rig.open(context);
		expect(await openStore(page)).toBe('owner_lost');
		await silent.close();
		expect(await openStore(page)).toBe('ok');
	}, 30_000);
});
