/** What the first screen does without comes later; whoever is faster than that loses nothing. */
import { expect, test, type Page } from '@playwright/test';
import { Stemma } from './stemma.ts';

// What a service worker has kept never asks the network.
test.use({ serviceWorkers: 'block' });

/** Every script that is asked for once the first conversation is on the screen waits until it is let go. */
async function holdLateScripts(page: Page): Promise<() => void> {
	let letGo = (): void => undefined;
	const gate = new Promise<void>((resolve) => (letGo = resolve));
	await page.route('**/_app/immutable/**/*.js', async (route) => {
		const isShown = await page.evaluate(() => document.querySelector('textarea') !== null).catch(() => false);
		if (isShown) await gate;
		await route.continue();
	});
	return letGo;
}

test('keys that are pressed before the palette is loaded are meant for it, and get there', async ({
	page
}) => {
	const stemma = new Stemma(page);
	const letGo = await holdLateScripts(page);
	await stemma.openWithPractice();
	await stemma.message.fill('a draft');
	await page.keyboard.press('Control+k');
	await page.keyboard.type('settings');
	await expect(page.getByRole('dialog', { name: 'Command palette' })).toHaveCount(0);
	await expect(stemma.message).toHaveValue('a draft');
	letGo();
	await expect(page.getByRole('dialog', { name: 'Command palette' }).getByRole('combobox')).toHaveValue(
		'settings'
	);
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/\/settings$/);
});

test('a message sent before the conversation can be drawn is there when it can', async ({ page }) => {
	const stemma = new Stemma(page);
	const letGo = await holdLateScripts(page);
	await stemma.openWithPractice();
	await stemma.send('faster than the page');
	await expect(stemma.message).toHaveValue('');
	letGo();
	await stemma.expectLength(2);
	await stemma.waitForAnswer();
	await expect(stemma.articles.first()).toContainText('faster than the page');
});

test('a part that cannot be loaded is told, and comes with a second try', async ({ page }) => {
	const stemma = new Stemma(page);
	let isDown = false;
	await page.route('**/_app/immutable/**/*.js', async (route) => {
		isDown ||= await page.evaluate(() => document.querySelector('textarea') !== null).catch(() => false);
		await (isDown ? route.abort() : route.continue());
	});
	await stemma.openWithPractice();
	await page.keyboard.press('Control+k');
	const notice = page.getByRole('alert').filter({ hasText: 'could not be loaded' });
	await expect(notice).toBeVisible();
	// What is there goes on working.
	await stemma.message.fill('still here');
	await expect(stemma.message).toHaveValue('still here');
	await page.unroute('**/_app/immutable/**/*.js');
	await notice.getByRole('button', { name: 'Reload' }).click();
	await expect(stemma.message).toBeVisible();
	await page.keyboard.press('Control+k');
	await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible();
});
