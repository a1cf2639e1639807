/** What an @ in the composer brings into a message, from real folders through the real host. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import * as linked from './linked-folders.ts';
import type { OwnServer } from './own-server.ts';
import { mentionsPort } from './ports.ts';
import { Stemma, UPSTREAM } from './stemma.ts';

// They share a port.
test.describe.configure({ mode: 'default' });

const HOSTILE = '<img src=x onerror=alert(1)>.txt';
let server: OwnServer;

const write = (folder: string, path: string, content: string | Uint8Array): void => {
	writeFileSync(join(folder, path), content);
};

/** A repository with a commit and what is not committed, and a folder that is none. */
function makeFolders(folder: string): readonly string[] {
	const [orchard, notes] = [join(folder, 'orchard'), join(folder, 'notes')];
	mkdirSync(join(orchard, 'src/deep'), { recursive: true });
	linked.git(orchard, 'init', '--quiet', '--initial-branch=main');
	write(orchard, 'src/apples.ts', 'export const apples = 3;\n// second\n// third\n');
	write(orchard, 'src/deep/pears.ts', 'export const pears = 4;\n');
	write(orchard, HOSTILE, 'harmless\n');
	linked.git(orchard, 'add', '.');
	linked.git(orchard, 'commit', '--quiet', '-m', 'Plant the orchard', '-m', 'Three trees to begin with.');
	write(orchard, 'src/apples.ts', 'export const apples = 33;\n// second\n// third\n');
	write(orchard, 'untracked.md', 'new\n');
	write(orchard, 'picture.bin', new Uint8Array([0, 1, 2, 255]));
	write(orchard, 'long.log', 'x'.repeat(1_000_001));
	mkdirSync(notes);
	write(notes, 'apples.md', '# Apples\n');
	return [orchard, notes];
}

async function start(page: Page, folders: (all: readonly string[]) => readonly string[]): Promise<Stemma> {
	server = await linked.startWithFolders(mentionsPort, (folder) => folders(makeFolders(folder)));
	await page.goto(server.address);
	await page.getByRole('textbox', { name: 'Address' }).fill(`${UPSTREAM}/v1`);
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	const stemma = new Stemma(page);
	await stemma.chooseModel('Test model 1');
	await stemma.message.click();
	return stemma;
}

/** What the model got of the last request that holds these words, once there is one. */
async function requestWith(words: string): Promise<string> {
	await expect.poll(() => sentWith(words)).not.toBe('');
	return sentWith(words);
}

async function sentWith(words: string): Promise<string> {
	const { ledger } = (await (await fetch(`${UPSTREAM}/__ledger`)).json()) as { ledger: { body: string }[] };
	const body = ledger.findLast((entry) => entry.body.includes(words))?.body ?? '{"messages":[]}';
	const { messages } = JSON.parse(body) as { messages: { content: string }[] };
	return messages.at(-1)?.content ?? '';
}

test.describe('with linked folders', () => {
	test.skip(linked.hostBinary === undefined, linked.NOT_BUILT);
	test.afterEach(() => {
		server.stop();
	});

	test('a file is found by its letters, chosen with the keyboard, and sent with the message', async ({
		page
	}) => {
		const stemma = await start(page, ([orchard = '']) => [orchard]);
		const list = page.getByRole('listbox', { name: 'From the linked folders' });
		const options = list.getByRole('option');
		const attached = page.getByRole('list', { name: 'Attached' });

		await page.keyboard.type('What is in @');
		await expect(list).toBeVisible();
		await expect(options.first()).toHaveAccessibleName('Changes not committed');
		await expect(list.getByRole('option', { name: 'main, branch' })).toBeVisible();
		await expect(list.getByRole('option', { name: /Plant the orchard, commit [0-9a-f]{7}/ })).toBeVisible();

		await page.keyboard.type('srcapp');
		await expect(options).toHaveCount(1);
		await expect(options).toHaveAccessibleName('apples.ts, src/, file');
		for (let i = 0; i < 'app'.length; i++) await page.keyboard.press('Backspace');
		await expect(options).toHaveCount(5);
		await expect(options.first()).toHaveAttribute('aria-selected', 'true');
		for (const key of ['ArrowDown', 'ArrowUp', 'ArrowUp']) await page.keyboard.press(key);
		await expect(options.last()).toHaveAttribute('aria-selected', 'true');
		const active = (await stemma.message.getAttribute('aria-activedescendant')) ?? '';
		await expect(options.last(), 'the field says which one Enter takes').toHaveAttribute('id', active);
		await expect(stemma.message).toBeFocused();
		const { violations } = await new AxeBuilder({ page }).analyze();
		expect(violations.map(({ id }) => id)).toEqual([]);

		await page.keyboard.type('/app');
		await page.keyboard.press('Enter');
		await expect(list).toBeHidden();
		await expect(stemma.message).toHaveValue('What is in ');
		await expect(attached).toContainText('src/apples.ts');
		await expect(attached).toContainText('≈ 12 tokens');

		await page.keyboard.type('there?');
		await page.keyboard.press('Enter');
		await stemma.expectLength(2);
		await stemma.waitForAnswer();
		expect(await requestWith('What is in there?')).toContain(
			'[file: src/apples.ts]\n```\nexport const apples = 33;\n// second\n// third\n```'
		);
		await (await stemma.at(1)).getByText('src/apples.ts').click();
		await expect(await stemma.at(1)).toContainText('export const apples = 33;');
	});

	test('changes, commits, folders and lines are sent as the text they are', async ({ page }) => {
		const stemma = await start(page, ([orchard = '']) => [orchard]);
		const attached = page.getByRole('list', { name: 'Attached' }).getByRole('listitem');
		const bring = async (query: string, name: string | RegExp): Promise<void> => {
			await page.keyboard.type(`@${query}`);
			await page.getByRole('option', { name, exact: true }).click();
			await expect(page.getByRole('listbox')).toBeHidden();
			await expect(stemma.message).toBeFocused();
		};
		await page.keyboard.type('Review');
		await page.keyboard.type(' ');
		await bring('notcomm', 'Changes not committed');
		await bring('plant', /Plant the orchard/);
		await bring('src/', 'src/, folder');
		await bring('pears.ts:1-9', 'pears.ts:1-9, src/deep/, file');
		await expect(attached).toHaveText([
			/changes not committed/,
			/commit [0-9a-f]{7} Plant the orchard/,
			/src\//,
			/src\/deep\/pears\.ts:1/
		]);
		await page.reload();
		await expect(attached.first(), 'what it costs is known after a reload, too').toContainText('tokens');
		await page.getByRole('button', { name: 'Send' }).click();
		await stemma.expectLength(2);
		await stemma.waitForAnswer();
		const sent = await requestWith('[diff: changes not committed]');
		expect(sent).toContain('-export const apples = 3;\n+export const apples = 33;\n');
		expect(sent).toMatch(/\nUntracked files:\n(\t.+\n)*\tuntracked\.md\n/);
		expect(sent).toMatch(/\[commit: [0-9a-f]{7} Plant the orchard\]\n`+\ncommit [0-9a-f]{40}\nAuthor: Ada/);
		expect(sent).toContain('    Three trees to begin with.\n');
		expect(sent).toContain('+export const apples = 3;\n');
		expect(sent).toContain('[file: src/]\n```\ndeep/\n  pears.ts\napples.ts\n```');
		expect(sent).toContain('[file: src/deep/pears.ts:1]\n```\nexport const pears = 4;\n```');
	});

	test('what differs between two branches, tags or commits is found with two dots', async ({ page }) => {
		const stemma = await start(page, ([orchard = '']) => {
			linked.git(orchard, 'tag', 'planted');
			linked.git(orchard, 'checkout', '--quiet', '-b', 'topic');
			linked.git(orchard, 'commit', '--quiet', '-am', 'Many apples');
			return [orchard];
		});
		const list = page.getByRole('listbox', { name: 'From the linked folders' });
		const options = list.getByRole('option');
		const attached = page.getByRole('list', { name: 'Attached' }).getByRole('listitem');

		await page.keyboard.type('Review @');
		const beside = list.getByRole('option', { name: 'main..topic, what differs between main and topic' });
		await expect(beside, 'it is there before anybody knows of the dots').toBeVisible();
		await page.keyboard.type('planted');
		await expect(page.getByText('Type .. and another branch, tag or commit')).toBeVisible();
		await page.keyboard.type('..');
		await expect(options.first()).toHaveAccessibleName(/^planted\.\.topic, /);
		await page.keyboard.type('many');
		await expect(options).toHaveCount(1);
		await expect(options).toHaveAccessibleName(/^planted\.\.[0-9a-f]{7}, Many apples$/);
		const { violations } = await new AxeBuilder({ page }).analyze();
		expect(violations.map(({ id }) => id)).toEqual([]);
		await page.keyboard.press('Enter');
		await expect(attached).toHaveText(/planted\.\.([0-9a-f]{7}) \([0-9a-f]{7}\.\.\1\)\s*≈ [0-9]+ tokens/);
		await page.keyboard.type('@planted..main');
		await page.keyboard.press('Enter');
		await expect(page.getByText(/Both sides of planted\.\.main are commit [0-9a-f]{7}\./)).toBeVisible();

		await page.keyboard.type('please');
		await page.keyboard.press('Enter');
		await stemma.expectLength(2);
		await stemma.waitForAnswer();
		const sent = await requestWith('Review please');
		expect(sent).toMatch(/\[diff: planted\.\.[0-9a-f]{7} \([0-9a-f]{7}\.\.[0-9a-f]{7}\)\]/);
		expect(sent).toContain('-export const apples = 3;\n+export const apples = 33;\n');
	});

	test('what cannot be attached says why; a name is never markup', async ({ page }) => {
		const stemma = await start(page, ([orchard = '']) => [orchard]);
		const attached = page.getByRole('list', { name: 'Attached' });
		await page.keyboard.type('@picture');
		await page.keyboard.press('Enter');
		await expect(page.getByText('picture.bin is not a text.')).toBeVisible();
		await page.keyboard.type('@long.log');
		await page.keyboard.press('Enter');
		await expect(page.getByText('long.log is larger than 1 MB.')).toBeVisible();
		await page.keyboard.type('@apples.ts:9');
		await page.keyboard.press('Enter');
		await expect(page.getByText('src/apples.ts has no line 9.')).toBeVisible();
		await expect(attached).toBeHidden();
		await page.keyboard.type('@onerror');
		await expect(page.getByRole('option')).toHaveAccessibleName(`${HOSTILE}, file`);
		await page.keyboard.press('Tab');
		await expect(attached).toContainText(HOSTILE);
		await expect(page.locator('img[src="x"]')).toHaveCount(0);
		await expect(stemma.message).toBeFocused();
	});

	test('of several folders each result says its own; Escape leaves what was typed', async ({ page }) => {
		const stemma = await start(page, (all) => all);
		const list = page.getByRole('listbox', { name: 'From the linked folders' });
		await page.keyboard.type('see @apples');
		await expect(list.getByRole('option', { name: 'apples.ts, src/, orchard, file' })).toBeVisible();
		await expect(list.getByRole('option', { name: 'apples.md, notes, file' })).toBeVisible();
		await page.keyboard.press('Escape');
		await expect(list).toBeHidden();
		await expect(stemma.message).toHaveValue('see @apples');
		await page.keyboard.type('2');
		await expect(list, 'it stays closed for this word').toBeHidden();
		await page.keyboard.type(' ada@apples');
		await expect(list, 'an address is no mention').toBeHidden();
		await page.keyboard.type(' @notes/apples');
		await expect(list.getByRole('option').first()).toHaveAccessibleName('apples.md, notes, file');
		await page.keyboard.press('Enter');
		await expect(page.getByRole('list', { name: 'Attached' })).toContainText('notes/apples.md');
		await expect(stemma.message).toHaveValue('see @apples2 ada@apples ');
	});
});

test('without a linked folder an @ is a character like any other', async ({ page }) => {
	const stemma = new Stemma(page);
	await stemma.openWithPractice();
	await page.keyboard.type('look at @a');
	await page.waitForTimeout(300);
	await expect(page.getByRole('listbox', { name: 'From the linked folders' })).toBeHidden();
	await page.keyboard.press('Enter');
	await expect(await stemma.at(1)).toContainText('look at @a');
});
