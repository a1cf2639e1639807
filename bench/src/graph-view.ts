/** The graph view at 100,000 messages: lanes, opening it, scrolling it and the longest path. */
import { createGraphRows, pathRows, type GraphRows } from '@stemma/graph/graph-rows';
import { addLane, layOutLanes } from '@stemma/graph/lanes';
import { generateHistory } from '@stemma/testkit/history';
import type { Page } from '@playwright/test';
import { createAppRig, openStocked } from './app-rig.ts';
import { cpuSeconds } from './chromium.ts';
import { figure, median, timed, type Benchmark, type Figure } from './figure.ts';
import { largeConversations, MESSAGES } from './large-conversations.ts';

const TIMES = 5;
const APPENDS = 3000;
const SETTLE_MS = 1500;
const PARTS = 3;
/** Of each part. */
const FRAMES = 300;
const MB = 1e6;

/** Rows of a history, and nothing that keeps the history. */
function largeGraph(): GraphRows {
	const keyOf = new Map<string, number>();
	const keys: number[] = [];
	const parents: number[] = [];
	const merges: (readonly [number, number])[] = [];
	const options = { seed: 1, nodes: MESSAGES, longChain: MESSAGES, longForks: true, medianChars: 0 };
	for (const { node } of generateHistory(options)) {
		const key = keys.length + 1;
		keyOf.set(node.id, key);
		keys.push(key);
		const [first = 0, ...others] = node.header.parents.map((parent) => keyOf.get(parent) ?? 0);
		parents.push(first);
		for (const other of others) merges.push([key, other]);
	}
	keys.reverse();
	parents.reverse();
	return createGraphRows(keys, parents, merges);
}

async function lanes(): Promise<readonly Figure[]> {
	const graph = largeGraph();
	const path = pathRows(graph, 0);
	let grown = layOutLanes(graph, path);
	// What making the history left behind is not to be cleared away while an append is timed.
	Bun.gc(true);
	const whole = await timed(15, () => layOutLanes(graph, path));
	// One in a thousand takes longer: the mean has it in.
	const append = await timed(3, () => {
		for (let i = 0; i < APPENDS; i++) grown = addLane(grown, [1], true, true);
	});
	return [
		figure('lanes-100k', 'ms', whole, { atMost: 30 }),
		figure('lanes-100k-append', 'ms', append / APPENDS, { atMost: 1 })
	];
}

async function withLarge(
	use: (page: Page, profile: string, address: string) => Promise<readonly Figure[]>
): Promise<readonly Figure[]> {
	const { path } = await largeConversations();
	const rig = await createAppRig();
	try {
		const context = await rig.start();
		return await use(await openStocked(context, rig, path), rig.profile, rig.address);
	} finally {
		await rig.close();
	}
}

/** By the app's own navigation. */
const follow = (page: Page, path: string): Promise<void> =>
	page.evaluate((href) => {
		const link = Object.assign(document.createElement('a'), { href });
		document.body.append(link);
		link.click();
		link.remove();
	}, path);

const openGraph = (): Promise<readonly Figure[]> =>
	withLarge(async (page, profile, address) => {
		const { tree } = await largeConversations();
		const runs: { first: number; cpu: number; elements: number }[] = [];
		for (let i = 0; i < TIMES; i++) {
			await page.goto(address);
			await page.getByRole('textbox', { name: 'Message', exact: true }).waitFor();
			await page.waitForTimeout(SETTLE_MS);
			await page.evaluate(() => {
				addEventListener(
					'click',
					() => {
						const clicked = performance.now();
						new MutationObserver((_, observer) => {
							if (!document.querySelector('[role="option"]')) return;
							observer.disconnect();
							Object.assign(globalThis, { firstRows: performance.now() - clicked });
						}).observe(document.body, { childList: true, subtree: true });
					},
					{ capture: true, once: true }
				);
			});
			const before = cpuSeconds(profile);
			await follow(page, `/c/${tree}/graph`);
			await page.locator('[role="listbox"][aria-busy="false"]').waitFor();
			await page.waitForTimeout(SETTLE_MS);
			runs.push({
				cpu: cpuSeconds(profile) - before,
				first: await page.evaluate(() => (globalThis as unknown as { firstRows: number }).firstRows),
				elements: await page.evaluate(() => document.querySelectorAll('*').length)
			});
		}
		const of = (key: 'first' | 'cpu' | 'elements'): number => median(runs.map((run) => run[key]));
		return [
			figure('graph-open-first', 'ms', of('first'), { atMost: 100 }),
			figure('graph-open', 'CPU s', of('cpu'), { atMost: 1 }),
			figure('graph-open-elements', 'elements', of('elements'), { atMost: 2000 })
		];
	});

interface Scrolled {
	readonly p95: number;
	readonly longest: number;
	/** How far something in view was from where scrolling had to bring it, at most. */
	readonly jump: number;
}

/** Scrolls by the same distance each frame and looks where something that was in view has gone. */
const scroll = (page: Page, scroller: string, item: string, step: number): Promise<Scrolled> =>
	page.evaluate(
		async ([scrollerIs, itemIs, px, frames]) => {
			const pane = document.querySelector(scrollerIs);
			if (!pane) throw new Error('nothing to scroll');
			/** Once the frame is painted, and whatever belongs to it is in its place. */
			const frame = (): Promise<number> =>
				new Promise((resolve) => {
					requestAnimationFrame((now) => {
						const { port1, port2 } = new MessageChannel();
						port1.onmessage = () => resolve(now);
						port2.postMessage(null);
					});
				});
			const times: number[] = [];
			let jump = 0;
			let last = await frame();
			for (let i = 0; i < frames; i++) {
				const { top, bottom } = pane.getBoundingClientRect();
				const anchor = [...pane.querySelectorAll(itemIs)].find((element) => {
					const box = element.getBoundingClientRect();
					return box.bottom > top + px && box.top < bottom;
				});
				const name = anchor?.getAttribute('id') ?? anchor?.getAttribute('data-node');
				const from = anchor?.getBoundingClientRect().top ?? 0;
				const room = pane.scrollHeight - pane.clientHeight - pane.scrollTop;
				pane.scrollTop += px;
				const now = await frame();
				times.push(now - last);
				last = now;
				const isSame = name === (anchor?.getAttribute('id') ?? anchor?.getAttribute('data-node'));
				if (anchor?.isConnected === true && isSame && room > px)
					jump = Math.max(jump, Math.abs(from - anchor.getBoundingClientRect().top - px));
			}
			times.sort((a, b) => a - b);
			return { p95: times[Math.floor(times.length * 0.95)] ?? 0, longest: times.at(-1) ?? 0, jump };
		},
		[scroller, item, step, FRAMES] as const
	);

const scrollLarge = (): Promise<readonly Figure[]> =>
	withLarge(async (page, _, address) => {
		const { tree, chain, root } = await largeConversations();
		const cdp = await page.context().newCDPSession(page);
		const heap = async (): Promise<number> => {
			await cdp.send('HeapProfiler.collectGarbage');
			return (await cdp.send('Runtime.getHeapUsage')).usedSize / MB;
		};
		const measure = async (
			name: string,
			path: string,
			ready: string,
			scroller: string,
			item: string,
			step: number
		): Promise<readonly Figure[]> => {
			await page.goto(address);
			await page.getByRole('textbox', { name: 'Message', exact: true }).waitFor();
			await follow(page, path);
			await page.locator(ready).first().waitFor();
			await page.waitForTimeout(SETTLE_MS);
			// What is made once, such as the code of what scrolls by, is there after the first third.
			const parts: Scrolled[] = [];
			const heaps: number[] = [];
			for (let part = 0; part < PARTS; part++) {
				parts.push(await scroll(page, scroller, item, step));
				// Once the reader stops, what is far away is let go.
				await page.waitForTimeout(SETTLE_MS);
				heaps.push(await heap());
			}
			const most = (key: keyof Scrolled): number => Math.max(...parts.map((part) => part[key]));
			return [
				figure(`${name}-p95`, 'ms', median(parts.map((part) => part.p95)), { atMost: 33 }),
				figure(`${name}-longest`, 'ms', most('longest'), { atMost: 100 }),
				figure(`${name}-jump`, 'px', most('jump'), { atMost: 4 }),
				figure(`${name}-heap`, 'MB', heaps.at(-1) ?? 0, { ratioAtMost: 1.2 }, heaps[0])
			];
		};
		const rows = '[role="listbox"]';
		return [
			...(await measure(
				'scroll-100k-graph',
				`/c/${tree}/graph`,
				`${rows}[aria-busy="false"]`,
				rows,
				'[role="option"]',
				// All rows in as many frames as there are.
				Math.ceil((MESSAGES * 32) / (PARTS * FRAMES) / 40) * 40
			)),
			...(await measure(
				'scroll-100k-path',
				`/c/${chain}?at=${root}`,
				'article[aria-posinset="1"]',
				'[role="feed"]',
				'article',
				400
			))
		];
	});

export const graphViewBenchmarks: readonly Benchmark[] = [
	{ name: 'lanes-100k', run: lanes },
	{ name: 'graph-open', run: openGraph },
	{ name: 'scroll-100k', run: scrollLarge }
];
