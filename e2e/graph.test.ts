import { existsSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { Stemma } from './stemma.ts';

/** One question with two answers, then one more turn: five rows, two branches. */
async function openForked(page: Page): Promise<Stemma> {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	await stemma.ask('first question');
	await stemma.button(await stemma.at(2), 'Regenerate').click();
	await expect(page.getByText('2/2')).toBeVisible();
	await stemma.waitForAnswer();
	await stemma.ask('second question');
	return stemma;
}

const rowsOf = (page: Page): Locator => page.getByRole('option');
const looked = (page: Page): Locator => page.getByRole('option', { selected: true });

async function openGraph(page: Page): Promise<void> {
	await page.keyboard.press('Control+Shift+G');
	await expect(page.getByRole('complementary', { name: 'Graph' })).toBeVisible();
	await expect(page.getByRole('listbox')).toHaveAttribute('aria-busy', 'false');
}

async function expectAccessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))])).toEqual([]);
}

test('the graph by keys alone: walk, bookmark, mark, filter, open, fork, close', async ({ page }) => {
	const stemma = await openForked(page);
	await stemma.expectLength(4);
	await openGraph(page);
	await expect(rowsOf(page)).toHaveCount(5);
	await expect(looked(page)).toHaveAttribute('aria-posinset', '1');
	const list = page.getByRole('listbox');
	await list.focus();

	// Parent, parent: the newer answer; its version to the left is the older one.
	await page.keyboard.press('ArrowLeft');
	await expect(looked(page)).toContainText('second question');
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('Alt+ArrowLeft');
	const preview = page.getByRole('region', { name: 'Preview' });
	await expect(preview.getByRole('heading', { name: 'Answer' })).toBeVisible();
	const older = (await looked(page).getAttribute('data-key')) ?? '';
	await stemma.expectLength(4);

	await page.keyboard.press('b');
	await expect(looked(page).getByLabel('Bookmark')).toBeVisible();
	await page.keyboard.press('b');
	await expect(looked(page).getByLabel('Bookmark')).toHaveCount(0);
	await page.keyboard.press('Space');
	await expect(looked(page)).toContainText('marked');
	await page.keyboard.press('Space');

	// Only what follows from the first answer: nothing but itself.
	await page.keyboard.press('h');
	await expect(rowsOf(page)).toHaveCount(1);
	await page.keyboard.press('h');
	await expect(rowsOf(page)).toHaveCount(5);

	await page.getByRole('searchbox', { name: 'Filter by text' }).focus();
	await page.keyboard.type('SECOND ques');
	// The question, and the answer that repeats it.
	await expect(rowsOf(page)).toHaveCount(2);
	await expect(page.getByText('2 messages', { exact: true })).toBeVisible();
	await page.keyboard.press('Control+A');
	await page.keyboard.type('nothing like it');
	await expect(page.getByText('No message passes these filters.')).toBeVisible();
	await page.getByRole('button', { name: 'Clear' }).press('Enter');
	await expect(rowsOf(page)).toHaveCount(5);

	// Opening moves the conversation to the branch of what one looks at.
	await page.locator(`[data-key="${older}"]`).click();
	await list.focus();
	await page.keyboard.press('Enter');
	await stemma.expectLength(2);
	await expect(page.getByRole('button', { name: 'Versions, 1/2' })).toBeVisible();

	await list.focus();
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('f');
	await stemma.expectLength(1);
	await expect(looked(page).getByLabel('Branch')).toBeVisible();

	await page.keyboard.press('Control+Shift+G');
	await expect(page.getByRole('complementary', { name: 'Graph' })).toBeHidden();
	await page.reload();
	await expect(stemma.message).toBeVisible();
	await expect(page.getByRole('complementary', { name: 'Graph' })).toBeHidden();
});

test('what is written appears on top, in both tabs, and the path goes on in lane 0', async ({
	page,
	context
}) => {
	const stemma = await openForked(page);
	await openGraph(page);
	await expect(rowsOf(page)).toHaveCount(5);
	const other = await context.newPage();
	await other.goto(`${page.url().split('?')[0] ?? ''}/graph`);
	await expect(rowsOf(other)).toHaveCount(5);
	await stemma.ask('third question');
	for (const each of [page, other]) {
		await expect(rowsOf(each)).toHaveCount(7);
		await expect(rowsOf(each).nth(1)).toContainText('third question');
	}
	await expect(rowsOf(page).nth(0).getByLabel('Branch')).toBeVisible();
});

test('a bookmark is renamed in place, and the old name comes back', async ({ page }) => {
	await openForked(page);
	await openGraph(page);
	await page.getByRole('listbox').focus();
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('b');
	const mark = looked(page).getByTitle(/^Bookmark: /);
	await expect(mark).toHaveAttribute('title', 'Bookmark: second question');
	await page.getByRole('button', { name: 'Rename bookmark' }).click();
	const name = page.getByRole('textbox', { name: 'Name of the bookmark' });
	await expect(name).toBeFocused();
	await name.fill('never mind');
	await name.press('Escape');
	await expect(mark).toHaveAttribute('title', 'Bookmark: second question');
	await page.getByRole('button', { name: 'Rename bookmark' }).click();
	await name.fill('The turn');
	await name.press('Enter');
	await expect(mark).toHaveAttribute('title', 'Bookmark: The turn');
	await page.getByRole('button', { name: 'Undo', exact: true }).last().click();
	await expect(mark).toHaveAttribute('title', 'Bookmark: second question');
});

test('while the graph is open a message is hidden, redacted and purged elsewhere, and its row says so', async ({
	page,
	context
}) => {
	const stemma = await openForked(page);
	const graph = await context.newPage();
	const faults: string[] = [];
	graph.on('pageerror', ({ message }) => faults.push(message));
	await graph.goto(`${page.url().split('?')[0] ?? ''}/graph`);
	await expect(rowsOf(graph)).toHaveCount(5);
	const second = rowsOf(graph).filter({ hasText: 'second question' });
	await expect(second).toHaveCount(1);
	await second.click();
	const preview = graph.getByRole('region', { name: 'Preview' });
	await expect(preview).toContainText('second question');

	const act = async (place: number, item: string): Promise<void> => {
		const article = await stemma.at(place);
		await article.hover();
		await article.getByRole('button', { name: 'More' }).click();
		await page.getByRole('menuitem', { name: item, exact: true }).click();
	};
	await act(3, 'Hide');
	await expect(rowsOf(graph).filter({ hasText: ', hidden' })).toHaveCount(1);
	await page.getByRole('button', { name: 'Undo', exact: true }).last().click();
	await expect(rowsOf(graph).filter({ hasText: ', hidden' })).toHaveCount(0);

	await act(3, 'Redact');
	await page
		.getByRole('dialog')
		.getByRole('button', { name: /^Redact/ })
		.click();
	await expect(rowsOf(graph).filter({ hasText: 'Redacted' })).toHaveCount(1);
	await expect(preview).toContainText('The text of this message was redacted.');
	await expect(second).toHaveCount(0);

	await act(2, 'Purge');
	await page
		.getByRole('dialog')
		.getByRole('button', { name: /^Purge/ })
		.click();
	// The question and the other answer are left.
	await expect(rowsOf(graph)).toHaveCount(2);
	await expect(preview).toContainText('Look at a message');
	await graph.getByRole('listbox').focus();
	await graph.keyboard.press('ArrowUp');
	await expect(preview.getByRole('heading')).toBeVisible();
	expect(faults).toEqual([]);
});

test('marked messages go to be compared and merged, by their ids in the order of marking', async ({
	page
}) => {
	test.skip(!existsSync('app/src/routes/c/[conversation]/compare'), 'there is nothing to compare with');
	await openForked(page);
	await openGraph(page);
	await page.getByRole('button', { name: 'Graph on a page of its own' }).click();
	await expect(page.getByRole('heading', { name: /^Graph of/ })).toBeVisible();
	await page.getByRole('listbox').focus();
	await page.keyboard.press('d');
	await expect(looked(page)).toContainText('marked');
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('d');
	await expect(page).toHaveURL(/\/c\/[0-9a-f]{32}\/compare\?of=[0-9a-f]{64},[0-9a-f]{64}$/);
	await page.goBack();
	await page.getByRole('listbox').focus();
	await page.keyboard.press('m');
	await expect(page.getByText('Mark another message first, with Space.')).toBeVisible();
	await page.keyboard.press('Space');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('m');
	await expect(page).toHaveURL(/\/merge\?of=[0-9a-f]{64},[0-9a-f]{64}$/);
});

test('forks of a path: the header, the keys and the strip lead to them', async ({ page }) => {
	const stemma = await openForked(page);
	await stemma.ask('third question');
	await stemma.button(await stemma.at(6), 'Regenerate').click();
	await expect(await stemma.at(6)).toContainText('2/2');
	await stemma.waitForAnswer();
	const forks = page.getByRole('group', { name: 'Forks of this path' });
	await expect(forks.getByRole('button', { name: 'Forks at 6' })).toBeVisible();
	await forks.getByRole('button', { name: 'Forks at 6' }).click();
	await forks.getByRole('button', { name: 'Previous fork' }).click();
	await expect(page.locator('article[aria-posinset="2"].is-target')).toBeInViewport();
	await page.keyboard.press('Alt+Shift+ArrowDown');
	await expect(page.locator('article[aria-posinset="6"]')).toBeInViewport();
	await page.getByTitle('Fork at 2: 2 versions').click();
	await expect(page.locator('article[aria-posinset="2"].is-target')).toBeInViewport();
});

for (const colorScheme of ['light', 'dark'] as const) {
	test(`the graph is accessible in ${colorScheme}, wide and narrow`, async ({ browser }) => {
		const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
		const page = await context.newPage();
		const stemma = new Stemma(page);
		await stemma.openWithServer('Test model 1');
		await page.keyboard.press('Control+Shift+G');
		await expect(page.getByText('Nothing is written yet.', { exact: false })).toBeVisible();
		await stemma.ask('question');
		await stemma.button(await stemma.at(2), 'Regenerate').click();
		await expect(page.getByText('2/2')).toBeVisible();
		await stemma.waitForAnswer();
		await expect(rowsOf(page)).toHaveCount(3);
		await rowsOf(page).nth(1).click();
		await page.keyboard.press('Space');
		await page.keyboard.press('b');
		await page.getByRole('button', { name: 'Filters' }).click();
		await expect(page.getByRole('region', { name: 'Preview' }).getByRole('heading')).toBeVisible();
		// The toast that says so comes and goes.
		await expect(page.getByText('Bookmarked')).toBeHidden({ timeout: 15_000 });
		await expectAccessible(page);
		await page.getByRole('button', { name: 'Graph on a page of its own' }).click();
		await expect(rowsOf(page)).toHaveCount(3);
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await page.setViewportSize({ width: 390, height: 800 });
		await expect(rowsOf(page)).toHaveCount(3);
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await context.close();
	});
}
