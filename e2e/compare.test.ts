/** Versions, comparing, several answers at once, merging. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { Stemma } from './stemma.ts';

class Desk extends Stemma {
	readonly columns: Locator;

	constructor(page: Page) {
		super(page);
		this.columns = page.locator('section[data-column]');
	}

	/** A question with two answers: the model's own, and one with these words. */
	async openWithTwoAnswers(question: string, words: string): Promise<void> {
		await this.openWithPractice();
		await this.ask(question);
		await this.rewrite(words);
	}

	/** A further version of the answer, by hand. */
	async rewrite(words: string): Promise<void> {
		await this.button(await this.at(2), 'Edit').click();
		await this.page.getByRole('textbox', { name: 'Edit message' }).fill(words);
		await this.page.getByRole('button', { name: 'Save as new version' }).click();
		await expect(await this.at(2)).toContainText(words.split('\n')[0] ?? '');
	}

	async nodeAt(place: number): Promise<string> {
		return (await (await this.at(place)).getAttribute('data-node')) ?? '';
	}

	async openVersions(place: number): Promise<Locator> {
		await (await this.at(place)).getByRole('button', { name: /^Versions/ }).click();
		const dialog = this.page.getByRole('dialog', { name: 'Versions' });
		await expect(dialog.getByRole('listitem').first()).toBeVisible();
		return dialog;
	}

	/** The address of a screen of the conversation that is open. */
	address(screen: 'compare' | 'merge', of: readonly string[]): string {
		return `${new URL(this.page.url()).pathname}/${screen}?of=${of.join(',')}`;
	}

	async addModel(name: string): Promise<void> {
		const add = this.page.getByRole('combobox', { name: 'Add a model' });
		await add.click();
		await add.fill(name);
		await this.page.getByRole('option').filter({ hasText: name }).first().click();
	}
}

async function expectAccessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))])).toEqual([]);
}

test('six models answer side by side; two fail, each in its column, and the one that is chosen goes on', async ({
	page
}) => {
	const desk = new Desk(page);
	await desk.openWithServer('Test model 1');
	await page.getByRole('button', { name: '1 model' }).click();
	for (const name of ['Test model 2', 'Test model 3', 'plain', 'context-length', 'not-retryable'])
		await desk.addModel(name);
	await expect(page.getByRole('combobox', { name: 'Add a model' })).toBeHidden();
	await page.keyboard.press('Escape');
	await desk.message.fill('Which one?');
	await page.getByRole('button', { name: 'Send to 6' }).click();

	await expect(desk.columns).toHaveCount(6);
	const chosen = page.getByRole('button', { name: 'Continue from this one' });
	await expect(chosen).toHaveCount(4, { timeout: 30_000 });
	await expect(page.getByRole('alert')).toHaveCount(2);
	await expect(desk.columns.nth(4)).toContainText('longer than the model can read');
	await expect(desk.columns.nth(5)).toContainText('not available');
	await expect(desk.columns.nth(3)).toContainText('Hello, world.');
	await expect(desk.columns.nth(3)).toContainText('Finish');

	// Nothing of it is only on screen.
	await page.reload();
	await expect(chosen).toHaveCount(4);
	await desk.columns.nth(5).getByRole('button', { name: 'Retry' }).click();
	await expect(desk.columns.nth(5).getByRole('alert')).toHaveCount(1);
	await expect(desk.columns).toHaveCount(6);

	await page.getByRole('button', { name: 'Back to the conversation' }).click();
	await expect(page.getByText('4 answers, and none goes on yet.')).toBeVisible();
	await page.getByRole('button', { name: 'Side by side' }).click();
	await desk.columns.nth(3).getByRole('button', { name: 'Continue from this one' }).click();
	await expect(await desk.at(2)).toContainText('Hello, world.');
	await expect(await desk.at(2)).toContainText('/4');
	await page.getByRole('button', { name: 'Undo' }).click();
	await expect(page.getByText('4 answers, and none goes on yet.')).toBeVisible();
});

test('samples of one model stop together, and the usual model is back for the message after', async ({
	page
}) => {
	const desk = new Desk(page);
	await desk.openWithPractice();
	await page.getByRole('button', { name: '1 model' }).click();
	const more = page.getByRole('button', { name: /^One more from/ });
	await more.click();
	await more.click();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('button', { name: '3 samples' })).toBeVisible();
	await desk.message.fill('a long answer please');
	await page.keyboard.press('Enter');
	await expect(desk.columns).toHaveCount(3);
	await expect(desk.columns.first().locator('.prose')).toContainText(/\w{3,}/);
	await page.getByRole('button', { name: 'Stop all' }).click();
	await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
	await expect(desk.columns.first()).toContainText('Stopped');
	await page.getByRole('button', { name: 'Back to the conversation' }).click();
	await expect(page.getByRole('button', { name: '1 model' })).toBeVisible();
});

test('versions: what is different between any two, and the one to keep', async ({ page }) => {
	const desk = new Desk(page);
	await desk.openWithTwoAnswers('why?', 'The old brown dog ran.\n\nThe end of it.');
	await desk.rewrite('The new brown dog ran.\n\nThe end of it.\n\nOr not quite.');
	const dialog = await desk.openVersions(2);
	await expect(dialog.getByRole('listitem')).toHaveCount(3);
	const different = dialog.getByRole('region', { name: 'What is different' });
	await expect(different.locator('del')).toHaveText('old');
	await expect(different.locator('ins')).toHaveText('new');
	await expect(different).toContainText('Or not quite.');

	await dialog.getByRole('button', { name: 'Keep this one: version 2' }).click();
	await expect(await desk.at(2)).toContainText('2/3');
	await expect(await desk.at(2)).toContainText('The old brown dog');
	await page.getByRole('button', { name: 'Undo' }).click();
	await expect(await desk.at(2)).toContainText('3/3');
});

test('branches side by side from where they part, with differences, one at a time when narrow', async ({
	page
}) => {
	const desk = new Desk(page);
	await desk.openWithTwoAnswers('why?', 'Because of the river.');
	await desk.ask('and then?');
	const second = await desk.nodeAt(4);
	await desk.button(await desk.at(2), 'Previous version').click();
	await expect(await desk.at(2)).toContainText('1/2');
	const first = await desk.nodeAt(2);

	await page.goto(desk.address('compare', [first, second]));
	await expect(desk.columns).toHaveCount(2);
	await expect(desk.columns.nth(1).getByRole('heading', { name: 'You' })).toBeVisible();
	await expect(desk.columns.nth(1)).toContainText('and then?');
	await expect(desk.columns.nth(0)).not.toContainText('and then?');
	await expect(page.getByText('why?').first()).toBeVisible();
	await page.getByRole('checkbox', { name: 'Differences' }).check();
	await expect(desk.columns.nth(1).locator('.new').first()).toContainText('Because of the river.');

	await page.setViewportSize({ width: 390, height: 800 });
	await expect(desk.columns.nth(1)).toBeHidden();
	await page.getByRole('radio', { name: /^2/ }).check({ force: true });
	await expect(desk.columns.nth(1)).toBeVisible();
	await expect(desk.columns.nth(0)).toBeHidden();
	await desk.columns.nth(1).getByRole('button', { name: 'Continue from this one' }).click();
	await desk.expectLength(4);
});

test('a merge of what was ticked, in the order that was chosen; it knows its sources and sends them on', async ({
	page
}) => {
	const desk = new Desk(page);
	await desk.openWithTwoAnswers('why?', 'First by hand.\n\nSecond by hand.');
	const mine = await desk.nodeAt(2);
	await desk.button(await desk.at(2), 'Previous version').click();
	await expect(await desk.at(2)).toContainText('1/2');
	const theirs = await desk.nodeAt(2);
	await page.goto(desk.address('merge', [mine, theirs]));
	const make = page.getByRole('button', { name: 'Make the merge' });
	await expect(make).toBeDisabled();
	await page.getByRole('checkbox', { name: 'Take “Second by hand.”' }).check();
	await page.getByRole('checkbox', { name: 'Take “First by hand.”' }).check();
	await desk.columns.nth(1).getByRole('checkbox').first().check();
	const taken = page.getByRole('list', { name: 'Taken' }).getByRole('listitem');
	await expect(taken).toHaveCount(3);
	await taken.nth(1).getByRole('button', { name: 'Move up' }).click();
	await expect(taken.nth(0)).toContainText('First by hand.');
	await make.click();

	await desk.expectLength(3);
	const merged = await desk.at(3);
	await expect(merged).toContainText('Merged from');
	await expect(merged.locator('.taken')).toContainText(['First by hand.', 'Second by hand.', '']);
	await desk.ask('go on');
	await desk.button(await desk.at(5), 'What was sent').click();
	const sent = page.getByRole('dialog', { name: 'What was sent' });
	await expect(sent).toContainText('[Branch 1 of 2]');
	await expect(sent).toContainText('[Branch 2 of 2]');
	await page.keyboard.press('Escape');

	await (await desk.at(3)).getByRole('button', { name: 'Source 2', exact: true }).click();
	await expect(page.locator(`article[data-node="${theirs}"]`)).toBeVisible();
});

test('a model writes the merge; what it was asked can be read', async ({ page }) => {
	const desk = new Desk(page);
	await desk.openWithTwoAnswers('why?', 'First by hand.\n\nSecond by hand.');
	const dialog = await desk.openVersions(2);
	await dialog.getByRole('button', { name: 'Merge' }).click();
	await page.getByRole('checkbox', { name: 'Take “Second by hand.”' }).check();
	await desk.columns.nth(0).getByRole('button', { name: 'Take all' }).click();
	await page.getByRole('button', { name: 'Let a model write it' }).click();
	await expect(page.getByRole('heading', { name: 'why?' })).toBeVisible({ timeout: 30_000 });
	await desk.expectLength(3);
	await expect(await desk.at(3)).toContainText('Merged from');
	await desk.button(await desk.at(3), 'What was sent').click();
	const sent = page.getByRole('dialog', { name: 'What was sent' });
	await expect(sent.getByRole('listitem')).toHaveCount(1);
	await expect(sent).toContainText('why?');
	await expect(sent).toContainText('[Passage 1]\nSecond by hand.');
});

test('what is picked outlives a reload, another model writes the merge, and then nothing is picked', async ({
	page
}) => {
	const desk = new Desk(page);
	await desk.openWithServer('Test model 1');
	await desk.ask('why?');
	await desk.rewrite('First by hand.\n\nSecond by hand.');
	const dialog = await desk.openVersions(2);
	await dialog.getByRole('button', { name: 'Merge' }).click();
	await page.getByRole('checkbox', { name: 'Take “Second by hand.”' }).check();
	await page.getByRole('checkbox', { name: 'Take “First by hand.”' }).check();
	const taken = page.getByRole('list', { name: 'Taken' }).getByRole('listitem');
	await expect(taken).toContainText(['Second by hand.', 'First by hand.']);
	const address = page.url();
	await page.reload();
	await expect(taken).toContainText(['Second by hand.', 'First by hand.']);
	await expect(page.getByRole('checkbox', { name: 'Take “First by hand.”' })).toBeChecked();

	const model = page.getByRole('combobox', { name: 'Model for the merge' });
	await expect(model).toHaveValue('Test model 1');
	await model.click();
	await model.fill('plain');
	await page.getByRole('option').filter({ hasText: 'plain' }).first().click();
	await page.getByRole('button', { name: 'Let a model write it' }).click();
	await desk.expectLength(3);
	await expect(await desk.at(3)).toContainText('Hello, world.');
	await expect(await desk.at(3)).toContainText('Merged from');
	await page.goto(address);
	await expect(page.getByText('Nothing is taken yet.')).toBeVisible();
});

test('three ways: what one version changed is taken, what both changed is left to the reader', async ({
	page
}) => {
	const desk = new Desk(page);
	await desk.openWithTwoAnswers('why?', 'Alpha stands here.\n\nBeta follows it.\n\nGamma ends it.');
	const base = await desk.nodeAt(2);
	await desk.rewrite('Alpha stands there.\n\nBeta follows it today.\n\nGamma ends it.');
	const one = await desk.nodeAt(2);
	await desk.button(await desk.at(2), 'Previous version').click();
	await expect(await desk.at(2)).toContainText('Alpha stands here.');
	await desk.rewrite('Alpha stands here.\n\nBeta follows it tomorrow.\n\nGamma ends it well.');
	await expect(await desk.at(2)).toContainText('4/4');
	const other = await desk.nodeAt(2);
	await page.goto(desk.address('merge', [base, one, other]));
	await page.getByRole('button', { name: 'Take all changes' }).click();
	await expect(
		page.getByText('1 paragraph was changed in more than one way. Choose which to take.')
	).toBeVisible();
	const taken = page.getByRole('list', { name: 'Taken' }).getByRole('listitem');
	await expect(taken).toContainText(['Alpha stands there.', 'Gamma ends it well.']);
	await page.getByRole('checkbox', { name: 'Take “Beta follows it tomorrow.”' }).check();
	await taken.nth(2).getByRole('button', { name: 'Move up' }).click();
	await page.getByRole('button', { name: 'Make the merge' }).click();
	await desk.expectLength(3);
	await expect((await desk.at(3)).locator('.taken')).toContainText([
		'Alpha stands there.',
		'Beta follows it tomorrow.',
		'Gamma ends it well.'
	]);
	// Two of them have no base among them.
	await page.goto(desk.address('merge', [one, other]));
	await expect(page.getByRole('button', { name: 'Make the merge' })).toBeVisible();
	await expect(page.getByRole('button', { name: 'Take all changes' })).toBeHidden();
});

test('two tabs at a barrier: one merges, the other renames and undoes; both end the same, and the merge is there', async ({
	context,
	page
}) => {
	const desk = new Desk(page);
	await desk.openWithTwoAnswers('why?', 'First by hand.');
	const second = await desk.nodeAt(2);
	await desk.button(await desk.at(2), 'Previous version').click();
	await expect(await desk.at(2)).toContainText('1/2');
	const first = await desk.nodeAt(2);
	const home = new URL(page.url()).pathname;
	await page.goto(desk.address('merge', [first, second]));
	await desk.columns.nth(1).getByRole('button', { name: 'Take all' }).click();
	await expect(page.getByRole('button', { name: 'Make the merge' })).toBeEnabled();

	const other = new Stemma(await context.newPage());
	await other.open(home);
	await other.expectLength(2);
	const list = other.page.getByRole('navigation', { name: 'Conversations' });
	await list.getByRole('link').hover();
	await list.getByRole('button', { name: /^Actions for/ }).click();
	await other.page.getByRole('menuitem', { name: 'Rename' }).click();
	const title = list.getByRole('textbox', { name: 'Title' });
	await title.fill('Of rivers');
	await Promise.all([
		page.getByRole('button', { name: 'Make the merge' }).click(),
		title.press('Enter').then(async () => {
			await other.page.locator('article[data-node]').last().focus();
			await other.page.keyboard.press('Control+z');
		})
	]);
	await expect(page).toHaveURL(new RegExp(`${home}\\?at=`));

	const ends: (readonly string[])[] = [];
	for (const tab of [page, other.page]) {
		await tab.goto('/log');
		const entries = tab.getByRole('list', { name: 'Operations' }).getByRole('listitem');
		await expect(entries.filter({ hasText: 'Undone:' })).toHaveCount(1);
		await expect(entries.filter({ hasText: 'Of rivers' }).first()).toBeVisible();
		await tab.goto(`${home}/graph`);
		await expect(tab.getByRole('option').filter({ hasText: 'Merge' })).toHaveCount(1);
		const heading = await tab.getByRole('heading', { name: /^Graph of/ }).innerText();
		ends.push([heading, ...(await tab.getByRole('option').allInnerTexts())]);
	}
	expect(ends[0], 'both tabs show the same').toEqual(ends[1]);
});

test('an unfinished answer may be merged, and it is said that it is unfinished', async ({ page }) => {
	const desk = new Desk(page);
	await desk.openWithPractice();
	await desk.send('a long answer please');
	await expect(page.locator('article[aria-busy="true"] .prose')).toContainText(/\w{3,}/);
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await expect(await desk.at(2)).toContainText('Stopped');
	await desk.rewrite('By hand.');
	await page.getByRole('button', { name: 'Conversation actions' }).click();
	await page.getByRole('menuitem', { name: 'Compare branches' }).click();
	await expect(desk.columns).toHaveCount(2);
	await expect(desk.columns.first()).toContainText('Stopped');
	await page.getByRole('button', { name: 'Merge', exact: true }).click();
	await expect(page.getByText('1 is unfinished: what is taken from there may break off.')).toBeVisible();
	await desk.columns.first().getByRole('checkbox').first().check();
	await page.getByRole('button', { name: 'Make the merge' }).click();
	await expect(page.locator('article[aria-posinset="3"]')).toContainText('Merged from');
});

test('what cannot be put side by side, or merged, is said', async ({ page }) => {
	const desk = new Desk(page);
	await desk.openWithTwoAnswers('why?', 'By hand.');
	const [question, answer] = [await desk.nodeAt(1), await desk.nodeAt(2)];
	const home = new URL(page.url()).pathname;
	const open = async (screen: string, of: readonly string[], sentence: string): Promise<void> => {
		await page.goto(`${home}/${screen}?of=${of.join(',')}`);
		await expect(page.getByText(sentence)).toBeVisible();
	};
	const seven = Array.from({ length: 7 }, (_, i) => String(i).repeat(64));
	await open('merge', [question, answer], 'there is nothing to merge');
	await open('merge', seven, 'More than 6 messages');
	await open('compare', seven, 'More than 6 messages');
	await open('compare', [answer], 'Two messages at least');
	await open('compare', [answer, 'ab'.repeat(32)], 'not in the database');
	await open('merge', [answer, 'nonsense'], 'not in the database');
	await page.getByRole('button', { name: 'Back to the conversation' }).last().click();
	await desk.expectLength(2);

	await desk.newConversation();
	await desk.ask('elsewhere');
	const other = await desk.nodeAt(1);
	await open('compare', [answer, other], 'belongs to another conversation');
});

test('two first messages have no common beginning and are merged all the same', async ({ page }) => {
	const desk = new Desk(page);
	await desk.openWithPractice();
	await desk.ask('one way to ask');
	await desk.button(await desk.at(1), 'Edit').click();
	await page.getByRole('textbox', { name: 'Edit message' }).fill('another way to ask');
	await page.getByRole('button', { name: 'Save and ask' }).click();
	await desk.waitForAnswer();
	const dialog = await desk.openVersions(1);
	await dialog.getByRole('button', { name: 'Merge' }).click();
	await expect(page.getByText('They begin apart.')).toBeVisible();
	await page.getByRole('checkbox', { name: 'Take “one way to ask”' }).check();
	await page.getByRole('checkbox', { name: 'Take “another way to ask”' }).check();
	await page.getByRole('button', { name: 'Make the merge' }).click();
	await desk.expectLength(2);
	const merged = await desk.at(2);
	await expect(merged).toContainText('one way to ask');
	await expect(merged).toContainText('another way to ask');
	await expect(merged).toContainText('You');
});

test('the keyboard alone: versions, comparing, merging', async ({ page }) => {
	const desk = new Desk(page);
	await desk.openWithTwoAnswers('why?', 'First by hand.\n\nSecond by hand.');
	const dialog = page.getByRole('dialog', { name: 'Versions' });
	await expect(async () => {
		await (await desk.at(2)).focus();
		await page.keyboard.press('v');
		await expect(dialog).toBeVisible({ timeout: 2000 });
	}).toPass({ timeout: 20_000 });
	await expect(dialog.getByRole('checkbox')).toHaveCount(2);
	await dialog.getByRole('checkbox').first().focus();
	await page.keyboard.press('ArrowDown');
	await expect(dialog.getByRole('checkbox').nth(1)).toBeFocused();
	const compare = dialog.getByRole('button', { name: 'Compare side by side' });
	while (!(await compare.evaluate((button) => button === document.activeElement)))
		await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await expect(desk.columns).toHaveCount(2);
	await page.keyboard.press('d');
	await expect(page.getByRole('checkbox', { name: 'Differences' })).toBeChecked();
	const merge = page.getByRole('button', { name: 'Merge', exact: true });
	await merge.focus();
	await page.keyboard.press('Enter');
	const box = page.getByRole('checkbox', { name: 'Take “Second by hand.”' });
	await expect(box).toBeVisible();
	await page.getByRole('region', { name: 'Versions' }).focus();
	while (!(await box.evaluate((input) => input === document.activeElement))) await page.keyboard.press('Tab');
	await page.keyboard.press('Space');
	await expect(page.getByRole('list', { name: 'Taken' }).getByRole('listitem')).toHaveCount(1);
	const make = page.getByRole('button', { name: 'Make the merge' });
	while (!(await make.evaluate((button) => button === document.activeElement)))
		await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await desk.expectLength(3);
});

for (const colorScheme of ['light', 'dark'] as const) {
	test(`these screens are accessible in ${colorScheme}`, async ({ browser }) => {
		const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
		const page = await context.newPage();
		const desk = new Desk(page);
		await desk.openWithTwoAnswers('why?', 'By hand, and more of it.\n\nThe end.');
		await page.getByRole('button', { name: '1 model' }).click();
		await expect(page.getByRole('list', { name: 'Models for the next message' })).toBeVisible();
		await expectAccessible(page);
		await page.keyboard.press('Escape');
		const dialog = await desk.openVersions(2);
		await expect(dialog.getByRole('region', { name: 'What is different' })).toBeVisible();
		await expectAccessible(page);
		await dialog.getByRole('button', { name: 'Compare side by side' }).click();
		await expect(desk.columns).toHaveCount(2);
		await page.getByRole('checkbox', { name: 'Differences' }).check();
		await expect(desk.columns.nth(1).locator('.new').first()).toBeVisible();
		await expectAccessible(page);
		await page.getByRole('button', { name: 'Merge', exact: true }).click();
		await page.getByRole('checkbox', { name: 'Take “The end.”' }).check();
		await expectAccessible(page);
		await page.setViewportSize({ width: 390, height: 800 });
		await page.getByRole('radio', { name: /^Merge/ }).check({ force: true });
		await expectAccessible(page);
		await page.getByRole('button', { name: 'Make the merge' }).click();
		await desk.expectLength(3);
		await expectAccessible(page);
		await context.close();
	});
}
