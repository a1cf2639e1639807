/** How soon the other tabs show what one of them shows. */
import type { Page } from '@playwright/test';
import { createAppRig } from './app-rig.ts';
import { figure, median, type Benchmark, type Figure } from './figure.ts';

const OTHERS = 2;
const TIMES = 15;

/** In a page: notes when it first shows each text that begins so, on the clock all tabs share. */
function watch(begin: string): void {
	const seen: Record<string, number> = {};
	Object.assign(globalThis, { seen });
	const look = (): void => {
		for (const article of document.querySelectorAll('article')) {
			const [found] = new RegExp(`${begin}\\d+`).exec(article.textContent) ?? [];
			if (found !== undefined) seen[found] ??= performance.timeOrigin + performance.now();
		}
	};
	new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}

async function shownAt(page: Page, text: string): Promise<number> {
	const shown = await page.waitForFunction(
		(what) => (globalThis as unknown as { seen: Record<string, number> }).seen[what],
		text
	);
	return Number(await shown.jsonValue());
}

async function sync(): Promise<readonly Figure[]> {
	const rig = await createAppRig();
	try {
		const context = await rig.start();
		const page = context.pages()[0] ?? (await context.newPage());
		await page.goto(rig.address);
		await page.getByRole('button', { name: 'Use the practice model' }).click();
		const message = page.getByRole('textbox', { name: 'Message', exact: true });
		const say = async (text: string): Promise<void> => {
			await message.fill(text);
			await page.getByRole('button', { name: 'Send' }).click();
		};
		const quiet = async (): Promise<void> => {
			await page.getByRole('button', { name: 'Stop', exact: true }).waitFor({ state: 'hidden' });
			await page.locator('article[aria-busy="true"]').waitFor({ state: 'detached' });
		};
		await say('The first one');
		await page.getByRole('article').nth(1).waitFor();
		await quiet();
		const others: Page[] = [];
		while (others.length < OTHERS) {
			const other = await context.newPage();
			await other.goto(page.url());
			await other.getByRole('article').nth(1).waitFor();
			others.push(other);
		}
		for (const tab of [page, ...others]) await tab.evaluate(watch, 'Sync');
		const delays: number[] = [];
		for (let i = 1; i <= TIMES; i++) {
			const text = `Sync${i}`;
			await say(text);
			const here = await shownAt(page, text);
			const there = await Promise.all(others.map((other) => shownAt(other, text)));
			delays.push(Math.max(...there) - here);
			await page.getByRole('button', { name: 'Stop', exact: true }).click();
			await quiet();
		}
		return [figure('tabs-sync', 'ms', median(delays), { atMost: 100 })];
	} finally {
		await rig.close();
	}
}

export const tabsBenchmarks: readonly Benchmark[] = [{ name: 'tabs-sync', run: sync }];
