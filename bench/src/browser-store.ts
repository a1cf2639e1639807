/** The store in Chromium: as owner of the database, through another tab, and against SQLocal's stock driver. */
import { Database } from 'bun:sqlite';
import type { Page } from '@playwright/test';
import { ANCESTORS, CHAIN_NODES, chainOf100k, type Chain } from './chain.ts';
import { figure, median, timed, type Benchmark, type Figure } from './figure.ts';
import { createPageRig, type PageRig } from './page-rig.ts';
import type { InsertWithStockDriver } from './pages/stock-page.ts';
import type { StorePage } from './pages/store-page.ts';

/** As many on both sides: what an insert costs grows with the index over random hashes. */
const ROWS = 50_000;
const TEXT_CHARS = 300;
const TIMES = 3;

declare global {
	/** In pages of the rig. */
	var storePage: StorePage;
	var insertWithStockDriver: InsertWithStockDriver;
}

async function withStore<T>(
	use: (owner: Page, openAnother: () => Promise<Page>, rig: PageRig) => Promise<T>
): Promise<T> {
	const rig = await createPageRig();
	const context = await rig.newContext();
	const another = async (): Promise<Page> => {
		const page = await rig.open(context, 'store-page');
		await page.evaluate(() => storePage.open());
		return page;
	};
	try {
		return await use(await another(), another, rig);
	} finally {
		await rig.close();
	}
}

const fill = (page: Page, rows: number): Promise<number> =>
	page.evaluate(([batches, chars]) => storePage.insert(batches, chars), [rows / 1000, TEXT_CHARS] as const);
const commits = (page: Page): Promise<number> =>
	page.evaluate((chars) => storePage.commit(300, chars), TEXT_CHARS);

async function insertBatch(): Promise<readonly Figure[]> {
	const rig = await createPageRig();
	const ours: number[] = [];
	const stock: number[] = [];
	try {
		for (let i = 0; i < TIMES; i++) {
			const context = await rig.newContext();
			const stockPage = await rig.open(context, 'stock-page');
			stock.push(
				await stockPage.evaluate(([batches, chars]) => insertWithStockDriver(batches, chars), [
					ROWS / 1000,
					TEXT_CHARS
				] as const)
			);
			await stockPage.close();
			const page = await rig.open(context, 'store-page');
			await page.evaluate(() => storePage.open());
			ours.push(await fill(page, ROWS));
			await context.close();
		}
	} finally {
		await rig.close();
	}
	return [
		figure(
			'insert-batch',
			'rows/s',
			Math.round(median(ours)),
			{ atLeast: 15_000, ratioAtLeast: 10 },
			Math.round(median(stock))
		)
	];
}

/** The chain of the native figures in the browser's database, and what the page says about it. */
function withChain<T>(use: (page: Page, chain: Chain) => Promise<T>): Promise<T> {
	return withStore(async (page, _, rig) => {
		const chain = await chainOf100k();
		rig.offer('chain.sqlite', chain.copy());
		await page.evaluate(() => storePage.take('chain.sqlite'));
		return use(page, chain);
	});
}

function ancestorsInBrowser(): Promise<readonly Figure[]> {
	return withChain(async (page, { path, leaf }) => {
		const walk = await page.evaluate(([sql, from, rows]) => storePage.walk(7, sql, from, rows), [
			ANCESTORS,
			leaf,
			CHAIN_NODES
		] as const);
		const native = new Database(path, { readonly: true });
		const baseline = await timed(7, () => native.prepare(ANCESTORS).values(leaf));
		native.close();
		return [
			figure('ancestors-100k-browser', 'ms', walk.whole, { atMost: 300 }, baseline),
			figure('ancestors-100k-browser-first', 'ms', walk.first, { atMost: 10 }),
			figure('ancestors-100k-browser-cancel', 'ms', walk.cancel, { atMost: 20 })
		];
	});
}

export const browserStoreBenchmarks: readonly Benchmark[] = [
	{ name: 'insert-batch', run: insertBatch },
	{
		name: 'commit-leader',
		run: () =>
			withStore(async (owner) => {
				await fill(owner, 1000);
				return [figure('commit-leader', 'ms', await commits(owner), { atMost: 2 })];
			})
	},
	{
		name: 'commit-follower',
		run: () =>
			withStore(async (owner, openAnother) => {
				await fill(owner, 1000);
				const follower = await openAnother();
				const leader = await commits(owner);
				return [figure('commit-follower', 'ms', await commits(follower), { atMost: 5 }, leader)];
			})
	},
	{ name: 'ancestors-100k-browser', run: ancestorsInBrowser },
	{
		name: 'newest-200',
		run: () =>
			withChain(async (page) => [
				figure('newest-200', 'ms', await page.evaluate(() => storePage.newest(30)), { atMost: 5 })
			])
	}
];
