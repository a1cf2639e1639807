/** A key is in one place of the browser, and goes to its endpoint; nothing else ever holds it. */
import { expect, test, type Page } from '@playwright/test';
import { Stemma, UPSTREAM } from './stemma.ts';

const KEY = 'sk-very-secret-key-0123456789';

/** Every text this origin keeps, except the store of keys itself. */
function everythingKept(page: Page): Promise<string> {
	return page.evaluate(async () => {
		const kept: string[] = [
			JSON.stringify(Object.entries(localStorage)),
			JSON.stringify(Object.entries(sessionStorage)),
			document.cookie,
			location.href,
			JSON.stringify(history.state),
			document.documentElement.outerHTML,
			...[...document.querySelectorAll('input, textarea')].map((field) => (field as HTMLInputElement).value)
		];
		for (const { name } of await indexedDB.databases()) {
			if (name === undefined || name === 'stemma-keys') continue;
			const database = await new Promise<IDBDatabase>((resolve, reject) => {
				const request = indexedDB.open(name);
				request.onsuccess = () => resolve(request.result);
				request.onerror = () => reject(new Error(name));
			});
			for (const store of database.objectStoreNames) {
				kept.push(
					await new Promise<string>((resolve) => {
						const request = database.transaction(store).objectStore(store).getAll();
						request.onsuccess = () => resolve(JSON.stringify(request.result));
					})
				);
			}
			database.close();
		}
		for (const cache of await caches.keys()) {
			for (const request of await (await caches.open(cache)).keys()) {
				const response = await caches.match(request);
				kept.push(request.url, JSON.stringify([...request.headers]), (await response?.text()) ?? '');
			}
		}
		return kept.join('\n');
	});
}

test('a key is where it is kept and nowhere else: not in the database, the page, the address, a log or an export', async ({
	page
}) => {
	test.slow();
	const stemma = new Stemma(page);
	const said: string[] = [];
	page.on('console', (line) => said.push(line.text()));
	const asked: string[] = [];
	page.on('request', (request) => {
		asked.push(request.url(), request.postData() ?? '');
		const isUpstream = request.url().startsWith(UPSTREAM);
		if (!isUpstream) asked.push(JSON.stringify(request.headers()));
	});
	await stemma.open();
	await page.getByRole('textbox', { name: 'Address' }).fill(`${UPSTREAM}/v1`);
	const field = page.getByRole('textbox', { name: 'Key', exact: true });
	await field.fill(KEY);
	await expect(field).toHaveAttribute('type', 'password');
	await expect(field).toHaveAttribute('autocomplete', 'off');
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(stemma.message).toBeVisible();
	await stemma.chooseModel('Scenario plain');
	await stemma.ask('hello');

	// A server that quotes the key it refuses, in the error of an answer.
	await stemma.chooseModel('Scenario refuse-key');
	await stemma.send('and now?');
	const alert = page.getByRole('alert').filter({ hasText: 'does not accept the key' });
	await expect(alert).toContainText('Incorrect key provided: Bearer [key]');
	expect(await page.getByRole('status').allTextContents()).not.toContain(KEY);

	await page.goto('/settings');
	await expect(page.getByText(/^SQLite \d/)).toBeVisible();
	expect(await everythingKept(page)).not.toContain(KEY);
	// Without the picker, which nobody can drive from here, the browser downloads.
	await page.evaluate(() => {
		Reflect.deleteProperty(globalThis, 'showSaveFilePicker');
	});
	const download = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Back up now' }).click();
	const stream = await (await download).createReadStream();
	const chunks: Buffer[] = [];
	for await (const chunk of stream) chunks.push(chunk as Buffer);
	const file = Buffer.concat(chunks);
	expect(file.subarray(0, 15).toString()).toBe('SQLite format 3');
	expect(file.includes('Hello, world.')).toBe(true);
	expect(file.includes(KEY)).toBe(false);
	expect([...said, ...asked].join('\n')).not.toContain(KEY);

	// It was used all the same, and a removed endpoint takes it along.
	const { ledger } = (await (await fetch(`${UPSTREAM}/__ledger`)).json()) as {
		ledger: { authorization: string | null }[];
	};
	expect(ledger.some(({ authorization }) => authorization === `Bearer ${KEY}`)).toBe(true);
	await page.getByRole('button', { name: /^Remove 127/ }).click();
	await expect(page.getByRole('button', { name: /^Remove 127/ })).toHaveCount(0);
	const left = await page.evaluate(
		() =>
			new Promise<number>((resolve) => {
				const request = indexedDB.open('stemma-keys');
				request.onsuccess = () => {
					const count = request.result.transaction('keys').objectStore('keys').count();
					count.onsuccess = () => resolve(count.result);
				};
			})
	);
	expect(left).toBe(0);
});
