import { readFileSync } from 'node:fs';
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
	// Three million characters take a while to lay out.
	test.slow();
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('while there was room');
	const cdp = await page.context().newCDPSession(page);
	const { origin } = new URL(page.url());
	await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
	const words = 'x'.repeat(3_000_000);
	await stemma.message.fill(words);
	await page.getByRole('button', { name: 'Send' }).click();
	await expect(page.getByText('could not be saved').first()).toBeVisible({ timeout: 40_000 });
	await expect(stemma.message).toHaveValue(words);
	await cdp.send('Storage.overrideQuotaForOrigin', { origin });
	await page.getByRole('button', { name: 'Send' }).click();
	const last = stemma.articles.last();
	await expect(last).toHaveAttribute('aria-setsize', '4', { timeout: 40_000 });
	await page.reload();
	await expect(last).toHaveAttribute('aria-setsize', '4', { timeout: 40_000 });
});

/** For `page.evaluate`: looks into the database file that no tab holds. In the pool it starts after 4,096 bytes. */
const lookIntoFile = async (
	setVersion: number | null
): Promise<{ version: number; digest: string } | null> => {
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
		const bytes = await (await handle.getFile()).slice(4096).arrayBuffer();
		const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
		const version = new DataView(bytes).getUint32(60);
		if (setVersion !== null) {
			const writable = await handle.createWritable({ keepExistingData: true });
			const data = new Uint8Array([0, 0, 0, setVersion]);
			await writable.write({ type: 'write', position: 4096 + 60, data });
			await writable.close();
		}
		return { version, digest };
	}
	return null;
};
/** Says that the file is of another version; the one it was of. */
async function setVersion(page: Page, version: number): Promise<number> {
	await page.goto('/api/health');
	let was: number | undefined;
	// The page before may still be letting go of its files.
	await expect(async () => {
		was = (await page.evaluate(lookIntoFile, version))?.version;
		expect(was).toBeDefined();
	}).toPass({ timeout: 10_000 });
	return was ?? 0;
}

test('a database of a newer version is left as it is to the byte, and said to be', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('from the future');
	const address = page.url();
	const was = await setVersion(page, 99);
	const before = await page.evaluate(lookIntoFile, null);
	await page.goto(address);
	await expect(page.getByRole('alert')).toContainText('newer than this version of Stemma');
	await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toHaveCount(0);
	expect(await page.evaluate(lookIntoFile, null)).toEqual(before);
	await setVersion(page, was);
	await page.goto(address);
	await stemma.expectLength(2);
});

test('a migration that fails leaves a screen, a file that can be saved, and everything in it', async ({
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('before the change');
	const address = page.url();
	// The steps that follow the first have been made: made again they fail.
	const was = await setVersion(page, 1);
	await page.goto(address);
	const alert = page.getByRole('alert');
	await expect(alert).toContainText('could not be brought up to date');
	await expect(alert).toContainText('migration_failed');
	const [download] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('button', { name: 'Save a copy of the database' }).click()
	]);
	const file = readFileSync(await download.path());
	expect(file.subarray(0, 15).toString()).toBe('SQLite format 3');
	expect(file.includes('before the change')).toBe(true);
	await setVersion(page, was);
	await page.goto(address);
	await stemma.expectLength(2);
	await stemma.ask('after it');
	await stemma.expectLength(4);
});
