import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import type { BrowserContext, Page } from '@playwright/test';
import { CHROMIUM, createBrowserRig, type BrowserRig } from './browser-rig.ts';

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
});
