import { expect, test, type BrowserContext } from '@playwright/test';
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

test('a fork that another tab makes far up is there once this one goes on', async ({ context, page }) => {
	const first = new Stemma(page);
	await first.openWithPractice();
	await first.ask('the question');
	await first.ask('another');
	const second = new Stemma(await context.newPage());
	await second.open(new URL(page.url()).pathname);
	await second.expectLength(4);
	await second.button(await second.at(2), 'Regenerate').click();
	await second.expectLength(2);
	await second.waitForAnswer();
	await first.expectLength(4);
	await first.ask('on this branch');
	await expect(page.getByTitle('Fork at 2: 2 versions')).toHaveCount(1);
	await first.ask('and on');
	await expect(page.getByTitle('Fork at 2: 2 versions')).toHaveCount(1);
});

/** Keeps what other tabs did from the page while `isDeaf` is set, and tells it afterwards. */
const deafen = (context: BrowserContext): Promise<unknown> =>
	context.addInitScript(() => {
		const held: (() => void)[] = [];
		const ears = {
			isDeaf: false,
			hear() {
				ears.isDeaf = false;
				for (const tell of held.splice(0)) tell();
			}
		};
		const Original = Worker;
		globalThis.Worker = class extends Original {
			constructor(url: string | URL, options?: WorkerOptions) {
				super(url, options);
				this.addEventListener('message', (event: MessageEvent<{ t?: string }>) => {
					if (!ears.isDeaf || event.data.t !== 'change') return;
					event.stopImmediatePropagation();
					held.push(() => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
				});
			}
		};
		Object.assign(globalThis, { ears });
	});
interface Ears {
	readonly ears: { isDeaf: boolean; hear(): void };
}

test('two tabs that answer the same message leave two versions, and each tab shows both', async ({
	context,
	page
}) => {
	await deafen(context);
	const first = new Stemma(page);
	await first.openWithPractice();
	await first.ask('the question');
	const second = new Stemma(await context.newPage());
	await second.open(new URL(page.url()).pathname);
	await second.expectLength(2);
	// Neither knows of the other when it sends.
	for (const tab of [first, second]) {
		await tab.page.evaluate(() => {
			(globalThis as unknown as Ears).ears.isDeaf = true;
		});
	}
	await first.send('from the first tab');
	await second.send('from the second tab');
	for (const tab of [first, second]) {
		await tab.expectLength(4);
		await tab.waitForAnswer();
		await tab.page.evaluate(() => {
			(globalThis as unknown as Ears).ears.hear();
		});
	}
	for (const [tab, own, other] of [
		[first, 'from the first tab', 'from the second tab'],
		[second, 'from the second tab', 'from the first tab']
	] as const) {
		const message = await tab.at(3);
		await expect(message).toContainText(own);
		await expect(message).toContainText('/2');
		const isFirst = (await message.innerText()).includes('1/2');
		await tab.button(message, isFirst ? 'Next version' : 'Previous version').click();
		await expect(await tab.at(3)).toContainText(other);
		await tab.expectLength(4);
	}
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
	await expect(alert).toContainText('nothing you had is touched');
	await expect(page.getByRole('button', { name: 'Reload' })).toBeVisible();
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
