/** What a user waits for, in the production build. */
import { gzipSync } from 'node:zlib';
import type { ConversationId } from '@stemma/graph/op';
import type { BrowserContext, Page, Response } from '@playwright/test';
import { createAppRig, openStocked, type AppRig } from './app-rig.ts';
import { streamBare } from './bare-stream.ts';
import { figure, median, type Benchmark, type Figure } from './figure.ts';
import { LONG, SHORT, stockedDatabase } from './stocked-database.ts';
import { openUnattended, type Unattended } from './unattended.ts';

const TIMES = 5;
const SETTLE_MS = 1500;
/** More than it takes, on a busy machine. */
const OPENING_MS = 3500;
const TOKENS = 600;
const TOKENS_PER_SECOND = 100;
const TALKER = `any?rate=${TOKENS_PER_SECOND}&tokens=${TOKENS}`;
const KB = 1000;
const MB = 1e6;
/** From the last token until the answer is a message. */
const ENDING_MS = 2500;
const STREAM_MS = (TOKENS / TOKENS_PER_SECOND) * 1000 + ENDING_MS;
const LONGEST_TASK_MS = 50;
/** Then it had not ended in the time it was measured. */
const LATE_MS = 500;

async function withStock(
	use: (page: Page, rig: AppRig, context: BrowserContext) => Promise<readonly Figure[]>
): Promise<readonly Figure[]> {
	const { path } = await stockedDatabase();
	const rig = await createAppRig([TALKER]);
	try {
		const context = await rig.start();
		return await use(await openStocked(context, rig, path), rig, context);
	} finally {
		await rig.close();
	}
}

/** The same, and then a browser on that profile that is left alone. */
function withStockAlone(
	use: (alone: Unattended, rig: AppRig) => Promise<readonly Figure[]>
): Promise<readonly Figure[]> {
	return withStock(async (_, rig, context) => {
		await context.close();
		const alone = await openUnattended(rig.profile);
		try {
			return await use(alone, rig);
		} finally {
			await alone.close();
		}
	});
}

interface Opening {
	readonly cpu: number;
	readonly elements: number;
	readonly heapMb: number;
}

/** From the app that stands on an empty page to a conversation on the screen, by the app's own navigation. */
async function open(alone: Unattended, rig: AppRig, id: ConversationId, length: number): Promise<Opening> {
	const cpu = await alone.cpuOf(async (page, inMs) => {
		await page.goto(rig.address);
		await page.getByRole('textbox', { name: 'Message', exact: true }).waitFor();
		await page.evaluate(
			([path, wait]) => {
				setTimeout(() => {
					const link = Object.assign(document.createElement('a'), { href: path });
					document.body.append(link);
					link.click();
					link.remove();
				}, wait);
			},
			[`/c/${id}`, inMs] as const
		);
	}, OPENING_MS);
	return alone.visit(async (page) => {
		await page.locator(`article[aria-posinset="${length}"]`).waitFor();
		const cdp = await page.context().newCDPSession(page);
		await cdp.send('HeapProfiler.collectGarbage');
		const { usedSize } = await cdp.send('Runtime.getHeapUsage');
		const elements = await page.evaluate(() => document.querySelectorAll('*').length);
		return { cpu, elements, heapMb: usedSize / MB };
	});
}

function openLong(): Promise<readonly Figure[]> {
	return withStockAlone(async (alone, rig) => {
		const { long, short } = await stockedDatabase();
		const runs: { long: Opening[]; short: Opening[] } = { long: [], short: [] };
		for (let i = 0; i < TIMES; i++) {
			runs.short.push(await open(alone, rig, short, SHORT));
			runs.long.push(await open(alone, rig, long, LONG));
		}
		const of = (openings: readonly Opening[], key: keyof Opening): number =>
			median(openings.map((opening) => opening[key]));
		return [
			figure(
				'open-10k',
				'CPU s',
				of(runs.long, 'cpu'),
				{ atMost: 0.5, ratioAtMost: 1.3 },
				of(runs.short, 'cpu')
			),
			figure('open-10k-elements', 'elements', of(runs.long, 'elements'), { atMost: 3000 }),
			figure('open-10k-heap', 'MB', of(runs.long, 'heapMb'), { atMost: 120 }, of(runs.short, 'heapMb'))
		];
	});
}

/** Sends a question once the page is left. What takes long from then on the page keeps in `longTasks`. */
async function arrangeQuestion(page: Page, address: string, inMs: number): Promise<void> {
	await page.goto(address);
	await page.getByRole('feed').waitFor();
	// By keyboard: a pointer over the conversation would have the page look what is under it at every patch.
	const model = page.getByRole('combobox', { name: 'Model' });
	await model.fill(TALKER);
	await page.getByRole('option').filter({ hasText: TALKER }).first().waitFor();
	await model.press('Enter');
	await page.getByRole('textbox', { name: 'Message', exact: true }).fill('Write on.');
	// All that starts while one types has started.
	await page.waitForTimeout(SETTLE_MS);
	await page.evaluate((wait) => {
		const seen: number[] = [];
		Object.assign(globalThis, { longTasks: seen });
		setTimeout(() => {
			new PerformanceObserver((list) => {
				for (const { duration } of list.getEntries()) seen.push(duration);
			}).observe({ type: 'longtask' });
			document.querySelector('textarea')?.form?.requestSubmit();
		}, wait);
	}, inMs);
}

/** The longest task until the answer was a message, in milliseconds; 0 when none took 50. */
async function longestTask(page: Page, length: number): Promise<number> {
	const answer = page.locator(`article[aria-posinset="${length}"]:not([aria-busy="true"])`);
	await answer.waitFor({ timeout: LATE_MS });
	const seen = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
	return Math.max(0, ...seen);
}

function streamTokens(): Promise<readonly Figure[]> {
	return withStockAlone(async (alone, rig) => {
		const { streamed } = await stockedDatabase();
		const address = new URL(`/c/${streamed}`, rig.address).href;
		const cpu: number[] = [];
		const bare: number[] = [];
		const tasks: number[] = [];
		for (let i = 0; i < TIMES; i++) {
			cpu.push(await alone.cpuOf((page, inMs) => arrangeQuestion(page, address, inMs), STREAM_MS));
			const length = SHORT + 2 * (i + 1);
			tasks.push(await alone.visit((page) => longestTask(page, length)));
			bare.push(
				await alone.cpuOf(async (page, inMs) => {
					await page.goto(`${rig.upstream}/models`);
					await streamBare(page, rig.upstream, TALKER, inMs);
				}, STREAM_MS)
			);
		}
		return [
			figure('stream-600', 'CPU s', median(cpu), { atMost: 1.5 }, median(bare)),
			figure('stream-600-longest-task', 'ms', median(tasks), { atMost: LONGEST_TASK_MS })
		];
	});
}

function coldStart(): Promise<readonly Figure[]> {
	return withStock(async (_, rig, first) => {
		await first.close();
		const times: number[] = [];
		for (let i = 0; i < TIMES; i++) {
			const context = await rig.start();
			const page = context.pages()[0] ?? (await context.newPage());
			const isThere = Promise.withResolvers<void>();
			await page.exposeBinding('messageIsThere', () => isThere.resolve());
			await page.addInitScript(() => {
				const { messageIsThere } = globalThis as unknown as { messageIsThere: () => void };
				new MutationObserver((_, observer) => {
					const message = document.querySelector<HTMLTextAreaElement>('textarea[aria-label="Message"]');
					if (!message || message.disabled) return;
					observer.disconnect();
					message.focus();
					messageIsThere();
				}).observe(document, { childList: true, subtree: true });
				const typed = (): void => {
					requestAnimationFrame(() => Object.assign(globalThis, { typedAt: performance.now() }));
				};
				addEventListener('input', typed, { capture: true, once: true });
			});
			await page.goto(rig.address, { waitUntil: 'commit' });
			// The page says when: whoever asks it again and again learns it up to half a second late.
			await isThere.promise;
			await page.keyboard.press('x');
			await page.waitForFunction(() => 'typedAt' in globalThis);
			times.push(await page.evaluate(() => (globalThis as unknown as { typedAt: number }).typedAt));
			await page.getByRole('textbox', { name: 'Message', exact: true }).fill('');
			await context.close();
		}
		return [figure('cold-start', 'ms', median(times), { atMost: 1000 })];
	});
}

/** Gzip kB of the scripts that a page asked for before it showed what is meant, workers and WebAssembly apart. */
async function weighScripts(page: Page, shown: string): Promise<() => Promise<number>> {
	await page.addInitScript((selector) => {
		const observer = new MutationObserver(() => {
			if (!document.querySelector(selector)) return;
			observer.disconnect();
			Object.assign(globalThis, { shownAt: performance.now() });
		});
		observer.observe(document, { childList: true, subtree: true });
	}, shown);
	const scripts = new Map<string, Response>();
	page.on('response', (response) => {
		const isOfPage = response.request().resourceType() === 'script' && !/worker/.test(response.url());
		if (isOfPage) scripts.set(response.url(), response);
	});
	return async () => {
		const asked = await page.evaluate(() => {
			const { shownAt } = globalThis as unknown as { shownAt: number };
			const all = performance.getEntriesByType('resource');
			return all.filter(({ startTime }) => startTime < shownAt).map(({ name }) => name);
		});
		const before = asked.flatMap((url) => scripts.get(url) ?? []);
		const bodies = await Promise.all(before.map((response) => response.body()));
		return bodies.reduce((sum, body) => sum + gzipSync(body).length, 0) / KB;
	};
}

/** From an empty browser to the first conversation; then a page that opens one with messages in it. */
async function initialJs(): Promise<readonly Figure[]> {
	const rig = await createAppRig();
	try {
		const context = await rig.start({ serviceWorkers: 'block' });
		const page = context.pages()[0] ?? (await context.newPage());
		const first = await weighScripts(page, 'textarea[aria-label="Message"]');
		await page.goto(rig.address);
		await page.getByRole('textbox', { name: 'Address' }).fill(rig.upstream);
		await page.getByRole('button', { name: 'Add', exact: true }).click();
		const message = page.getByRole('textbox', { name: 'Message', exact: true });
		await message.waitFor();
		const empty = await first();
		const model = page.getByRole('combobox', { name: 'Model' });
		await model.click();
		await page.getByRole('option').first().click();
		await message.fill('Hello');
		await page.getByRole('button', { name: 'Send' }).click();
		await page.locator('article[aria-posinset="2"]:not([aria-busy="true"])').waitFor();

		const later = await context.newPage();
		const again = await weighScripts(later, 'article[aria-posinset="2"]');
		await later.goto(page.url(), { waitUntil: 'commit' });
		await later.locator('article[aria-posinset="2"]').waitFor();
		const written = await again();
		return [
			figure('initial-js', 'kB', empty, { atMost: 200 }),
			figure('initial-js-messages', 'kB', written, { atMost: 200 })
		];
	} finally {
		await rig.close();
	}
}

export const appBenchmarks: readonly Benchmark[] = [
	{ name: 'open-10k', run: openLong },
	{ name: 'stream-600', run: streamTokens },
	{ name: 'cold-start', run: coldStart },
	{ name: 'initial-js', run: initialJs }
];
