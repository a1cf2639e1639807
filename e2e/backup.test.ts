import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { Stemma } from './stemma.ts';

const backUp = async (page: Page): Promise<{ name: string; mimeType: string; buffer: Buffer }> => {
	await page.getByRole('button', { name: 'Settings' }).click();
	// Without the picker, which nobody can drive from here, the browser downloads.
	await page.evaluate(() => {
		Reflect.deleteProperty(globalThis, 'showSaveFilePicker');
	});
	const [download] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('button', { name: 'Back up now' }).click()
	]);
	expect(download.suggestedFilename()).toMatch(/^stemma-\d{4}-\d\d-\d\d-\d\d-\d\d\.sqlite$/);
	await expect(page.getByText('The last backup was made')).toBeVisible();
	const buffer = readFileSync(await download.path());
	return { name: download.suggestedFilename(), mimeType: 'application/vnd.sqlite3', buffer };
};

test('a backup from one browser is merged in another, or replaces what is there, and the former state comes back', async ({
	browser
}) => {
	test.setTimeout(120_000);
	const [there, here] = [await browser.newContext(), await browser.newContext()];
	const [far, near] = [new Stemma(await there.newPage()), new Stemma(await here.newPage())];
	await far.openWithPractice();
	await far.ask('said elsewhere');
	const file = await backUp(far.page);
	expect(file.buffer.subarray(0, 15).toString()).toBe('SQLite format 3');
	await there.close();

	await near.openWithPractice();
	await near.ask('said here');
	const { page } = near;
	const list = page.getByRole('navigation', { name: 'Conversations' });
	await page.getByRole('button', { name: 'Settings' }).click();
	const chosen = page.getByRole('region', { name: 'What is in the file' });
	await page.getByLabel('Backup file').setInputFiles(file);
	await expect(chosen).toContainText('1 conversation, 2 messages');
	await expect(chosen).toContainText('2 messages and 1 conversation are not here yet');
	await page.getByRole('button', { name: 'Cancel' }).click();
	await expect(chosen).toBeHidden();
	await expect(list.getByRole('link')).toHaveCount(1);

	await page.getByLabel('Backup file').setInputFiles(file);
	await chosen.getByRole('button', { name: 'Merge' }).click();
	await expect(page.getByText('2 messages and 1 conversation were added')).toBeVisible();
	await expect(list.getByRole('link')).toHaveCount(2);
	await list.getByRole('link', { name: /said elsewhere/ }).click();
	await near.expectLength(2);

	const second = await here.newPage();
	await second.goto('/');
	await expect(second.getByRole('navigation', { name: 'Conversations' }).getByRole('link')).toHaveCount(2);
	await page.getByRole('button', { name: 'Settings' }).click();
	await page.getByLabel('Backup file').setInputFiles(file);
	await expect(chosen).toContainText('All its messages are here already');
	await chosen.getByRole('button', { name: 'Replace' }).click();
	for (const tab of [page, second]) {
		const links = tab.getByRole('navigation', { name: 'Conversations' }).getByRole('link');
		await expect(links).toHaveCount(1);
		await expect(links).toContainText('said elsewhere');
	}
	await list.getByRole('link').click();
	await near.ask('and on with it');
	await near.expectLength(4);

	await page.getByRole('button', { name: 'Settings' }).click();
	const copy = page.getByRole('listitem').filter({ hasText: 'before it was replaced' });
	await copy.getByRole('button', { name: 'Restore' }).click();
	await expect(chosen).toContainText('2 conversations, 4 messages');
	await chosen.getByRole('button', { name: 'Merge' }).click();
	await expect(list.getByRole('link')).toHaveCount(2);
	await list.getByRole('link', { name: /said here/ }).click();
	await near.expectLength(2);
	await here.close();
});

test('a file that is no backup is refused and changes nothing', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('mine');
	await page.getByRole('button', { name: 'Settings' }).click();
	await page.getByLabel('Backup file').setInputFiles({
		name: 'photo.sqlite',
		mimeType: 'application/octet-stream',
		buffer: Buffer.from('not a database '.repeat(100))
	});
	await expect(page.getByText('This is no SQLite database. Nothing here has changed.')).toBeVisible();
	await page.reload();
	await expect(page.getByRole('navigation', { name: 'Conversations' }).getByRole('link')).toContainText(
		'mine'
	);
});
