import { existsSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Stemma } from './stemma.ts';

async function expectAccessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))])).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
	test(`every screen is accessible in ${colorScheme}`, async ({ browser }) => {
		const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
		const page = await context.newPage();
		const stemma = new Stemma(page);
		await stemma.open();
		await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
		await expectAccessible(page);
		await page.getByRole('button', { name: 'Use the practice model' }).click();
		await stemma.ask('Show me code, a table, a list and some math');
		await page.waitForTimeout(400);
		await expectAccessible(page);
		await stemma.button(await stemma.at(2), 'What was sent').click();
		await expect(page.getByRole('dialog', { name: 'What was sent' }).getByRole('listitem')).toHaveCount(1);
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await page.keyboard.press('Escape');
		await page.keyboard.press('Control+k');
		await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible();
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await page.keyboard.press('Escape');
		await page.goto('/settings');
		await expect(page.getByText(/^SQLite \d/)).toBeVisible();
		await expectAccessible(page);
		await page.setViewportSize({ width: 390, height: 800 });
		await page.goto('/');
		await expect(stemma.message).toBeVisible();
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await context.close();
	});
}

const trees = '../shared/data/oasst/en_100_tree.jsonl';
test('real conversation trees arrive whole and open at any message', async ({ page }) => {
	test.skip(!existsSync(trees), `${trees} is not here`);
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await page.goto('/settings');
	await page.getByLabel('Tree file').setInputFiles(trees);
	await expect(page.getByText('1167 new messages of 1167 in 100 conversations.')).toBeVisible({
		timeout: 40_000
	});
	await page.getByLabel('Tree file').setInputFiles(trees);
	await expect(page.getByText('0 new messages of 1167 in 100 conversations.')).toBeVisible({
		timeout: 40_000
	});
	await page.getByRole('searchbox', { name: 'Search conversations' }).fill('best 401k plan');
	await page
		.getByRole('link', { name: /401k plan/ })
		.first()
		.click();
	const answer = await stemma.at(2);
	await expect(answer).toContainText(/\d\/\d/);
	for (let i = 0; i < 3; i++) {
		const version = await stemma.at(2);
		const next = stemma.button(version, 'Next version');
		if (await next.isDisabled()) break;
		const before = await version.getAttribute('data-node');
		await next.click();
		await expect(page.locator('article[aria-posinset="2"]')).not.toHaveAttribute('data-node', before ?? '');
	}
});
