/** What makes the program pleasant to live with, tried as its reader would: by keys, on a phone, with a screen reader. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startTestServer, type TestServer } from '@stemma/testkit/server/test-server';
import { Stemma } from './stemma.ts';

async function expectAccessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))])).toEqual([]);
}
const isWithin = (page: Page, selector: string): Promise<boolean> =>
	page.locator(selector).evaluate((element) => {
		const { left, right, top, bottom } = element.getBoundingClientRect();
		return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
	});

test('a screen reader hears that an answer began, its words and how it ended, each once', async ({
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario slow');
	await page.evaluate(() => {
		const heard: string[] = [];
		Object.assign(globalThis, { heard });
		// All that is said aloud by itself: what comes into a live region, and live regions that come.
		const LIVE = '[aria-live]:not([aria-live=off]), [role=log], [role=status], [role=alert]';
		const liveIn = (node: Node): readonly Node[] => {
			const element = node instanceof Element ? node : node.parentElement;
			if (element?.closest(LIVE)) return [node];
			return node instanceof Element ? [...node.querySelectorAll(LIVE)] : [];
		};
		new MutationObserver((changes) => {
			for (const { type, target, addedNodes } of changes) {
				for (const node of type === 'childList' ? addedNodes : [target]) {
					for (const live of liveIn(node)) {
						const text = live.textContent?.trim() ?? '';
						if (text !== '') heard.push(text);
					}
				}
			}
		}).observe(document.body, { childList: true, characterData: true, subtree: true });
	});
	const heard = (): Promise<readonly string[]> =>
		page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);

	await stemma.send('tell me');
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText('so slowly that one can stop');
	expect(await heard()).toEqual(['Answer started']);
	await stemma.message.press('Escape');
	await expect(await stemma.at(2)).toContainText('Stopped');
	const [start, end, ...more] = await heard();
	expect(start).toBe('Answer started');
	expect(end).toMatch(/^One word after another[^]*\nAnswer stopped, \d+ words\.$/);
	expect(more).toEqual([]);

	// The same words again are news again.
	await stemma.chooseModel('Scenario plain');
	await stemma.ask('one');
	await stemma.ask('two');
	const plain = 'Hello, world.\nAnswer finished, 2 words.';
	expect((await heard()).slice(2)).toEqual(['Answer started', plain, 'Answer started', plain]);

	// A refusal is told by its notice alone.
	await stemma.chooseModel('Scenario not-retryable');
	await stemma.send('three');
	await expect(page.getByRole('alert')).toBeVisible();
	const told = (await heard()).slice(6);
	expect(told[0]).toBe('Answer started');
	expect(told.filter((text) => text.includes('not available'))).toHaveLength(1);
	expect(told.filter((text) => text.startsWith('Answer failed'))).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
	test(`a wait says why, how long, and lets one decide, by keys, in ${colorScheme}`, async ({ browser }) => {
		const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
		const page = await context.newPage();
		const stemma = new Stemma(page);
		// One of its own, which nobody has asked before.
		const own = await startTestServer();
		await stemma.open();
		await page.getByRole('textbox', { name: 'Address' }).fill(own.url);
		await page.keyboard.press('Enter');
		await expect(stemma.message).toBeVisible();
		await stemma.chooseModel('Scenario busy');
		await stemma.message.fill('is it free?');
		await page.keyboard.press('Enter');
		const live = page.locator('article[aria-busy="true"]');
		await expect(live).toContainText('Too many requests for now. TestProvider 429: Too many at once');
		await expect(live).toContainText(/Trying again in (40|3\d) s/);
		await expectAccessible(page);
		await live.getByRole('button', { name: 'Try now' }).press('Enter');
		await stemma.waitForAnswer();
		await expect(await stemma.at(2)).toContainText('Hello, world.');
		await expect(await stemma.at(2)).toContainText('2 attempts');

		await stemma.send('and now?');
		await live.getByRole('button', { name: 'Give up' }).press('Enter');
		const alert = page.getByRole('alert').filter({ hasText: 'Too many requests' });
		await expect(alert.getByRole('button', { name: 'Retry' })).toBeVisible();
		await expectAccessible(page);
		await alert.getByRole('button', { name: 'Retry' }).press('Enter');
		await expect(live).toContainText('The server asked for a pause after an earlier request.');
		await live.getByRole('button', { name: 'Try now' }).press('Enter');
		await stemma.waitForAnswer();
		await expect(await stemma.at(4)).toContainText('Hello, world.');
		await context.close();
		await own.close();
	});
}

test('what may be charged twice is said before it is sent again', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario reset-after-headers');
	await stemma.send('hello?');
	const alert = page.getByRole('alert').filter({ hasText: 'could not be reached' });
	await expect(alert).toContainText('asking again may be charged a second time');
	await expect(alert.getByRole('button', { name: 'Retry' })).toBeVisible();
});

test.describe('with seven hundred models', () => {
	let many: TestServer;
	test.beforeAll(async () => {
		many = await startTestServer({ models: 700 });
	});
	test.afterAll(() => many.close());

	test('one is found, starred and chosen by keys, with its price, size and the age of the list', async ({
		page
	}) => {
		const stemma = new Stemma(page);
		await stemma.open();
		await page.getByRole('textbox', { name: 'Address' }).fill(many.url);
		await page.keyboard.press('Enter');
		await expect(stemma.message).toBeVisible();
		const field = page.getByRole('combobox', { name: 'Model' });
		await field.focus();
		await page.keyboard.press('ArrowDown');
		const list = page.getByRole('listbox');
		await expect(list.getByRole('option').first()).toBeVisible();
		expect(await list.getByRole('option').count(), 'only what is in view exists').toBeLessThan(60);
		await expect(page.getByText(/^7\d\d models, just now$/).first()).toBeVisible();
		await page.keyboard.type('model 696');
		const found = list.getByRole('option').first();
		await expect(found).toHaveAccessibleName(/^Test model 696, images · 33k · \$1\/2, 127/);
		await page.keyboard.press('Alt+s');
		await expect(found).toHaveAccessibleName(/favourite/);
		await page.keyboard.press('Enter');
		await expect(field).toHaveValue('Test model 696');
		await page.keyboard.press('ArrowDown');
		await expect(list.getByRole('option').first()).toHaveAccessibleName(/^Test model 696, favourite/);
		await page.keyboard.press('PageDown');
		await page.keyboard.press('End');
		await page.keyboard.press('Escape');
		await expect(list).toBeHidden();
		await expect(field).toHaveValue('Test model 696');
		await page.reload();
		await expect(field).toHaveValue('Test model 696');
	});
});

test('on a phone everything is within the window: the models, the queue, the settings', async ({
	browser
}) => {
	const context = await browser.newContext({ viewport: { width: 390, height: 800 }, hasTouch: true });
	const page = await context.newPage();
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario slow');
	await page.getByRole('combobox', { name: 'Model' }).click();
	await expect(page.getByRole('listbox')).toBeVisible();
	expect(await isWithin(page, '[role=listbox]')).toBe(true);
	await page.keyboard.press('Escape');
	await stemma.send('first');
	const busy = page.locator('article[aria-busy="true"]');
	await expect(busy).toHaveCount(1);
	for (const text of ['a second message that waits', 'a third message that waits']) {
		await stemma.message.fill(text);
		await page.getByRole('button', { name: 'Queue', exact: true }).click();
	}
	const queue = page.getByRole('region', { name: 'Queue' });
	await expect(queue.getByText('a second message that waits')).toBeVisible();
	const cut = await queue
		.getByText('a third message that waits')
		.evaluate((element) => element.scrollWidth - element.clientWidth);
	expect(cut, 'the words of a queued message are readable').toBeLessThanOrEqual(0);
	await expectAccessible(page);
	await context.close();
});

test('settings: a server that fails says exactly how, jumps move nothing else, words lead to sections', async ({
	page
}) => {
	const own = await startTestServer({ models: 2 });
	const stemma = new Stemma(page);
	await stemma.open();
	await page.getByRole('textbox', { name: 'Address' }).fill(own.url);
	await page.keyboard.press('Enter');
	await expect(stemma.message).toBeVisible();
	await own.close();
	await page.goto('/settings');
	const search = page.getByRole('searchbox', { name: 'Search settings' });
	await expect(search).toBeFocused();
	const tested = page.getByRole('button', { name: `Test 127.0.0.1:${own.port}` });
	await tested.press('Enter');
	await expect(page.getByText(/^Failed: nobody answers at/)).toBeVisible();
	await expect(page.getByText(`${own.url} · no key`)).toBeVisible();
	await page.getByRole('heading', { name: 'Data' }).evaluate((heading) => {
		heading.scrollIntoView();
	});
	expect(await page.evaluate(() => [document.documentElement.scrollTop, document.body.scrollTop])).toEqual([
		0, 0
	]);
	await search.fill('quota');
	await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Storage']);
	await expect(page.getByText(/used of .* the browser allows/)).toBeVisible();
});

test('without a network the composer says so, unless the model is on this machine', async ({
	page,
	context
}) => {
	const stemma = new Stemma(page);
	await page.route('https://models.example/**', (route) =>
		route.fulfill({
			headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' },
			json: { data: [{ id: 'far', name: 'A far model' }] }
		})
	);
	await stemma.open();
	await page.getByRole('textbox', { name: 'Address' }).fill('https://models.example/v1');
	await page.keyboard.press('Enter');
	await expect(stemma.message).toBeVisible();
	await context.setOffline(true);
	const told = page.getByText('No network: the model is out of reach');
	await expect(told).toBeVisible();
	await stemma.chooseModel('Practice model');
	await expect(told).toBeHidden();
	await stemma.ask('still here?');
	await context.setOffline(false);
	await stemma.chooseModel('A far model');
	await expect(told).toBeHidden();
});
