/** Questions know the commit they were asked on, and commits what was asked. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import * as linked from './linked-folders.ts';
import type { OwnServer } from './own-server.ts';
import { turnsPort } from './ports.ts';
import { Stemma, UPSTREAM } from './stemma.ts';

// They share a port.
test.describe.configure({ mode: 'default' });
test.skip(linked.hostBinary === undefined, linked.NOT_BUILT);

let server: OwnServer;
let orchard: string;
const git = (...words: readonly string[]): string => linked.git(orchard, ...words);
const write = (text: string): void => writeFileSync(join(orchard, 'apples.txt'), text);

test.beforeEach(async () => {
	server = await linked.startWithFolders(turnsPort, (folder) => {
		orchard = join(folder, 'orchard');
		mkdirSync(orchard);
		git('init', '--quiet', '--initial-branch=main');
		write('one\n');
		git('add', '.');
		git('commit', '--quiet', '-m', 'Plant the orchard');
		return [orchard];
	});
});
test.afterEach(() => {
	server.stop();
});

test('an answer leads to the commit it was asked on, and the commit back to the conversation', async ({
	page
}) => {
	await page.goto(server.address);
	await page.getByRole('textbox', { name: 'Address' }).fill(`${UPSTREAM}/v1`);
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	const stemma = new Stemma(page);
	await stemma.chooseModel('Scenario plain');
	// Git does not know it: the files of the commit are as they were.
	writeFileSync(join(orchard, 'untracked.md'), 'new\n');
	await stemma.message.fill('how many apples?');
	await stemma.message.press('Enter');
	await expect(stemma.articles.nth(1)).toContainText('Hello, world.');

	const panel = page.getByRole('dialog', { name: 'What was sent' });
	/** Noted beside the answer, not before it. */
	const whatWasSent = (place: number, words: string): Promise<void> =>
		expect(async () => {
			if (await panel.isVisible()) await page.keyboard.press('Escape');
			await stemma.articles
				.nth(place - 1)
				.getByRole('button', { name: 'What was sent' })
				.click();
			await expect(panel).toContainText(words, { timeout: 1_000 });
		}).toPass();
	await whatWasSent(2, 'on main');
	await expect(panel).not.toContainText('not committed');
	await page.keyboard.press('Escape');

	// The second question comes later: on another commit, with a change that is not in it.
	write('one\ntwo\n');
	git('commit', '--quiet', '-am', 'Count two');
	write('one\ntwo\nthree\n');
	await stemma.message.fill('and now?');
	await stemma.message.press('Enter');
	await expect(stemma.articles.nth(3)).toContainText('Hello, world.');

	await whatWasSent(4, 'on main, with changes not committed');
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
	await panel.getByRole('link', { name: /Commit [0-9a-f]{10} of orchard/ }).click();
	const changes = page.getByRole('region', { name: 'Changes', exact: true });
	await expect(changes.getByRole('heading', { name: 'Count two' })).toBeVisible();
	const asked = changes.getByRole('region', { name: 'Asked on this commit' });
	await expect(asked.getByRole('link')).toHaveCount(1);
	await expect(asked.getByRole('link')).toContainText('with changes not committed');

	await page
		.getByRole('region', { name: 'History' })
		.getByRole('button', { name: /Plant the orchard/ })
		.click();
	await expect(changes.getByRole('heading', { name: 'Plant the orchard' })).toBeVisible();
	await expect(asked.getByRole('link')).toHaveCount(1);
	await expect(asked.getByRole('link')).not.toContainText('not committed');
	await expect(asked.getByRole('link')).toContainText('how many apples?');
	const onFolders = await new AxeBuilder({ page }).analyze();
	expect(onFolders.violations.map(({ id }) => id)).toEqual([]);
	await asked.getByRole('link', { name: /how many apples/ }).click();
	await expect(page.locator('article[aria-posinset="2"]')).toBeInViewport();
	await expect(page).toHaveURL(/\/c\/[0-9a-f]+\?at=/);
});

test('a folder that is not linked any more is said to be so', async ({ page }) => {
	await page.goto(server.address);
	await page.getByRole('button', { name: 'Folders' }).click();
	await expect(page.getByRole('region', { name: 'History' })).toContainText('Plant the orchard');
	await page.goto(`${new URL(server.address).origin}/folders?root=ffffff&commit=${'a'.repeat(40)}`);
	await expect(
		page.getByText('This folder is not linked here, so commit aaaaaaaaaa is not shown.')
	).toBeVisible();
	await page.getByRole('combobox', { name: 'Folder' }).click();
	await page.getByRole('option', { name: /orchard/ }).click();
	await expect(page.getByRole('region', { name: 'History' })).toContainText('Plant the orchard');
});

test('a commit of a folder that is not linked any more is shown in another that has it', async ({ page }) => {
	const head = git('rev-parse', 'HEAD').trim();
	await page.goto(server.address);
	await page.getByRole('button', { name: 'Folders' }).click();
	await expect(page.getByRole('region', { name: 'History' })).toContainText('Plant the orchard');
	await page.goto(`${new URL(server.address).origin}/folders?root=ffffff&commit=${head}`);
	await expect(page.getByRole('note')).toContainText(
		`orchard has commit ${head.slice(0, 10)}, too, and is shown.`
	);
	const changes = page.getByRole('region', { name: 'Changes', exact: true });
	await expect(changes.getByRole('heading', { name: 'Plant the orchard' })).toBeVisible();
	await page.getByRole('button', { name: /Not committed/ }).click();
	await expect(page, 'one goes on in the folder that is there').not.toHaveURL(/ffffff/);
	await expect(page.getByRole('note')).toBeHidden();
});
