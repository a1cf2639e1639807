/** The real host on a real repository, through the real server. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import * as linked from './linked-folders.ts';
import type { OwnServer } from './own-server.ts';
import { foldersPort } from './ports.ts';

// They share a port.
test.describe.configure({ mode: 'default' });
test.skip(linked.hostBinary === undefined, linked.NOT_BUILT);

let server: OwnServer;
let repository: string;

const git = (...words: readonly string[]): string => linked.git(repository, ...words);

/** A first commit, many small ones, and a change that is not committed. */
function makeRepository(folder: string): void {
	repository = join(folder, 'orchard');
	mkdirSync(repository);
	git('init', '--quiet', '--initial-branch=main');
	writeFileSync(join(repository, 'apples.txt'), 'one\ntwo\nthree\n');
	git('add', '.');
	git('commit', '--quiet', '-m', 'Plant the orchard', '-m', 'Three trees to begin with.');
	for (let i = 1; i <= 250; i++) git('commit', '--quiet', '--allow-empty', '-m', `Water, day ${i}`);
	writeFileSync(join(repository, 'apples.txt'), 'one\n2 <b>two</b>\nthree\n');
	git('commit', '--quiet', '-am', 'Count the second tree');
	writeFileSync(join(repository, 'apples.txt'), 'one\n2 <b>two</b>\nthree\nfour\n');
	writeFileSync(join(repository, 'notes.md'), 'new\n');
}

test.beforeEach(async () => {
	server = await linked.startWithFolders(foldersPort, (folder) => {
		makeRepository(folder);
		return [repository];
	});
});
test.afterEach(() => {
	server.stop();
});

test('a linked folder shows its history, what a commit did and what is not committed', async ({ page }) => {
	await page.goto(server.address);
	await page.getByRole('button', { name: 'Folders' }).click();
	const history = page.getByRole('region', { name: 'History' });
	const changes = page.getByRole('region', { name: 'Changes', exact: true });
	await expect(history.getByRole('button', { name: /Not committed/ })).toContainText('2 files');
	await expect(changes.getByRole('region', { name: 'apples.txt' })).toContainText('four');
	await expect(changes.getByRole('region', { name: 'New files' })).toContainText('notes.md');

	const newest = history.getByRole('button', { name: /Count the second tree/ });
	await expect(newest).toContainText('main');
	await newest.click();
	await expect(changes.getByRole('heading', { name: 'Count the second tree' })).toBeVisible();
	// Markup in a file is text like any other.
	await expect(changes).toContainText('2 <b>two</b>');
	await expect(page).toHaveURL(/commit=[0-9a-f]{40}/);

	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);

	// More than a page of commits, by scrolling.
	await expect(async () => {
		await history.hover();
		await page.mouse.wheel(0, 20_000);
		await expect(history.getByRole('button', { name: /Plant the orchard/ })).toBeVisible({ timeout: 500 });
	}).toPass({ timeout: 20_000 });
	await history.getByRole('button', { name: /Plant the orchard/ }).click();
	await expect(changes).toContainText('Three trees to begin with.');
});

test('what is done outside shows by itself: edits, commits, a branch', async ({ page }) => {
	await page.goto(server.address);
	await page.getByRole('button', { name: 'Folders' }).click();
	const history = page.getByRole('region', { name: 'History' });
	const changes = page.getByRole('region', { name: 'Changes', exact: true });
	await expect(history.getByRole('button', { name: /Not committed/ })).toContainText('2 files');
	await expect(changes.getByRole('region', { name: 'apples.txt' })).toContainText('four');

	writeFileSync(join(repository, 'apples.txt'), 'one\n2 <b>two</b>\nthree\nfive\n');
	await expect(changes.getByRole('region', { name: 'apples.txt' })).toContainText('five');
	git('commit', '--quiet', '-am', 'Five it is');
	await expect(history.getByRole('button', { name: /Five it is/ })).toContainText('main');
	await expect(history.getByRole('button', { name: /Not committed/ })).toContainText('1 file');
	await expect(history.getByRole('button', { name: /Count the second tree/ })).not.toContainText('main');

	// What one looks at stays, while the history grows above it.
	await history.getByRole('button', { name: /Five it is/ }).click();
	await expect(changes.getByRole('heading', { name: 'Five it is' })).toBeVisible();
	git('switch', '--quiet', '-c', 'grafts');
	git('commit', '--quiet', '--allow-empty', '-m', 'Graft a branch');
	await expect(history.getByRole('button', { name: /Graft a branch/ })).toContainText('grafts');
	await expect(history).toContainText('grafts');
	await expect(changes.getByRole('heading', { name: 'Five it is' })).toBeVisible();
	git('reset', '--quiet', '--hard', 'HEAD~2');
	await expect(history.getByRole('button', { name: /Graft a branch/ })).toHaveCount(0);
	await expect(history.getByRole('button', { name: /Count the second tree/ })).toContainText('grafts');
});

test('an unlinked folder is gone from the list, and its address shows nothing of it', async ({ page }) => {
	await page.goto(server.address);
	await page.getByRole('button', { name: 'Folders' }).click();
	await page.getByRole('button', { name: /Count the second tree/ }).click();
	const address = page.url();
	await page.getByRole('button', { name: 'Unlink' }).click();
	await expect(page.getByText('No folder is linked.')).toBeVisible();
	await page.goto(address);
	await expect(page.getByText('No folder is linked.')).toBeVisible();
	expect(existsSync(join(repository, 'apples.txt')), 'the folder itself is untouched').toBe(true);
});
