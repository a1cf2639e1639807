import { expect, test, type Page } from '@playwright/test';
import type { ConformancePage } from '../packages/store/test/page/page.ts';

const ADDRESS = 'http://127.0.0.1:47933/';
declare const conformance: ConformancePage;

async function openPage(page: Page): Promise<void> {
	await page.goto(ADDRESS);
	await page.waitForFunction(() => 'conformance' in globalThis);
	expect(await page.evaluate(() => conformance.open())).toBe('ok');
}

test('the browser engine conforms, as owner and through another tab', async ({ context, page }) => {
	test.setTimeout(120_000);
	await openPage(page);
	expect(await page.evaluate(() => conformance.role())).toBe('owner wal opfs-sahpool');
	const follower = await context.newPage();
	await openPage(follower);
	expect(await follower.evaluate(() => conformance.role())).toBe('follower wal opfs-sahpool');
	const names = await page.evaluate(() => conformance.names);
	expect(names.length).toBeGreaterThan(12);
	for (const tab of [page, follower]) {
		for (const name of names) {
			expect.soft(await tab.evaluate((wanted) => conformance.run(wanted), name), name).toBe('ok');
		}
	}
});

test('no acknowledged write is lost when the owner reloads or closes', async ({ context }) => {
	test.setTimeout(120_000);
	const tabs = [await context.newPage(), await context.newPage(), await context.newPage()];
	for (const tab of tabs) await openPage(tab);
	const acknowledged: string[] = [];
	const writing = tabs
		.slice(1)
		.map((tab, i) =>
			tab
				.evaluate((prefix) => conformance.write(prefix, 300), `tab${i}`)
				.then((names) => acknowledged.push(...names))
		);
	await tabs[0]?.waitForTimeout(60);
	await tabs[0]?.reload();
	await Promise.all(writing);
	expect(acknowledged).toHaveLength(600);
	const [, second, third] = tabs;
	await tabs[0]?.close();
	const last = third?.evaluate(() => conformance.write('last', 200));
	await second?.close();
	acknowledged.push(...((await last) ?? []));
	const keys = new Set(await third?.evaluate(() => conformance.keys()));
	expect(acknowledged.filter((name) => !keys.has(name))).toEqual([]);
	expect(acknowledged.length).toBe(800);
	expect(await third?.evaluate(() => conformance.check())).toBe('ok');
});
