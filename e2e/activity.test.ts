import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { startOwnServer, type OwnServer } from './own-server.ts';
import { activityPort } from './ports.ts';

let server: OwnServer;
test.beforeEach(async () => {
	const fake = join(import.meta.dirname, '../packages/testkit/src/fake-host.ts');
	const bun = join(import.meta.dirname, '../node_modules/.bin/bun');
	server = await startOwnServer(activityPort, () => `env FAKE_JOBS=1 "${bun}" "${fake}"`);
});
test.afterEach(() => {
	server.stop();
});

test('a job is watched, read and stopped, and one that failed says why', async ({ page }) => {
	await page.goto(server.address);
	await page.getByRole('button', { name: 'Activity' }).click();
	const running = page.getByRole('region', { name: 'Running' });
	const ended = page.getByRole('region', { name: 'Ended' });
	await expect(running).toContainText('Read a long history');
	await expect(ended).toContainText('This took too long and was stopped.');

	const progress = running.getByRole('progressbar');
	const before = Number(await progress.getAttribute('value'));
	await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(before);

	await running.getByRole('button', { name: 'Log of Read a long history' }).click();
	const log = page.getByRole('region', { name: 'Log', exact: true });
	await expect(log).toContainText('commit 1');
	const lines = log.locator('p');
	const count = await lines.count();
	await expect.poll(() => lines.count()).toBeGreaterThan(count);
	// The end is followed while one is there.
	await expect
		.poll(() => log.evaluate((pane) => pane.scrollHeight - pane.scrollTop - pane.clientHeight))
		.toBeLessThan(30);

	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);

	await running.getByRole('button', { name: 'Stop Read a long history' }).click();
	await expect(running).toBeHidden();
	await expect(ended).toContainText('Stopped');
});
