/** The app as a user finds it: by names, not by structure. */
import { readFileSync } from 'node:fs';
import { expect, type Locator, type Page } from '@playwright/test';
import { upstreamPort } from './ports.ts';

export const UPSTREAM = `http://127.0.0.1:${upstreamPort}`;
const token = (): string => readFileSync('test-results/data/token', 'utf8').trim();

export class Stemma {
	readonly page: Page;
	readonly message: Locator;
	readonly articles: Locator;

	constructor(page: Page) {
		this.page = page;
		this.message = page.getByRole('textbox', { name: 'Message', exact: true });
		this.articles = page.getByRole('article');
	}

	/** Opens the start screen of a browser that was never here, with the local server's consent. */
	async open(path = '/'): Promise<void> {
		await this.page.goto(`${path}#t=${token()}`);
	}

	async openWithPractice(): Promise<void> {
		await this.open();
		await this.page.getByRole('button', { name: 'Use the practice model' }).click();
		await expect(this.message).toBeFocused();
	}

	/** Adds the test server by its address, as anybody would, and picks a model. */
	async openWithServer(model: string, address = `${UPSTREAM}/v1`): Promise<void> {
		await this.open();
		await this.page.getByRole('textbox', { name: 'Address' }).fill(address);
		await this.page.getByRole('button', { name: 'Add', exact: true }).click();
		await expect(this.message).toBeVisible();
		await this.chooseModel(model);
	}

	async chooseModel(name: string): Promise<void> {
		const model = this.page.getByRole('combobox', { name: 'Model' });
		await model.click();
		await model.fill(name);
		await this.page.getByRole('option').filter({ hasText: name }).first().click();
		await expect(model).toHaveValue(name);
	}

	/** How many messages the path has, whether they are in view or not. */
	async expectLength(messages: number): Promise<void> {
		await expect(this.articles.last()).toHaveAttribute('aria-setsize', String(messages));
		await expect(this.articles.last()).toHaveAttribute('aria-posinset', String(messages));
	}

	/** The message at a place of the path, brought into view. */
	async at(place: number): Promise<Locator> {
		const article = this.page.locator(`article[aria-posinset="${place}"]`);
		const feed = this.page.getByRole('feed');
		await expect(async () => {
			const size = Number(await this.articles.first().getAttribute('aria-setsize'));
			const share = size > 1 ? (place - 1) / (size - 1) : 1;
			await feed.evaluate((element, part) => element.scrollTo(0, part * element.scrollHeight), share);
			await expect(article).toBeVisible({ timeout: 300 });
		}).toPass({ timeout: 10_000 });
		return article;
	}

	async newConversation(): Promise<void> {
		await this.page.getByRole('button', { name: 'New conversation' }).click();
		await expect(this.page.getByRole('heading', { name: 'New conversation' })).toBeVisible();
		await expect(this.message).toBeFocused();
	}

	async send(text: string): Promise<void> {
		await this.message.fill(text);
		await this.page.getByRole('button', { name: 'Send' }).click();
	}

	async waitForAnswer(): Promise<void> {
		await expect(this.page.getByRole('button', { name: 'Stop', exact: true })).toBeHidden({
			timeout: 30_000
		});
		await expect(this.page.locator('article[aria-busy="true"]')).toHaveCount(0);
	}

	/** Sends a message and waits for its answer, however fast it comes. */
	async ask(text: string): Promise<void> {
		const length = (): Promise<number> =>
			this.page.evaluate(() => Number(document.querySelector('article')?.getAttribute('aria-setsize') ?? 0));
		const before = await length();
		await this.send(text);
		await expect.poll(length, { timeout: 30_000 }).toBeGreaterThanOrEqual(before + 2);
		await this.waitForAnswer();
	}

	button(article: Locator, name: string): Locator {
		return article.getByRole('button', { name, exact: true });
	}
}
