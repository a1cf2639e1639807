import { expect, test } from '@playwright/test';
import { Stemma } from './stemma.ts';

test('without a host the page works and says what folders need', async ({ page }) => {
	await page.route('**/api/host/**', (route) =>
		route.fulfill({
			status: 501,
			json: { error: { code: 'unsupported', message: 'Folders need the host program.', retryable: false } }
		})
	);
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await page.getByRole('button', { name: 'Activity' }).click();
	await expect(page.getByRole('note')).toContainText('Folders need the host program.');
});
