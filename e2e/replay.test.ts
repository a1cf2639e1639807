import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Stemma } from './stemma.ts';

async function expectAccessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))])).toEqual([]);
}

/** Three turns with a model that always says the same. */
async function threeTurns(page: Page): Promise<Stemma> {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario plain');
	for (const words of ['Tell me of the harbour', 'And of the lantern', 'And of the meadow'])
		await stemma.ask(words);
	await stemma.expectLength(6);
	return stemma;
}

const menu = async (page: Page, item: string): Promise<void> => {
	await page.getByRole('button', { name: 'Conversation actions' }).click();
	await page.getByRole('menuitem', { name: item, exact: true }).click();
};
const nodeAt = async (stemma: Stemma, place: number): Promise<string> =>
	(await (await stemma.at(place)).getAttribute('data-node')) ?? '';

test('a changed first question is replayed by keyboard alone, and the old branch stays', async ({ page }) => {
	const stemma = await threeTurns(page);
	const first = await stemma.at(1);
	const oldLeaf = await nodeAt(stemma, 6);
	await (await stemma.at(1)).focus();
	await page.keyboard.press('e');
	await page.keyboard.press('Control+a');
	await page.keyboard.type('Tell me of the anchor');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	await expect(page.getByRole('button', { name: 'Save and replay' })).toBeFocused();
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { name: '3 turns will be asked again' })).toBeVisible();
	const turns = page.getByRole('list', { name: 'Turns' }).getByRole('listitem');
	await expect(turns).toHaveText([
		/Answer.*Hello, world.*asked again/,
		/You.*And of the lantern.*said again/,
		/Answer.*asked again/,
		/You.*And of the meadow.*said again/,
		/Answer.*asked again/
	]);
	const go = page.getByRole('button', { name: 'Replay 3 turns' });
	for (let i = 0; i < 40 && !(await go.evaluate((element) => element === document.activeElement)); i++)
		await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { name: '3 turns replayed' })).toBeVisible({ timeout: 30_000 });
	await expect(page.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '5');
	await page.getByRole('button', { name: 'Open the new branch' }).click();
	await stemma.expectLength(6);
	await expect(await stemma.at(1)).toContainText('Tell me of the anchor');
	await expect(await stemma.at(5)).toContainText('And of the meadow');
	expect(await nodeAt(stemma, 6)).not.toBe(oldLeaf);
	// The old branch is a version away.
	await stemma.button(await stemma.at(1), 'Previous version').click();
	await expect(first).toContainText('Tell me of the harbour');
	expect(await nodeAt(stemma, 6)).toBe(oldLeaf);

	// What was said again is the old words; the trail leads back to them.
	await stemma.button(await stemma.at(1), 'Next version').click();
	await expect(await stemma.at(1)).toContainText('anchor');
	await stemma.button(await stemma.at(3), 'More').click();
	await page.getByRole('menuitem', { name: 'Provenance' }).click();
	const panel = page.getByRole('dialog', { name: 'Provenance' });
	await expect(panel).toContainText('And of the lantern');
	await panel.getByRole('button', { name: 'Go there' }).click();
	await expect(page.locator('article.is-target')).toContainText('And of the lantern');
	expect(await nodeAt(stemma, 6)).toBe(oldLeaf);
});

test('a replay that fails in the middle keeps what is done and goes on after a reload', async ({ page }) => {
	const stemma = await threeTurns(page);
	let asked = 0;
	await page.context().route('**/chat/completions', async (route) => {
		asked++;
		if (asked === 2) {
			await route.fulfill({
				status: 400,
				headers: { 'access-control-allow-origin': '*', 'content-type': 'application/json' },
				body: JSON.stringify({ error: { code: 400, message: 'Not like this' } })
			});
		} else await route.fallback();
	});
	await stemma.button(await stemma.at(1), 'More').click();
	await page.getByRole('menuitem', { name: 'Replay what follows' }).click();
	await page.getByRole('button', { name: 'Replay 3 turns' }).click();
	await expect(page.getByRole('heading', { name: 'Stopped after 1 of 3 turns' })).toBeVisible({
		timeout: 30_000
	});
	await expect(page.getByRole('alert')).toContainText('What is done stays.');
	await page.reload();
	await expect(page.getByRole('heading', { name: 'Stopped after 1 of 3 turns' })).toBeVisible();
	await page.getByRole('button', { name: 'Go on' }).click();
	await expect(page.getByRole('heading', { name: '3 turns replayed' })).toBeVisible({ timeout: 30_000 });
	// Two tries at the second turn, one each at the others; nothing was said or asked twice.
	expect(asked).toBe(4);
	await page.getByRole('button', { name: 'Open the new branch' }).click();
	await stemma.expectLength(6);
	await expect(await stemma.at(2)).toContainText('2/2');
	await expect(await stemma.at(5)).not.toContainText('2/2');
});

test('a replay on another model stops in the middle of an answer, which is kept', async ({ page }) => {
	const stemma = await threeTurns(page);
	const address = page.url();
	await stemma.button(await stemma.at(1), 'More').click();
	await page.getByRole('menuitem', { name: 'Replay what follows' }).click();
	const model = page.getByRole('combobox', { name: 'Model for the replay' });
	await model.click();
	await model.fill('Scenario slow');
	await page.getByRole('option').filter({ hasText: 'Scenario slow' }).first().click();
	await page.getByRole('button', { name: 'Replay 3 turns' }).click();
	await expect(page.getByRole('heading', { name: 'Turn 1 of 3' })).toBeVisible();
	await expect(page.getByRole('list', { name: 'Turns' })).toContainText(/\d characters/);
	await page.getByRole('button', { name: 'Stop now' }).click();
	await expect(page.getByRole('heading', { name: 'Stopped after 0 of 3 turns' })).toBeVisible();
	await expect(page.getByRole('button', { name: 'Go on' })).toBeEnabled();
	await page.goto(address);
	const answer = await stemma.at(2);
	await stemma.button(answer, 'Next version').click();
	await expect(await stemma.at(2)).toContainText('Stopped');
	await expect(await stemma.at(2)).toContainText('One word');
});

test('below a leaf there is nothing to replay, and an unknown message is told as such', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario plain');
	await stemma.ask('Only this');
	const leaf = await nodeAt(stemma, 2);
	const address = page.url();
	await page.goto(`${address}/replay?from=${leaf}`);
	await expect(page.getByRole('heading', { name: 'Nothing to replay' })).toBeVisible();
	await page.goto(`${address}/replay?from=${'0'.repeat(64)}`);
	await expect(page.getByRole('alert')).toContainText('not in the database');
	await page.goto(`${address}/bisect?leaf=nonsense`);
	await expect(page.getByRole('alert')).toContainText('not in the database');
});

test('bisect by keys finds the first bad message, keeps its marks over a reload, and takes them back', async ({
	page
}) => {
	const stemma = await threeTurns(page);
	await menu(page, 'Find where it went wrong');
	await expect(page.getByRole('heading', { name: 'Is all well at message 3?' })).toBeVisible();
	await page.keyboard.press('g');
	await expect(page.getByRole('heading', { name: 'Is all well at message 4?' })).toBeVisible();
	await page.reload();
	await expect(page.getByRole('heading', { name: 'Is all well at message 4?' })).toBeVisible();
	await expect(page.getByRole('article').first()).toContainText('Hello, world.');
	await page.keyboard.press('s');
	await expect(page.getByRole('heading', { name: 'Is all well at message 5?' })).toBeVisible();
	await page.keyboard.press('b');
	await expect(page.getByRole('heading', { name: 'The first bad message is one of 4 to 5' })).toBeVisible();
	await page.keyboard.press('u');
	await expect(page.getByRole('heading', { name: 'Is all well at message 5?' })).toBeVisible();
	await page.keyboard.press('g');
	await expect(page.getByRole('heading', { name: 'Message 6 is the first bad one' })).toBeVisible();
	await expect(page.getByRole('status').filter({ hasText: 'taken to be' })).toBeVisible();
	await page.getByRole('button', { name: 'Fork before it' }).click();
	await stemma.expectLength(5);
});

test('finding steps through the path, goes to other branches and says so, and gives the keyboard back', async ({
	page
}) => {
	const stemma = await threeTurns(page);
	await stemma.button(await stemma.at(1), 'Edit').click();
	await page.getByRole('textbox', { name: 'Edit message' }).fill('Tell me of the observatory');
	await page.getByRole('button', { name: 'Save and ask' }).click();
	await stemma.expectLength(2);
	await stemma.waitForAnswer();
	await stemma.message.focus();
	await page.keyboard.press('Control+f');
	const field = page.getByRole('textbox', { name: 'Find in this conversation' });
	await expect(field).toBeFocused();
	const status = page.getByRole('search', { name: 'Find in this conversation' }).getByRole('status');
	await page.keyboard.type('tell me');
	await expect(status).toContainText('1 of 1 message');
	await expect
		.poll(() => page.evaluate(() => [...(CSS.highlights.get('find-current') ?? [])].map(String)))
		.toEqual(['Tell me']);
	await page.getByRole('radio', { name: 'All branches' }).check({ force: true });
	await field.fill('"meadow* (AND');
	await expect(status).toContainText('Not found');
	await field.fill('the lant');
	await expect(status).toContainText('1 message');
	await field.press('Enter');
	await expect(status).toContainText(/On (main|another branch)/);
	await stemma.expectLength(6);
	await expect(page.locator('article.is-target')).toContainText('And of the lantern');
	await expect(field).toBeFocused();
	for (const [typed, told] of [
		['', ''],
		['(', 'Type a letter or a digit'],
		['🎉', 'Not found'],
		['数据', 'Not found']
	] as const) {
		await field.fill(typed);
		await expect(status).toHaveText(told);
	}
	// The second time the key is the browser's.
	await page.evaluate(() => {
		addEventListener('keydown', (event) => Object.assign(globalThis, { isTaken: event.defaultPrevented }));
	});
	await field.press('Control+f');
	expect(await page.evaluate(() => (globalThis as unknown as { isTaken: boolean }).isTaken)).toBe(false);
	await field.press('Escape');
	await expect(field).toBeHidden();
	await expect(stemma.message).toBeFocused();

	// In all conversations, from the list.
	await page.keyboard.press('Control+Shift+f');
	await expect(page.getByRole('searchbox', { name: 'Search conversations' })).toBeFocused();
	await page.keyboard.type('observatory');
	const hit = page
		.getByRole('navigation', { name: 'Conversations' })
		.getByRole('link')
		.filter({ hasText: 'observatory' });
	await expect(hit.locator('mark')).toHaveText('observatory');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await expect(page.locator('article.is-target')).toContainText('observatory');
	await stemma.expectLength(2);
});

for (const colorScheme of ['light', 'dark'] as const) {
	test(`replay, provenance, bisect and find are accessible in ${colorScheme}`, async ({ browser }) => {
		const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
		const page = await context.newPage();
		const stemma = await threeTurns(page);
		const address = page.url();
		await page.keyboard.press('Control+f');
		await expect(page.getByRole('textbox', { name: 'Find in this conversation' })).toBeFocused();
		await page.keyboard.type('lantern');
		await expect(page.getByRole('search').getByRole('status')).toContainText('of 1 message');
		await expectAccessible(page);
		await page.keyboard.press('Escape');
		const first = await nodeAt(stemma, 1);
		await stemma.button(await stemma.at(1), 'More').click();
		await page.getByRole('menuitem', { name: 'Provenance' }).click();
		await expect(page.getByRole('dialog', { name: 'Provenance' }).getByRole('listitem')).toHaveCount(1);
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await page.goto(`${address}/replay?from=${first}`);
		await expect(page.getByRole('button', { name: 'Replay 3 turns' })).toBeVisible();
		await expectAccessible(page);
		await page.getByRole('button', { name: 'Replay 3 turns' }).click();
		await expect(page.getByRole('heading', { name: '3 turns replayed' })).toBeVisible({ timeout: 30_000 });
		await page.setViewportSize({ width: 390, height: 800 });
		await expectAccessible(page);
		await page.goto(address);
		await menu(page, 'Find where it went wrong');
		await expect(page.getByRole('heading', { name: /Is all well/ })).toBeVisible();
		await expectAccessible(page);
		await context.close();
	});
}
