import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Stemma, UPSTREAM } from './stemma.ts';

interface Request {
	readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** What the model server was asked last with certain words in it. */
const lastRequest = async (words: string): Promise<Request> => {
	const { ledger } = (await (await fetch(`${UPSTREAM}/__ledger`)).json()) as { ledger: { body: string }[] };
	return JSON.parse(ledger.findLast(({ body }) => body.includes(words))?.body ?? '{}') as Request;
};

async function expectAccessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))])).toEqual([]);
}

const toast = (page: Page, words: string | RegExp) =>
	page
		.getByRole('region', { name: /Notifications/ })
		.getByRole('listitem')
		.filter({ hasText: words });
const inMenu = async (stemma: Stemma, place: number, item: string): Promise<void> => {
	const article = await stemma.at(place);
	await article.hover();
	await article.getByRole('button', { name: 'More' }).click();
	await stemma.page.getByRole('menuitem', { name: item, exact: true }).click();
};
/** Puts the focus where keys are commands. */
const leaveField = (page: Page): Promise<void> => page.locator('article[data-node]').last().focus();

test('undo and redo by keys: a message, a name; the log says what was done, and undoes any of it', async ({
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	await stemma.ask('one');
	await stemma.ask('two');
	await leaveField(page);
	await page.keyboard.press('Control+z');
	await expect(toast(page, 'Undone: Branch “main” moved')).toBeVisible();
	await stemma.expectLength(3);
	await page.keyboard.press('Control+z');
	await stemma.expectLength(2);
	await page.keyboard.press('Control+Shift+z');
	await stemma.expectLength(3);
	await page.keyboard.press('Control+y');
	await stemma.expectLength(4);
	await page.keyboard.press('Control+y');
	await expect(toast(page, 'There is nothing to redo.')).toBeVisible();

	await page.keyboard.press('Control+Shift+l');
	await expect(page.getByRole('heading', { name: 'Operation log' })).toBeVisible();
	const entries = page.getByRole('list', { name: 'Operations' }).getByRole('listitem');
	await expect(entries.first()).toContainText('Redone: Branch “main” moved to');
	await entries
		.first()
		.getByRole('button', { name: /^Undo:/ })
		.press('Enter');
	await expect(entries.first()).toContainText('Undone: Branch “main” moved to');
	await expect(entries.first().getByRole('button', { name: /^Redo:/ })).toBeVisible();
	await entries
		.first()
		.getByRole('button', { name: /^Redo:/ })
		.press('ArrowDown');
	await expect(entries.nth(1).locator(':focus')).toHaveCount(1);

	await page.getByRole('button', { name: 'Names', exact: true }).click();
	await expect(page.getByText('Nothing of this kind was done.')).toBeVisible();
	await page.getByRole('button', { name: 'Undone', exact: true }).click();
	await expect(entries).toHaveCount(1);
	await expect(entries.first()).toContainText('Branch “main” moved to');
	await page.getByRole('button', { name: 'All', exact: true }).click();
	await expect(entries.first()).toContainText('Undone:');
	await entries.last().getByRole('link').click();
	await expect(await stemma.at(1)).toContainText('one');
});

test('an earlier state is planned, restored, and undone as one', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	await stemma.ask('before');
	await (await stemma.at(1)).focus();
	await page.keyboard.press('p');
	await expect(page.getByRole('region', { name: 'Pinned messages' })).toContainText('1 pinned');
	await stemma.ask('after');
	await page.goto('/log');
	const entries = page.getByRole('list', { name: 'Operations' }).getByRole('listitem');
	await expect(entries.nth(2)).toContainText('Pinned');
	await entries
		.nth(2)
		.getByRole('button', { name: /^More about/ })
		.click();
	await page.getByRole('menuitem', { name: 'Restore to before this' }).click();
	const plan = page.getByRole('dialog', { name: 'Restore an earlier state' });
	await expect(plan.getByRole('list', { name: 'Changes' }).getByRole('listitem')).toContainText([
		/Branch “main” moved/,
		/No longer pinned: “before”/
	]);
	await plan.getByRole('button', { name: 'Restore', exact: true }).click();
	await expect(plan).toBeHidden();
	await expect(entries.first()).toContainText('Restored the state of');
	await entries.first().getByRole('button', { name: 'Show all of it' }).click();
	await expect(entries.first()).toContainText('No longer pinned: “before”');
	await page.getByRole('navigation', { name: 'Conversations' }).getByRole('link').first().click();
	await stemma.expectLength(2);
	await leaveField(page);
	await page.keyboard.press('Control+z');
	await stemma.expectLength(4);
	await expect(page.getByRole('region', { name: 'Pinned messages' })).toContainText('1 pinned');
});

test('what is pinned is always sent, what is left out is not, and what is hidden is', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	await stemma.ask('the pinned words');
	await stemma.ask('the excluded words');
	await (await stemma.at(1)).focus();
	await page.keyboard.press('p');
	await expect(toast(page, 'Pinned')).toBeVisible();
	await (await stemma.at(3)).focus();
	await page.keyboard.press('x');
	await expect((await stemma.at(3)).getByText('Not sent')).toBeVisible();
	await (await stemma.at(4)).focus();
	await page.keyboard.press('h');
	await expect((await stemma.at(4)).getByRole('button', { name: 'Hidden message' })).toBeVisible();
	await stemma.ask('now what?');
	const { messages } = await lastRequest('now what?');
	expect(messages[0]?.role).toBe('system');
	expect(messages[0]?.content).toContain('the pinned words');
	const asked = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
	expect(asked.join()).not.toContain('the excluded words');
	expect(
		messages.filter(({ role }) => role === 'assistant').length,
		'the hidden answer is sent'
	).toBeGreaterThan(0);
	await stemma.button(await stemma.at(6), 'What was sent').click();
	await expect(page.getByRole('dialog', { name: 'What was sent' })).toContainText(
		'1 message: excluded by you'
	);
	await page.keyboard.press('Escape');
	await (await stemma.at(4)).getByRole('button', { name: 'Hidden message' }).click();
	await expect((await stemma.at(4)).getByRole('button', { name: 'Copy', exact: true })).toBeVisible();
});

test('tags by key, on messages and conversations, and the list by tag', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	await stemma.ask('about trees');
	await (await stemma.at(1)).focus();
	await page.keyboard.press('t');
	const editor = page.getByRole('dialog', { name: 'Tags and roles of this message' });
	await editor.getByRole('button', { name: 'decision' }).press('Enter');
	await editor.getByLabel('New tag').fill('#botany');
	await page.keyboard.press('Enter');
	await expect(editor.getByRole('list', { name: 'Tags given' })).toContainText('#botany');
	await page.keyboard.press('Escape');
	await expect(await stemma.at(1)).toContainText('decision');
	await expect(await stemma.at(1)).toContainText('#botany');

	await page.getByRole('button', { name: 'Conversation actions' }).click();
	await page.getByRole('menuitem', { name: 'Tags' }).click();
	const ofConversation = page.getByRole('dialog', { name: 'Tags of this conversation' });
	await ofConversation.getByLabel('New tag').fill('garden');
	await page.keyboard.press('Enter');
	await expect(ofConversation.getByRole('list', { name: 'Tags given' })).toContainText('#garden');
	await page.keyboard.press('Escape');
	await stemma.newConversation();
	await stemma.ask('about rivers');
	const list = page.getByRole('navigation', { name: 'Conversations' });
	await expect(list.getByRole('link')).toHaveCount(2);
	await list.getByRole('button', { name: '#garden' }).click();
	await expect(list.getByRole('link')).toHaveText([/about trees/]);
	await list.getByRole('button', { name: '#garden' }).click();
	await expect(list.getByRole('link')).toHaveCount(2);
	await list.getByRole('button', { name: 'decision', exact: true }).click();
	await expect(list.getByRole('link')).toHaveText([/about trees/]);
	await list.getByRole('button', { name: 'decision', exact: true }).click();
	await expect(list.getByRole('link')).toHaveCount(2);
});

test('redact and purge say what they reach, and mean it', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	await stemma.ask('a secret');
	await stemma.ask('more');
	await inMenu(stemma, 1, 'Redact');
	const redact = page.getByRole('dialog', { name: 'Redact this message' });
	await expect(redact).toContainText('Backups and copies made before');
	await redact.getByRole('button', { name: 'Redact' }).click();
	await expect(await stemma.at(1)).toContainText('The text of this message was redacted.');
	await expect(page.getByRole('navigation', { name: 'Conversations' }).getByRole('link')).toHaveText([
		/more/
	]);

	await inMenu(stemma, 3, 'Purge');
	const purge = page.getByRole('dialog', { name: 'Purge this message' });
	await expect(purge).toContainText('2 messages');
	await expect(purge).toContainText('main: at the message above');
	await purge.getByRole('button', { name: 'Purge' }).click();
	await expect(purge).toBeHidden();
	await stemma.expectLength(2);
	await page.goto('/log');
	const entries = page.getByRole('list', { name: 'Operations' }).getByRole('listitem');
	await expect(entries.first()).toContainText('Message purged, with all below it');
	await expect(entries.first()).toContainText('For good');
	await expect(entries.first().getByRole('button', { name: /^Undo:/ })).toHaveCount(0);

	const list = page.getByRole('navigation', { name: 'Conversations' });
	await list.getByRole('link').hover();
	await list.getByRole('button', { name: /^Actions for/ }).click();
	await page.getByRole('menuitem', { name: 'Purge' }).click();
	await page
		.getByRole('dialog', { name: 'Purge this conversation' })
		.getByRole('button', { name: 'Purge' })
		.click();
	await expect(list.getByRole('link')).toHaveCount(0);
	await expect(entries.first()).toContainText('a purged conversation');
});

test('two tabs at a barrier: both write on, one makes branches, one undoes; they end the same and nothing is lost', async ({
	context,
	page
}) => {
	const first = new Stemma(page);
	await first.openWithServer('Test model 1');
	await first.ask('shared');
	const second = new Stemma(await context.newPage());
	await second.open(new URL(page.url()).pathname);
	await second.expectLength(2);
	await expect(second.message).toBeVisible();
	await first.message.fill('from the first');
	await second.message.fill('from the second');
	// While its page is busy the second tab hears nothing, so that it writes on from what it has seen.
	await second.page.getByRole('button', { name: 'Send' }).evaluate((button: HTMLElement) => {
		setTimeout(() => {
			const until = performance.now() + 2000;
			while (performance.now() < until);
			button.click();
		});
	});
	await first.message.press('Enter');
	for (const tab of [first, second]) {
		await tab.waitForAnswer();
		await tab.expectLength(4);
		await expect(tab.page.getByRole('region', { name: 'Diverged branch' })).toContainText('main has 2 ends');
	}
	await expect(await first.at(3)).toContainText('from the first');
	await expect(await second.at(3)).toContainText('from the second');
	await leaveField(first.page);
	await first.page.keyboard.press('4');
	await expect(await first.at(3)).toContainText('from the second');

	// One makes branches of them, the other takes back the answer it was given, at once.
	await Promise.all([first, second].map((tab) => leaveField(tab.page)));
	await Promise.all([first.page.keyboard.press('1'), second.page.keyboard.press('Control+z')]);
	// Whoever comes second is told if what it wanted is not so any more.
	for (const tab of [first, second]) {
		const told = tab.page.getByRole('region', { name: /Notifications/ }).getByRole('listitem');
		await expect(told.first()).toBeVisible();
	}
	const logs: (readonly string[])[] = [];
	for (const tab of [first, second]) {
		await tab.page.goto('/log');
		const entries = tab.page.getByRole('list', { name: 'Operations' }).getByRole('listitem');
		await expect(entries.filter({ hasText: 'from the first' }).first()).toBeVisible();
		logs.push(await entries.allInnerTexts());
	}
	expect(logs[0], 'both tabs tell the same').toEqual(logs[1]);
	for (const words of ['from the first', 'from the second']) expect(logs[0]?.join('\n')).toContain(words);
});

for (const colorScheme of ['light', 'dark'] as const) {
	test(`the log and what belongs to it are accessible in ${colorScheme}`, async ({ browser }) => {
		const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
		const page = await context.newPage();
		const stemma = new Stemma(page);
		await stemma.openWithServer('Test model 1');
		await stemma.ask('one');
		await (await stemma.at(1)).focus();
		for (const key of ['p', 'x', 'h']) await page.keyboard.press(key);
		await expect(page.getByRole('button', { name: 'Hidden message' })).toBeVisible();
		await page.getByRole('button', { name: /pinned: always sent/ }).click();
		await page.locator('article').first().focus();
		await page.keyboard.press('t');
		await expect(page.getByRole('button', { name: 'decision' })).toBeVisible();
		await page.getByRole('button', { name: 'decision' }).click();
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await page.keyboard.press('Escape');
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await inMenu(stemma, 2, 'Purge');
		await expect(page.getByRole('button', { name: 'Purge' })).toBeVisible();
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await page.goto('/log');
		const entries = page.getByRole('list', { name: 'Operations' }).getByRole('listitem');
		await expect(entries.first()).toContainText('Marked as decision');
		await expectAccessible(page);
		await entries
			.last()
			.getByRole('button', { name: /^More about/ })
			.click();
		await page.getByRole('menuitem', { name: 'Restore to after this' }).click();
		await expect(page.getByRole('list', { name: 'Changes' })).toBeVisible();
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await page.keyboard.press('Escape');
		await page.setViewportSize({ width: 390, height: 800 });
		await page.waitForTimeout(300);
		await expectAccessible(page);
		await context.close();
	});
}
