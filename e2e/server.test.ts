import { expect, test } from '@playwright/test';
import { Stemma, UPSTREAM } from './stemma.ts';

interface Entry {
	readonly model: string;
	readonly abortedAt: number | null;
	readonly authorization: string | null;
	readonly body: string;
}
const ledger = async (model: string): Promise<readonly Entry[]> => {
	const { ledger: entries } = (await (await fetch(`${UPSTREAM}/__ledger`)).json()) as { ledger: Entry[] };
	return entries.filter((entry) => entry.model === model);
};

test('a server of one’s own, by its address: one request, and stop reaches it', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario slow');
	const before = (await ledger('scenario:slow')).length;
	await stemma.send('stop me');
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText('One word after');
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await expect(await stemma.at(2)).toContainText('Stopped');
	await expect.poll(async () => (await ledger('scenario:slow')).at(-1)?.abortedAt ?? null).not.toBeNull();
	expect((await ledger('scenario:slow')).length).toBe(before + 1);
});

test('through the local server: the page never sees the key, and stop travels all the way', async ({
	page
}) => {
	const stemma = new Stemma(page);
	const seen: string[] = [];
	page.on('response', (response) => {
		if (response.url().includes('/api/'))
			void response.text().then(
				(text) => seen.push(text),
				() => undefined
			);
	});
	await stemma.open();
	await page
		.getByRole('button', { name: /^Use 127\.0\.0\.1|^Use .*models\)/ })
		.first()
		.click();
	await stemma.chooseModel('Scenario slow');
	const before = (await ledger('scenario:slow')).length;
	await stemma.send('stop me through the relay');
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText('One word after');
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await expect(await stemma.at(2)).toContainText('Stopped');
	await expect
		.poll(
			async () =>
				(await ledger('scenario:slow'))
					.slice(before)
					.find((entry) => entry.body.includes('through the relay'))?.abortedAt ?? null
		)
		.not.toBeNull();
	const entry = (await ledger('scenario:slow'))
		.slice(before)
		.find(({ body }) => body.includes('through the relay'));
	expect(entry?.authorization).toBe('Bearer sk-e2e-secret');
	expect(seen.join('')).not.toContain('sk-e2e-secret');
});

test('figures of an answer come from the server, to the last digit', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario plain');
	await stemma.ask('how much?');
	const answer = await stemma.at(2);
	await expect(answer).toContainText('Hello, world.');
	await expect(answer.getByTitle('model')).toHaveText('test/model');
	await expect(answer.getByTitle('provider')).toContainText('TestProvider');
	await expect(answer.getByTitle('cost')).toContainText('$0.000042');
	await expect(answer.getByTitle('tokens in')).toContainText('12 in (4 cached)');
	await expect(answer.getByTitle('tokens out')).toContainText('3 out (1 reasoning)');
	await expect(answer.getByTitle('finish reason')).toContainText('stop');
});

test('a refused request says why, keeps the question, and can be tried again', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario not-retryable');
	await stemma.send('anybody there?');
	const alert = page.getByRole('alert').filter({ hasText: 'not available' });
	await expect(alert).toBeVisible();
	await expect(alert).toContainText('No provider');
	await expect(alert).toBeInViewport();
	await stemma.chooseModel('Scenario plain');
	await alert.getByRole('button', { name: 'Retry' }).click();
	await expect(await stemma.at(2)).toContainText('Hello, world.');
	await stemma.expectLength(2);
});

test('a broken stream keeps what came', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Scenario truncated');
	await stemma.ask('and then?');
	const answer = await stemma.at(2);
	await expect(answer).toContainText('Hello, world.');
	await expect(answer).toContainText('Failed');
	await expect(answer).toContainText('The connection closed in the middle of the answer');
	await expect(stemma.button(answer, 'Continue')).toBeVisible();
});

test('an address where nobody answers says so', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.open();
	await page.getByRole('textbox', { name: 'Address' }).fill('127.0.0.1:9');
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(page.getByRole('alert')).toContainText('Nobody answers there');
});
