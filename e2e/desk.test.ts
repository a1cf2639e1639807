import { expect, test, type Page } from '@playwright/test';
import { Stemma, UPSTREAM } from './stemma.ts';

interface Request {
	readonly model: string;
	readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** What the model server was asked last with certain words in it. */
const lastRequest = async (words: string): Promise<Request> => {
	const { ledger } = (await (await fetch(`${UPSTREAM}/__ledger`)).json()) as {
		ledger: { body: string }[];
	};
	return JSON.parse(ledger.findLast(({ body }) => body.includes(words))?.body ?? '{}') as Request;
};

const paste = (page: Page, text: string): Promise<void> =>
	page.getByRole('textbox', { name: 'Message', exact: true }).evaluate((field, words) => {
		const data = new DataTransfer();
		data.setData('text/plain', words);
		field.dispatchEvent(
			new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
		);
	}, text);

test('messages queue while an answer is written, change their order, and go out one by one', async ({
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.send('first question');
	await expect(page.getByRole('button', { name: 'Stop', exact: true })).toBeVisible();
	for (const words of ['second question', 'third question']) {
		await stemma.message.fill(words);
		await page.getByRole('button', { name: 'Queue', exact: true }).click();
	}
	const queue = page.getByRole('region', { name: 'Queue' });
	await expect(queue.getByRole('listitem')).toHaveText([/second question/, /third question/]);
	await queue.getByRole('listitem').nth(1).getByRole('button', { name: 'Move up' }).click();
	await expect(queue.getByRole('listitem')).toHaveText([/third question/, /second question/]);
	await queue.getByRole('listitem').nth(1).getByRole('button', { name: 'Edit queued message' }).click();
	await page.getByRole('textbox', { name: 'Queued message' }).fill('second question, better');
	await page.getByRole('textbox', { name: 'Queued message' }).press('Enter');
	await expect(queue).toBeHidden({ timeout: 45_000 });
	await stemma.waitForAnswer();
	await stemma.expectLength(6);
	for (const [place, words] of [
		[3, 'third question'],
		[5, 'second question, better']
	] as const)
		await expect(await stemma.at(place)).toContainText(words);
});

test('a queued message sent now stops the answer, which is kept, and a reload keeps the queue', async ({
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.send('a story');
	await expect(page.locator('article[aria-busy="true"] .prose')).toBeVisible();
	for (const words of ['later', 'at once']) {
		await stemma.message.fill(words);
		await stemma.message.press('Enter');
	}
	const queue = page.getByRole('region', { name: 'Queue' });
	await queue.getByRole('listitem').nth(1).getByRole('button', { name: 'Send now' }).click();
	await expect(page.getByRole('article').filter({ hasText: 'Stopped' })).toBeVisible();
	await expect(page.getByRole('article', { name: /You, 3 of/ })).toContainText('at once');
	await page.reload();
	await expect(queue.getByRole('listitem')).toHaveText([/later/]);
	await expect(queue).toContainText('Waiting');
	await expect(
		page
			.getByRole('article')
			.filter({ hasText: 'Interrupted' })
			.or(page.getByText('Stemma was closed while this was written'))
			.first()
	).toBeVisible();
	await queue.getByRole('button', { name: 'Send now' }).click();
	await expect(queue).toBeHidden();
	await expect(page.locator('article[aria-busy="true"] .prose')).toBeVisible();
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await expect(stemma.articles.last()).toContainText('Stopped');
	await stemma.articles.last().focus();
	await page.keyboard.press('s');
	const sent = page.getByRole('dialog', { name: 'What was sent' });
	await expect(sent.getByRole('listitem').last()).toContainText('later');
	await expect(sent.getByRole('listitem').first()).toContainText('a story');
});

test('a long paste is attached, survives a reload, and is sent whole', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	const log = Array.from({ length: 500 }, (_, i) => `line ${i} of the log`).join('\n');
	await paste(page, log);
	const attached = page.getByRole('list', { name: 'Attached' });
	await expect(attached).toContainText('Pasted text 1');
	await stemma.message.fill('What is wrong here?');
	await page.reload();
	await expect(attached).toContainText('Pasted text 1');
	await stemma.message.fill('What is wrong here?');
	await page.getByRole('button', { name: 'Send' }).click();
	await expect(page.getByRole('article')).toHaveCount(2);
	await stemma.waitForAnswer();
	const { messages } = await lastRequest('What is wrong here?');
	expect(messages.at(-1)?.content).toContain(log);
	expect(messages.at(-1)?.content).toContain('What is wrong here?');
	const question = await stemma.at(1);
	await question.getByText('Pasted text 1').click();
	await expect(question).toContainText('line 499 of the log');
});

test('a system prompt and a model belong to their conversation', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	await page.getByRole('button', { name: 'System prompt' }).click();
	await page.getByRole('textbox', { name: 'System prompt' }).fill('Answer in verse.');
	await page.getByRole('button', { name: 'Save' }).click();
	await stemma.ask('Good morning');
	expect((await lastRequest('Good morning')).messages[0]).toMatchObject({
		role: 'system',
		content: 'Answer in verse.'
	});
	await stemma.newConversation();
	await stemma.chooseModel('Test model 2');
	await stemma.ask('Hello again');
	const other = await lastRequest('Hello again');
	expect(other.model).toBe('test/model-2');
	expect(other.messages[0]?.role).toBe('user');
	await page.getByRole('link', { name: 'Good morning' }).click();
	await expect(page.getByRole('combobox', { name: 'Model' })).toHaveValue('Test model 1');
	const answer = await stemma.at(2);
	await answer.hover();
	await answer.getByRole('button', { name: 'More' }).click();
	await page.getByRole('menuitem', { name: 'Regenerate with another model' }).click();
	const picker = page.getByRole('combobox', { name: 'Model for this answer' });
	await picker.click();
	await picker.fill('model 3');
	await page.getByRole('option').filter({ hasText: 'Test model 3' }).first().click();
	await stemma.waitForAnswer();
	await expect(page.getByRole('article').filter({ hasText: '2/2' })).toBeVisible();
	expect((await lastRequest('Good morning')).model).toBe('test/model-3');
	await expect(page.getByRole('combobox', { name: 'Model' })).toHaveValue('Test model 1');
});

test('the list of models is there without its server, with its age, favourites first', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	const model = page.getByRole('combobox', { name: 'Model' });
	await model.click();
	await model.fill('Test model 3');
	await expect(page.getByRole('option').first()).toContainText('$1/2');
	await model.press('Alt+s');
	await expect(page.getByRole('option', { name: /Test model 3, favourite/ })).toBeVisible();
	await model.press('Escape');
	await page.route(`${UPSTREAM}/**`, (route) => route.abort());
	await page.route('**/api/relay/**', (route) => route.abort());
	await page.reload();
	await model.click();
	await expect(page.getByRole('option').first()).toContainText('Test model 3');
	await expect(page.getByText(/models, (just now|\d+ min old)/).first()).toBeVisible();
});

test('a passage is quoted into the next message, or into a fork', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithServer('Test model 1');
	await stemma.ask('Tell me something');
	await stemma.ask('And more');
	const answer = await stemma.at(2);
	await answer.locator('.prose p').first().selectText();
	const words = await page.evaluate(() => getSelection()?.toString().trim() ?? '');
	await page.getByRole('button', { name: 'Quote', exact: true }).click();
	await expect(page.getByRole('list', { name: 'Attached' })).toContainText(words.slice(0, 20));
	await stemma.ask('What does this mean?');
	const asked = (await lastRequest('What does this mean?')).messages.at(-1)?.content ?? '';
	expect(asked.startsWith('> ')).toBe(true);
	expect(asked.endsWith('What does this mean?')).toBe(true);
	await stemma.expectLength(6);
	await (await stemma.at(2)).locator('.prose p').first().selectText();
	await page.getByRole('button', { name: 'Quote in a fork' }).click();
	await stemma.expectLength(2);
	await stemma.ask('Elsewhere');
	await stemma.expectLength(4);
	await expect(page.getByRole('button', { name: /Forks at 3/ })).toBeVisible();
});

test('a message does what its keys say', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await stemma.ask('one');
	await stemma.message.press('Alt+ArrowUp');
	await expect(page.getByRole('article').last()).toBeFocused();
	await page.keyboard.press('r');
	await stemma.waitForAnswer();
	await expect(page.getByText('2/2')).toBeVisible();
	await page.getByRole('button', { name: 'Previous version' }).focus();
	await page.keyboard.press('Enter');
	await expect(page.getByText('1/2')).toBeVisible();
	await expect(
		page.getByRole('button', { name: 'Next version' }).or(page.getByRole('article').last())
	).toHaveCount(2);
	await page.getByRole('article').last().focus();
	await page.keyboard.press(']');
	await expect(page.getByText('2/2')).toBeVisible();
	await expect(page.getByRole('article').last()).toBeFocused();
});

test('settings are searched, kept in the database, and images load only from hosts one named', async ({
	page
}) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	const asked: string[] = [];
	await page.route('https://images.example/**', (route) => {
		asked.push(route.request().url());
		return route.fulfill({
			contentType: 'image/svg+xml',
			body: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
		});
	});
	await stemma.ask('![a cat](https://images.example/cat.svg)');
	await expect(page.getByText('Image not loaded: a cat')).toBeVisible();
	expect(asked).toEqual([]);
	await page.getByRole('button', { name: 'Settings' }).click();
	await page.getByRole('searchbox', { name: 'Search settings' }).fill('pictures');
	await expect(page.getByRole('heading', { level: 2 })).toHaveText(['Privacy']);
	await page.getByRole('textbox', { name: 'Host' }).fill('images.example');
	await page.getByRole('button', { name: 'Allow images' }).click();
	await page.getByRole('searchbox', { name: 'Search settings' }).fill('serif');
	await page.getByRole('button', { name: 'Serif', exact: true }).click();
	await page.goBack();
	await expect(page.getByRole('img', { name: 'a cat' })).toBeVisible();
	await expect.poll(() => asked).toEqual(['https://images.example/cat.svg']);
	await page.evaluate(() => {
		localStorage.clear();
	});
	await page.reload();
	await expect(page.locator('.prose').first()).toHaveCSS('font-family', /Charter/);
});
