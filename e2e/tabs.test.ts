import { expect, test } from '@playwright/test';
import { Stemma } from './stemma.ts';

test('two tabs show the same, and either goes on when the other is closed', async ({ context, page }) => {
	const first = new Stemma(page);
	await first.openWithPractice();
	await first.ask('from the first tab');
	const second = new Stemma(await context.newPage());
	await second.open(new URL(page.url()).pathname);
	await second.expectLength(2);
	await second.ask('from the second tab');
	await expect(await first.at(3)).toContainText('from the second tab');

	await second.page.goto('/settings');
	await expect(second.page.getByText('goes through the tab that holds the database')).toBeVisible();
	await page.close();
	await expect(async () => {
		await second.page.reload();
		await expect(second.page.getByText('holds the database', { exact: true })).toBeVisible({ timeout: 3000 });
	}).toPass({ timeout: 15_000 });
	await second.page.getByRole('navigation').getByRole('link').first().click();
	await second.ask('alone now');
	await expect(second.articles.last()).toHaveAttribute('aria-setsize', '6');
});

test('an answer is seen in the other tab while it is written, and taken over when its tab closes', async ({
	context,
	page
}) => {
	const first = new Stemma(page);
	await first.openWithPractice();
	await first.send('a long answer please');
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText('You wrote');
	const second = new Stemma(await context.newPage());
	await second.open(new URL(page.url()).pathname);
	await expect(second.page.getByText('written in another tab')).toBeVisible();
	await page.waitForTimeout(1200);
	await page.close();
	await expect(second.page.getByText('Interrupted')).toBeVisible({ timeout: 15_000 });
	await expect((await second.at(2)).locator('.prose')).toContainText('You wrote');
});

test('without storage that lasts there is a screen and no conversation', async ({ page }) => {
	await page.addInitScript(() => {
		Object.defineProperty(navigator.storage, 'getDirectory', {
			value: () => Promise.reject(new DOMException('Not in this window', 'SecurityError'))
		});
	});
	await new Stemma(page).open();
	const alert = page.getByRole('alert');
	await expect(alert).toContainText('This window cannot keep your conversations');
	await expect(alert).toContainText('Not in this window');
	await expect(page.getByRole('textbox', { name: 'Message' })).toHaveCount(0);
});

test('without a network the program opens, and everything but a model elsewhere works', async ({
	context,
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('while online');
	await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
	await page.reload();
	await expect(stemma.message).toBeVisible();
	await context.setOffline(true);
	await page.reload();
	await stemma.expectLength(2);
	await stemma.ask('while offline');
	await stemma.expectLength(4);
	await page.goto('/settings');
	await expect(page.getByText(/^SQLite \d/)).toBeVisible();
});
