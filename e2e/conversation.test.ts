import { expect, test } from '@playwright/test';
import { startTestServer } from '@stemma/testkit/server/test-server';
import { Stemma } from './stemma.ts';

test('a first conversation: ask, read, see how it came about', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('Show me some code and a table');
	await stemma.expectLength(2);
	const answer = await stemma.at(2);
	await expect(answer.getByRole('table').first()).toBeVisible();
	await expect(answer.getByRole('button', { name: 'Copy code' }).first()).toBeVisible();
	await expect(answer).toContainText('tokens/s');
	await expect(answer).toContainText('stop');
	await expect(answer.getByTitle('cost')).toContainText('—');
	await expect(answer.getByText(/Thought for/)).toBeVisible();
	await expect(page).toHaveTitle('Show me some code and a table · Stemma');

	await stemma.button(answer, 'What was sent').click();
	const sent = page.getByRole('dialog', { name: 'What was sent' });
	await expect(sent.getByRole('listitem')).toContainText(['Show me some code and a table']);
	await expect(sent).toContainText('practice');
});

test('editing and asking again make versions, and going back returns to the leaf one left', async ({
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('first question');
	await stemma.ask('second question');
	await stemma.expectLength(4);

	await stemma.button(await stemma.at(1), 'Edit').click();
	await page.getByRole('textbox', { name: 'Edit message' }).fill('another question');
	await page.getByRole('button', { name: 'Save and ask' }).click();
	await expect(await stemma.at(1)).toContainText('another question');
	await stemma.waitForAnswer();
	await stemma.expectLength(2);
	const question = await stemma.at(1);
	await expect(question).toContainText('2/2');

	await stemma.button(question, 'Previous version').click();
	await expect(question).toContainText('1/2');
	await expect(await stemma.at(3)).toContainText('second question');
	await stemma.expectLength(4);

	await stemma.button(await stemma.at(4), 'Regenerate').click();
	await stemma.waitForAnswer();
	await expect(await stemma.at(4)).toContainText('2/2');
	await stemma.button(await stemma.at(4), 'Previous version').click();
	await expect(await stemma.at(4)).toContainText('1/2');
});

test('an edited answer is a version of its own and asks nobody', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('a question');
	await stemma.button(stemma.articles.nth(1), 'Edit').click();
	await page.getByRole('textbox', { name: 'Edit message' }).fill('My own words.');
	await page.getByRole('button', { name: 'Save as new version' }).click();
	await expect(stemma.articles.nth(1)).toContainText('My own words.');
	await expect(stemma.articles.nth(1)).toContainText('2/2');
	await expect(page.getByRole('button', { name: 'Stop', exact: true })).toBeHidden();
});

test('a fork starts at any message, and nothing is copied or lost', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('one');
	await stemma.ask('two');
	await stemma.button(await stemma.at(2), 'Fork').click();
	await stemma.expectLength(2);
	await stemma.ask('two, otherwise');
	await stemma.expectLength(4);
	await expect(await stemma.at(3)).toContainText('2/2');
	await stemma.button(await stemma.at(3), 'Previous version').click();
	await expect(await stemma.at(3)).toContainText('1/2');
	await stemma.expectLength(4);
});

test('stop keeps the text, and the answer can be continued', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.send('a long answer please');
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText(/\w{3,}/);
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	const answer = stemma.articles.nth(1);
	await expect(answer).toContainText('Stopped');
	const kept = (await answer.locator('.prose').innerText()).slice(0, 20);
	await stemma.button(answer, 'Continue').click();
	await expect(page.locator('article[aria-busy="true"]')).toHaveCount(1);
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText(kept);
	// Stopped while it still thinks: what it goes on from is there all the same.
	await expect(page.locator('article[aria-busy="true"] details')).toBeVisible();
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await expect(stemma.articles.nth(1)).toContainText('2/2');
	await expect(stemma.articles.nth(1).locator('.prose')).toContainText(kept);
});

test('a reload in mid-answer keeps the text and says so', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.send('a long answer please');
	const live = page.locator('article[aria-busy="true"] .prose');
	await expect(live).toContainText('You wrote');
	await page.waitForTimeout(1200);
	const seen = (await live.innerText()).slice(0, 40);
	await page.reload();
	await expect(stemma.articles.nth(1)).toContainText('Interrupted', { timeout: 15_000 });
	await expect(stemma.articles.nth(1).locator('.prose')).toContainText(seen);
	await expect(stemma.button(stemma.articles.nth(1), 'Continue')).toBeVisible();
});

test('drafts survive a reload', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.message.fill('half a thou');
	await page.waitForTimeout(600);
	await page.reload();
	await expect(stemma.message).toHaveValue('half a thou');
});

test('conversations are renamed, pinned, hidden, brought back and searched', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('Über Bäume');
	await stemma.newConversation();
	await stemma.ask('about rivers');
	const list = page.getByRole('navigation', { name: 'Conversations' });
	await expect(list.getByRole('link')).toHaveCount(2);

	await page.getByRole('searchbox', { name: 'Search conversations' }).fill('uber baume');
	await expect(list.getByRole('link')).toHaveText([/Über Bäume/]);
	await page.getByRole('searchbox', { name: 'Search conversations' }).fill('');

	await list.getByRole('link', { name: 'Über Bäume' }).hover();
	await page.getByRole('button', { name: 'Actions for Über Bäume' }).click();
	await page.getByRole('menuitem', { name: 'Pin' }).click();
	await expect(list.getByRole('link').first()).toContainText('Über Bäume');

	await list.getByRole('link', { name: 'about rivers' }).hover();
	await page.getByRole('button', { name: 'Actions for about rivers' }).click();
	await page.getByRole('menuitem', { name: 'Rename' }).click();
	await page.getByRole('textbox', { name: 'Title' }).fill('Rivers and lakes');
	await page.keyboard.press('Enter');
	await expect(list.getByRole('link', { name: 'Rivers and lakes' })).toBeVisible();

	await list.getByRole('link', { name: 'Rivers and lakes' }).hover();
	await page.getByRole('button', { name: 'Actions for Rivers and lakes' }).click();
	await page.getByRole('menuitem', { name: 'Hide' }).click();
	await expect(list.getByRole('link')).toHaveCount(1);
	await page.getByRole('button', { name: 'Undo' }).click();
	await expect(list.getByRole('link')).toHaveCount(2);
});

test('several conversations stream at once', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.send('a long answer on trees');
	await expect(page.locator('article[aria-busy="true"]')).toHaveCount(1);
	await stemma.newConversation();
	await stemma.send('a long answer on rivers');
	await expect(page.locator('article[aria-busy="true"]')).toHaveCount(1);
	const list = page.getByRole('navigation', { name: 'Conversations' });
	await expect(list.getByTitle('An answer is being written')).toHaveCount(2);
	await list.getByRole('link', { name: 'a long answer on trees' }).click();
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText('trees');
});

test('a message opens by its address on whatever branch it is', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('one');
	const first = await stemma.articles.nth(1).getAttribute('data-node');
	await stemma.button(stemma.articles.nth(1), 'Regenerate').click();
	await stemma.waitForAnswer();
	await expect(stemma.articles.nth(1)).toContainText('2/2');
	await page.goto(`${new URL(page.url()).pathname}?at=${first}`);
	await expect(stemma.articles.nth(1)).toHaveAttribute('data-node', first ?? '');
	await expect(stemma.articles.nth(1)).toContainText('1/2');
});

test('the keyboard alone is enough', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await page.keyboard.type('written by keys');
	await page.keyboard.press('Enter');
	await stemma.expectLength(2);
	await stemma.waitForAnswer();
	await page.keyboard.press('Control+Shift+O');
	await expect(page.getByText('Write the first message below')).toBeVisible();
	await page.keyboard.press('Control+k');
	await page.keyboard.type('written by');
	await expect(page.getByRole('option', { name: 'written by keys' })).toBeVisible();
	await page.keyboard.press('Enter');
	await expect(stemma.articles).toHaveCount(2);
	await page.keyboard.press('Alt+ArrowUp');
	await page.keyboard.press('Escape');
	await page.locator('body').click({ position: { x: 5, y: 500 } });
	await page.keyboard.press('?');
	await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
});

test('the end stays in view for who reads there, and nobody else is dragged to it', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('code, a table and a list to fill the screen');
	await stemma.ask('more code, a table and a list');
	await expect(stemma.button(stemma.articles.last(), 'Regenerate')).toBeInViewport();
	await stemma.send('another long answer');
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText('You wrote');
	const feed = page.getByRole('feed');
	await page.waitForTimeout(600);
	const distance = () =>
		feed.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
	expect(await distance()).toBeLessThan(80);
	await feed.hover();
	await page.mouse.wheel(0, -600);
	await page.waitForTimeout(200);
	const top = await feed.evaluate((element) => element.scrollTop);
	await page.waitForTimeout(800);
	expect(Math.abs((await feed.evaluate((element) => element.scrollTop)) - top)).toBeLessThan(4);
	await page.getByRole('button', { name: 'Jump to latest' }).click();
	await page.waitForTimeout(300);
	expect(await distance()).toBeLessThan(80);
});

test('who reads back while an answer is written, and after it, finds every message in its place', async ({
	page
}) => {
	const FAST = 'any?rate=2000&tokens=500';
	const SLOW = 'any?rate=200&tokens=1000';
	const own = await startTestServer({ listed: [FAST, SLOW] });
	const stemma = new Stemma(page);
	await stemma.openWithServer(FAST, own.url);
	for (const question of ['one', 'two', 'three']) await stemma.ask(question);
	await stemma.chooseModel(SLOW);
	const feed = page.getByRole('feed');
	const isMessageInTheMiddle = () =>
		feed.evaluate((element) => {
			const { left, top, width, height } = element.getBoundingClientRect();
			const points = [0.3, 0.5, 0.7].map((at) =>
				document.elementFromPoint(left + width / 2, top + height * at)
			);
			return points.every((at) => at?.closest('article'));
		});
	const readBack = async (): Promise<void> => {
		for (let i = 0; i < 4; i++) {
			await page.mouse.wheel(0, -500);
			await expect.poll(isMessageInTheMiddle).toBe(true);
		}
	};
	// From far above: the question has to be brought into view with what comes after it.
	await feed.evaluate((element) => {
		element.scrollTop = 0;
	});
	await expect(page.getByRole('button', { name: 'Jump to latest' })).toBeVisible();
	await stemma.send('a last long answer');
	await expect(page.locator('article[aria-busy="true"] .prose p')).not.toHaveCount(0);
	await expect.poll(isMessageInTheMiddle).toBe(true);
	await feed.hover();
	await readBack();
	await page.getByRole('button', { name: 'Jump to latest' }).click();
	await stemma.waitForAnswer();
	await expect(stemma.button(stemma.articles.last(), 'Regenerate')).toBeInViewport();
	await expect.poll(isMessageInTheMiddle).toBe(true);
	await readBack();
	await own.close();
});

test('what sends a question starts while it is typed, and nothing blinks while the answer comes', async ({
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	const hasRunWorker = (): boolean => page.workers().some((worker) => worker.url().includes('run-worker'));
	expect(hasRunWorker()).toBe(false);
	await stemma.message.fill('a long one');
	await expect.poll(hasRunWorker).toBe(true);
	await expect(stemma.message).toHaveCSS('caret-animation', 'auto');
	await page.keyboard.press('Enter');
	await expect(stemma.message).toHaveCSS('caret-animation', 'manual');
	await page.keyboard.press('Escape');
	await stemma.waitForAnswer();
	await expect(stemma.message).toHaveCSS('caret-animation', 'auto');
});

test('what is written of an answer stays as it was drawn, while more comes', async ({ page }) => {
	const MODEL = 'any?rate=200&tokens=1000';
	const own = await startTestServer({ listed: [MODEL] });
	const stemma = new Stemma(page);
	await stemma.openWithServer(MODEL, own.url);
	await stemma.send('formulas and code');
	const live = page.locator('article[aria-busy="true"]');
	const blocks = live.locator('.prose > *');
	for (const kind of ['pre', 'math']) {
		const drawn = live.locator(kind).last();
		await drawn.evaluate((element) => Object.assign(globalThis, { drawn: element }));
		const before = await blocks.count();
		await expect.poll(() => blocks.count()).toBeGreaterThan(before + 3);
		const isThere = await page.evaluate(
			() => (globalThis as unknown as { drawn: Element }).drawn.isConnected
		);
		expect(isThere, kind).toBe(true);
	}
	await own.close();
});
