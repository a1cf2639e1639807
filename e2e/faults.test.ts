import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import { Stemma } from './stemma.ts';

// A kept copy of the program would answer where these tests take things away.
test.use({ serviceWorkers: 'block' });

/** Keeps hold of the page's workers, so that one can be killed as the system would. */
const watchWorkers = (context: BrowserContext): Promise<unknown> =>
	context.addInitScript(() => {
		const workers: { url: string; worker: Worker }[] = [];
		const Original = Worker;
		globalThis.Worker = class extends Original {
			constructor(url: string | URL, options?: WorkerOptions) {
				super(url, options);
				workers.push({ url: String(url), worker: this });
			}
		};
		Object.assign(globalThis, { workers });
	});
const killDatabaseWorker = (page: Page): Promise<void> =>
	page.evaluate(() => {
		const { workers } = globalThis as unknown as { workers: { url: string; worker: Worker }[] };
		workers.findLast(({ url }) => url.includes('db-worker'))?.worker.terminate();
	});

test('a database worker that dies is replaced, in the tab that holds the database and in another', async ({
	context
}) => {
	await watchWorkers(context);
	const stemma = new Stemma(await context.newPage());
	await stemma.openWithPractice();
	await stemma.ask('before');
	await killDatabaseWorker(stemma.page);
	await stemma.ask('after');
	await stemma.expectLength(4);
	const second = new Stemma(await context.newPage());
	await second.page.goto(stemma.page.url());
	await second.expectLength(4);
	await killDatabaseWorker(second.page);
	await second.ask('from the second');
	await second.expectLength(6);
	await stemma.expectLength(6);
	await killDatabaseWorker(stemma.page);
	await second.ask('and once more');
	await second.expectLength(8);
	await stemma.page.reload();
	await stemma.expectLength(8);
});

test('a worker that dies in mid-answer loses nothing that was said', async ({ context }) => {
	await watchWorkers(context);
	const stemma = new Stemma(await context.newPage());
	await stemma.openWithPractice();
	await stemma.send('tell me');
	await expect(stemma.page.locator('article[aria-busy="true"] .prose')).toBeVisible();
	await killDatabaseWorker(stemma.page);
	await stemma.waitForAnswer();
	await stemma.expectLength(2);
	const words = await stemma.articles.last().locator('.prose').innerText();
	await stemma.page.reload();
	await expect(stemma.articles.last().locator('.prose')).toHaveText(words, { useInnerText: true });
});

test('a worker that cannot be replaced leaves a screen that says so', async ({ context }) => {
	await watchWorkers(context);
	const stemma = new Stemma(await context.newPage());
	await stemma.openWithPractice();
	await stemma.ask('before');
	await context.route('**/db-worker*', (route) => route.abort());
	await killDatabaseWorker(stemma.page);
	await expect(stemma.page.getByRole('alert')).toContainText('database');
	await expect(stemma.page.getByRole('button', { name: 'Reload' })).toBeVisible();
	await context.unroute('**/db-worker*');
	await stemma.page.getByRole('button', { name: 'Reload' }).click();
	await stemma.expectLength(2);
});

test('without room nothing is half written, and what was typed stays', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('while there was room');
	const cdp = await page.context().newCDPSession(page);
	const { origin } = new URL(page.url());
	await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
	const words = 'x'.repeat(3_000_000);
	await stemma.message.fill(words);
	await page.getByRole('button', { name: 'Send' }).click();
	await expect(page.getByText('could not be saved').first()).toBeVisible();
	await expect(stemma.message).toHaveValue(words);
	await cdp.send('Storage.overrideQuotaForOrigin', { origin });
	await page.getByRole('button', { name: 'Send' }).click();
	await stemma.expectLength(4);
	await page.reload();
	await stemma.expectLength(4);
});

test('a database of a newer version is left as it is, and said to be', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('from the future');
	const address = page.url();
	await page.goto('/api/health');
	// In the pool's file the database starts after a header of 4,096 bytes; its version is at 60.
	const setVersion = (): Promise<boolean> =>
		page.evaluate(async () => {
			const filesIn = async (folder: FileSystemDirectoryHandle): Promise<FileSystemFileHandle[]> => {
				const files: FileSystemFileHandle[] = [];
				for await (const handle of folder.values()) {
					if (handle instanceof FileSystemDirectoryHandle) files.push(...(await filesIn(handle)));
					else if (handle instanceof FileSystemFileHandle) files.push(handle);
				}
				return files;
			};
			for (const handle of await filesIn(await navigator.storage.getDirectory())) {
				const head = await (await handle.getFile()).slice(0, 4200).text();
				if (!head.startsWith('/stemma.sqlite\0') || !head.includes('SQLite format 3')) continue;
				const writable = await handle.createWritable({ keepExistingData: true });
				await writable.write({ type: 'write', position: 4096 + 60, data: new Uint8Array([0, 0, 0, 99]) });
				await writable.close();
				return true;
			}
			return false;
		});
	// The page before may still be letting go of its files.
	await expect(async () => {
		expect(await setVersion()).toBe(true);
	}).toPass({ timeout: 10_000 });
	await page.goto(address);
	await expect(page.getByRole('alert')).toContainText('newer than this version of Stemma');
	await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toHaveCount(0);
});
