/** Files of a commit, where their lines come from, and what else a repository has: the real host on a real one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import * as linked from './linked-folders.ts';
import type { OwnServer } from './own-server.ts';
import { filesPort } from './ports.ts';

// They share a port.
test.describe.configure({ mode: 'default' });
test.skip(linked.hostBinary === undefined, linked.NOT_BUILT);

let server: OwnServer;
let repository: string;

const git = (...words: readonly string[]): string => linked.git(repository, ...words);
const told = (...words: readonly string[]): string =>
	execFileSync('git', words, { cwd: repository, encoding: 'utf8' });
const write = (path: string, text: string | Buffer): void => writeFileSync(join(repository, path), text);

const MANY = 3_000;

/** Two commits on one file, another of other kinds, a branch, two tags and a stash. */
function makeRepository(folder: string): void {
	repository = join(folder, 'orchard');
	mkdirSync(join(repository, 'trees/old'), { recursive: true });
	git('init', '--quiet', '--initial-branch=main');
	write('trees/old/pears.txt', 'one\ntwo\nthree\nfour\n');
	write('long.txt', Array.from({ length: MANY }, (_, i) => `line ${i + 1}\n`).join(''));
	git('add', '.');
	git('commit', '--quiet', '-m', 'Plant the pears');
	git('tag', 'planted');
	write('trees/old/pears.txt', 'one\n2 <b>two</b>\u202E\nthree\nfour\n');
	git('commit', '--quiet', '-am', 'Count the second pear');
	git('branch', 'grafts');
	write('trees/old/pears.txt', 'one\n2 <b>two</b>\u202E\nthree\n4\nfive\n');
	write('photo.bin', Buffer.from([0, 1, 2, 0, 255]));
	symlinkSync('trees/old/pears.txt', join(repository, 'shortcut'));
	write('film.mp4', `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 2048\n`);
	write('.gitmodules', '[submodule "barn"]\n\tpath = barn\n\turl = https://example.org/barn\n');
	mkdirSync(join(repository, 'barn'));
	git('add', '.');
	git('update-index', '--add', '--cacheinfo', `160000,${'b'.repeat(40)},barn`);
	git('commit', '--quiet', '-m', 'Add a photo');
	git('tag', '-a', 'photographed', '-m', 'With a photo');
	git('switch', '--quiet', 'grafts');
	git('commit', '--quiet', '--allow-empty', '-m', 'Graft a branch');
	git('switch', '--quiet', 'main');
	write('trees/old/pears.txt', 'changed\n');
	git('worktree', 'add', '--quiet', '-b', 'shed', join(folder, 'shed'), 'planted');
	git('stash', 'push', '--quiet', '-m', 'A thought for later');
}

test.beforeEach(async ({ page }) => {
	server = await linked.startWithFolders(filesPort, (folder) => {
		makeRepository(folder);
		return [repository];
	});
	await page.goto(server.address);
	await page.getByRole('button', { name: 'Folders' }).click();
	await page.waitForURL(/\/folders/);
});
test.afterEach(() => {
	server.stop();
});

const inHistory = (page: Page): Locator => page.getByRole('region', { name: 'History' });
const inFiles = (page: Page): Locator => page.getByRole('region', { name: 'Files', exact: true });
const line = (page: Page, number: number): Locator =>
	page.locator('.line').filter({ has: page.getByText(String(number), { exact: true }) });

async function expectNoViolations(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}

/** The commit of each line, as Git tells it. */
function blamed(path: string, commit: string): readonly string[] {
	const lines = told('blame', '--porcelain', commit, '--', path).split('\n');
	return lines.flatMap((text) => /^([0-9a-f]{40}) \d+ \d+/.exec(text)?.[1] ?? []);
}

test('one walks into a folder of an older commit and reads a file as it was', async ({ page }) => {
	await inHistory(page)
		.getByRole('button', { name: /Plant the pears/ })
		.click();
	await page.getByText('Files', { exact: true }).click();
	const files = inFiles(page);
	await files.getByRole('button', { name: 'trees' }).click();
	await files.getByRole('button', { name: 'old' }).click();
	await expectNoViolations(page);
	await files.getByRole('button', { name: /pears\.txt/ }).click();
	await expect(line(page, 2)).toContainText('two');
	await expect(files).toContainText('4 lines · 19 bytes');
	await expect(files).toContainText(told('rev-parse', 'planted').slice(0, 10));
	await expect(page).toHaveURL(/path=trees%2Fold%2Fpears.txt/);

	await page.reload();
	await expect(line(page, 4), 'a reload shows the same file').toContainText('four');
	await page.getByRole('navigation', { name: 'Path' }).getByRole('button', { name: 'trees' }).click();
	await expect(files.getByRole('button', { name: 'old' })).toBeVisible();
	await page.goBack();
	await expect(line(page, 4)).toContainText('four');
});

test('the lines of a file lead to the commits they come from', async ({ page }) => {
	await inHistory(page)
		.getByRole('button', { name: /Add a photo/ })
		.click();
	await page.getByRole('button', { name: 'Open trees/old/pears.txt' }).click();
	await expect(line(page, 2), 'text only, and nothing hidden in it').toContainText('2 <b>two</b>⟨U+202E⟩');
	await page.getByRole('button', { name: 'Blame' }).click();
	const files = inFiles(page);
	await expect(files.locator('.origin button')).toHaveCount(4);

	const shown = await files
		.locator('.line')
		.evaluateAll((rows) => rows.map((row) => row.querySelector('.origin button span')?.textContent ?? ''));
	const perLine = shown.map((_, i) => shown.slice(0, i + 1).findLast((id) => id !== ''));
	expect(perLine).toEqual(blamed('trees/old/pears.txt', 'HEAD').map((id) => id.slice(0, 10)));
	await expectNoViolations(page);

	await files.getByRole('button', { name: 'Ada' }).nth(1).click();
	await expect(page.getByRole('heading', { name: 'Count the second pear' })).toBeVisible();
	await page.goBack();
	await expect(files.locator('.origin button')).toHaveCount(4);
	await page.getByRole('button', { name: 'Blame' }).click();
	await expect(files.locator('.origin')).toHaveCount(0);
});

test('where history is cut off, lines are said to be perhaps older', async ({ page }) => {
	write('.git/shallow', told('rev-parse', 'HEAD~1'));
	await page.reload();
	await page.getByText('Files', { exact: true }).click();
	const files = inFiles(page);
	await files.getByRole('button', { name: 'trees' }).click();
	await files.getByRole('button', { name: 'old' }).click();
	await files.getByRole('button', { name: /pears\.txt/ }).click();
	await page.getByRole('button', { name: 'Blame' }).click();
	const origins = files.locator('.origin button');
	await expect(origins).toHaveCount(2);
	await expect(origins.first()).toContainText(`^${told('rev-parse', 'HEAD~1').slice(0, 10)}`);
	await expect(origins.first()).toHaveAccessibleDescription(/or older: the history is cut off here/);
	await expect(origins.nth(1)).not.toContainText('^');
	await expectNoViolations(page);
});

test('what is no text is told and not shown: bytes, links, pointers, other repositories', async ({
	page
}) => {
	await page.getByText('Files', { exact: true }).click();
	const files = inFiles(page);
	await files.getByRole('button', { name: /photo\.bin/ }).click();
	await expect(files).toContainText('This file is not text, 5 bytes.');
	await expect(files.getByRole('button', { name: 'Blame' })).toHaveCount(0);
	await page.goBack();
	await files.getByRole('button', { name: /shortcut/ }).click();
	await expect(files).toContainText('A symbolic link to trees/old/pears.txt. It is not followed.');
	await page.goBack();
	await files.getByRole('button', { name: /film\.mp4/ }).click();
	await expect(files).toContainText('This file is in Git LFS, 2.0 KB.');
	await page.goBack();
	await files.getByRole('button', { name: /barn/ }).click();
	await expect(files).toContainText('another repository, https://example.org/barn, at commit bbbbbbbbbb.');
});

test('a long file has only the lines in view, and says whose they are in the middle', async ({ page }) => {
	await page.getByText('Files', { exact: true }).click();
	const files = inFiles(page);
	await files.getByRole('button', { name: /long\.txt/ }).click();
	await page.getByRole('button', { name: 'Blame' }).click();
	await expect(files.locator('.origin button')).toHaveCount(1);
	await files.getByRole('group', { name: 'Lines' }).focus();
	await page.keyboard.press('End');
	await expect(line(page, MANY)).toBeVisible();
	expect(await files.locator('.line').count()).toBeLessThan(200);
	await expect(files.locator('.origin button')).toHaveCount(1);
});

test('who leaves does not wait for where the lines come from', async ({ page }) => {
	let release = (): void => {};
	const held = new Promise<void>((resolve) => (release = resolve));
	await page.route('**/git.blame', async (route) => {
		await held;
		await route.continue().catch(() => {});
	});
	const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('git.blame'));
	await page.getByText('Files', { exact: true }).click();
	await inFiles(page)
		.getByRole('button', { name: /long\.txt/ })
		.click();
	await page.getByRole('button', { name: 'Blame' }).click();
	await expect(page.getByText('Finding where the lines come from…')).toBeVisible();
	await page.goBack();
	await expect(page.getByText('Finding where the lines come from…')).toHaveCount(0);
	expect((await ended).failure()?.errorText).toContain('ABORTED');
	release();
});

test('branches, tags and stashes are listed and lead to their commits', async ({ page }) => {
	const about = page.getByRole('region', { name: 'About this repository' });
	const open = page.getByRole('button', { name: 'About this repository' });
	await open.click();
	await expect(about).toContainText('Nothing about it is unusual.');
	const list = (name: string): Locator => about.getByRole('region', { name, exact: true });
	await expect(list('Branches').getByRole('button', { name: /^main HEAD/ })).toBeVisible();
	await expect(list('Worktrees').getByRole('button', { name: /^shed on shed/ })).toBeEnabled();
	await expect(list('Submodules')).toContainText('https://example.org/barn');
	await expectNoViolations(page);

	await list('Tags')
		.getByRole('button', { name: /^planted/ })
		.click();
	await expect(page.getByRole('heading', { name: 'Plant the pears' })).toBeVisible();
	await page.goBack();
	await list('Tags')
		.getByRole('button', { name: /^photographed/ })
		.click();
	await expect(page.getByRole('heading', { name: 'Add a photo' })).toBeVisible();
	await open.click();
	await list('Stashes')
		.getByRole('button', { name: /A thought for later/ })
		.click();
	await expect(page.getByRole('heading', { name: /A thought for later/ })).toBeVisible();
	await expect(page.getByRole('region', { name: 'trees/old/pears.txt' })).toContainText('changed');

	await open.click();
	await list('Branches').getByRole('button', { name: 'History of grafts' }).click();
	await expect(inHistory(page).getByRole('button', { name: /Graft a branch/ })).toBeVisible();
	await expect(inHistory(page).getByRole('button', { name: /Add a photo/ })).toHaveCount(0);
	await page.getByRole('button', { name: 'History of HEAD' }).click();
	await expect(inHistory(page).getByRole('button', { name: /Add a photo/ })).toBeVisible();
});

test('the keyboard is enough', async ({ page }) => {
	const focused = page.locator(':focus');
	await page.getByRole('radio', { name: 'Changes' }).focus();
	await page.keyboard.press('ArrowRight');
	await expect(page.getByRole('radio', { name: 'Files' })).toBeFocused();
	const files = inFiles(page);
	await files.getByRole('button', { name: 'trees' }).focus();
	await page.keyboard.press('ArrowDown');
	await expect(focused).toContainText('.gitmodules');
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('Enter');
	await expect(focused).toContainText('old');
	await page.keyboard.press('Enter');
	await expect(focused).toContainText('pears.txt');
	await page.keyboard.press('Backspace');
	await expect(focused, 'going up leads to where one comes from').toContainText('old');
	await page.keyboard.press('Enter');
	await expect(focused).toContainText('pears.txt');
	await page.keyboard.press('Enter');
	await expect(files.getByRole('group', { name: 'Lines' })).toBeFocused();
	await page.keyboard.press('Shift+Tab');
	await expect(page.getByRole('button', { name: 'Blame' })).toBeFocused();
	await page.keyboard.press('Enter');
	await expect(files.locator('.origin button').first()).toBeVisible();
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	await expect(focused).toContainText('Ada');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { name: 'Count the second pear' })).toBeVisible();
});
