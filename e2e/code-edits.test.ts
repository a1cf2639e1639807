/** Blocks of code that are changes to files: looked at, made and taken back in a real folder through the real host. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import * as linked from './linked-folders.ts';
import type { OwnServer } from './own-server.ts';
import { editsPort } from './ports.ts';
import { Stemma, UPSTREAM } from './stemma.ts';

// They share a port.
test.describe.configure({ mode: 'default' });
test.skip(linked.hostBinary === undefined, linked.NOT_BUILT);

let server: OwnServer;
let orchard: string;
const contentOf = (path: string): string => readFileSync(join(orchard, path), 'utf8');
const patchOf = (now: string): string =>
	[
		'```diff',
		'--- src/apples.ts',
		'+++ src/apples.ts',
		'@@ -1,3 +1,3 @@',
		' one',
		`-${now}`,
		'+2 trees',
		' three',
		'```'
	].join('\n');

test.beforeEach(async () => {
	server = await linked.startWithFolders(editsPort, (folder) => {
		orchard = join(folder, 'orchard');
		mkdirSync(join(orchard, 'src'), { recursive: true });
		linked.git(orchard, 'init', '--quiet', '--initial-branch=main');
		writeFileSync(join(orchard, 'src/apples.ts'), 'one\ntwo\nthree\n');
		return [orchard];
	});
});
test.afterEach(() => {
	server.stop();
});

/** A message with these blocks in it, as if a model had written them. */
async function say(page: Page, ...blocks: readonly string[]): Promise<Stemma> {
	await page.goto(server.address);
	await page.getByRole('textbox', { name: 'Address' }).fill(`${UPSTREAM}/v1`);
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	const stemma = new Stemma(page);
	await stemma.chooseModel('Scenario plain');
	await stemma.message.fill(blocks.join('\n\nand then\n\n'));
	await page.keyboard.press('Enter');
	await expect(stemma.articles.nth(1)).toContainText('Hello, world.');
	return stemma;
}

test('a patch is looked at, applied, and taken back', async ({ page }) => {
	const stemma = await say(page, patchOf('two'));
	const block = stemma.articles.first();
	await block.getByRole('button', { name: 'Apply…' }).click();
	const dialog = page.getByRole('dialog', { name: 'Apply to a folder' });
	const file = dialog.getByRole('region', { name: 'src/apples.ts' });
	await expect(file).toContainText('2 trees');
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
	expect(contentOf('src/apples.ts'), 'looking changes nothing').toBe('one\ntwo\nthree\n');
	await dialog.getByRole('button', { name: 'Apply', exact: true }).click();
	await expect(dialog).toBeHidden();
	await expect(page.getByText('Applied to 1 file.')).toBeVisible();
	expect(contentOf('src/apples.ts')).toBe('one\n2 trees\nthree\n');

	// Changed since: it stays, and the block can be asked again.
	writeFileSync(join(orchard, 'src/apples.ts'), 'mine\n');
	await block.getByRole('button', { name: 'Undo' }).click();
	await expect(page.getByText(/was changed since/)).toBeVisible();
	expect(contentOf('src/apples.ts')).toBe('mine\n');
	writeFileSync(join(orchard, 'src/apples.ts'), 'one\n2 trees\nthree\n');
	await block.getByRole('button', { name: 'Undo' }).click();
	await expect(block.getByRole('button', { name: 'Apply…' })).toBeVisible();
	expect(contentOf('src/apples.ts')).toBe('one\ntwo\nthree\n');
});

test('what does not fit is refused, and changes nothing', async ({ page }) => {
	const stemma = await say(
		page,
		patchOf('second'),
		'```sh\nnpm test\n```',
		'```ts title="../outside.ts"\nx\n```'
	);
	// Neither a command nor a file outside is offered.
	await expect(stemma.articles.first().getByRole('button', { name: 'Copy code' })).toHaveCount(3);
	await stemma.articles.first().getByRole('button', { name: 'Apply…' }).click();
	const dialog = page.getByRole('dialog', { name: 'Apply to a folder' });
	await expect(dialog.getByRole('status')).toContainText('does not fit');
	await expect(dialog.getByRole('button', { name: 'Apply', exact: true })).toBeDisabled();
	await page.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	expect(contentOf('src/apples.ts')).toBe('one\ntwo\nthree\n');
});

test('a whole file is compared with what is there: made, changed, or left as it is', async ({ page }) => {
	const stemma = await say(
		page,
		'```ts src/pears.ts\nexport const pears = 1;\n```',
		'```ts title="src/apples.ts"\none\n2 trees\nthree\n```'
	);
	const apply = stemma.articles.first().getByRole('button', { name: 'Apply…' });
	const dialog = page.getByRole('dialog', { name: 'Apply to a folder' });
	await expect(apply).toHaveCount(2);
	await apply.first().click();
	await expect(dialog.getByRole('region', { name: 'src/pears.ts' })).toContainText('added');
	await dialog.getByRole('button', { name: 'Apply', exact: true }).click();
	await expect(dialog).toBeHidden();
	expect(contentOf('src/pears.ts')).toBe('export const pears = 1;\n');

	await apply.click();
	const changed = dialog.getByRole('region', { name: 'src/apples.ts' });
	await expect(changed.locator('tr.added')).toHaveText([/2 trees/]);
	await expect(changed.locator('tr.removed')).toHaveText([/two/]);
	// Somebody writes while it is looked at.
	writeFileSync(join(orchard, 'src/apples.ts'), 'mine\n');
	await dialog.getByRole('button', { name: 'Apply', exact: true }).click();
	await expect(dialog.getByRole('status')).toContainText('is not what it was');
	expect(contentOf('src/apples.ts')).toBe('mine\n');
	await page.keyboard.press('Escape');

	await stemma.articles.first().getByRole('button', { name: 'Undo' }).click();
	await expect(apply).toHaveCount(2);
	expect(existsSync(join(orchard, 'src/pears.ts')), 'what was made is gone again').toBe(false);
	writeFileSync(join(orchard, 'src/apples.ts'), 'one\n2 trees\nthree\n');
	await apply.last().click();
	await expect(dialog.getByRole('status')).toContainText('like this already');
});
