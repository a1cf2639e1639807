/** The production build behind its own server, with a model server at hand, in Chromium. */
import { type Subprocess } from 'bun';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer } from '@stemma/testkit/server/test-server';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { CHROMIUM, cpuSeconds, FLAGS } from './chromium.ts';

const ROOT = join(import.meta.dir, '../..');
/** Beside those of the browser tests, which `STEMMA_TEST_PORT` moves. */
const PORT = Number(process.env['STEMMA_TEST_PORT'] ?? 47_931) + 2;
const START_MS = 240_000;
const MERGE_MS = 300_000;
const REST_MS = 300_000;
const REST_STEP_MS = 2000;
/** Of two seconds. */
const RESTING_CPU = 0.1;

export interface AppRig {
	/** With the token that the server asks for once. */
	readonly address: string;
	/** Base address of the model server. */
	readonly upstream: string;
	/** Word in the command line of every browser of the profile. */
	readonly profile: string;
	/** Another start of the browser on the same profile. */
	start(options?: { readonly serviceWorkers?: 'block' }): Promise<BrowserContext>;
	close(): Promise<void>;
}

/** @param listed ids of models that the server offers beside its own */
export async function createAppRig(listed: readonly string[] = []): Promise<AppRig> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-app-'));
	const upstream = await startTestServer({ listed });
	const server = Bun.spawn(['node', 'scripts/start.mjs'], {
		cwd: ROOT,
		stdout: 'ignore',
		stderr: 'inherit',
		env: { ...process.env, STEMMA_PORT: String(PORT), STEMMA_OPEN: '0', STEMMA_DATA: folder }
	});
	await untilUp(server);
	const profile = join(folder, 'profile');
	const contexts = new Set<BrowserContext>();
	return {
		address: `http://127.0.0.1:${PORT}/#t=${readFileSync(join(folder, 'token'), 'utf8').trim()}`,
		upstream: upstream.url,
		profile,
		async start(options = {}) {
			const context = await chromium.launchPersistentContext(profile, {
				...options,
				executablePath: CHROMIUM,
				args: [...FLAGS, '--enable-precise-memory-info'],
				viewport: { width: 1280, height: 860 }
			});
			contexts.add(context);
			context.on('close', () => contexts.delete(context));
			return context;
		},
		async close() {
			for (const context of contexts) await context.close();
			server.kill('SIGTERM');
			await server.exited;
			await upstream.close();
			rmSync(folder, { recursive: true, force: true });
		}
	};
}

async function untilUp(server: Subprocess): Promise<void> {
	const until = performance.now() + START_MS;
	for (;;) {
		const answer = await fetch(`http://127.0.0.1:${PORT}/api/health`).catch(() => null);
		if (answer?.ok === true) return;
		if (server.exitCode !== null || performance.now() > until) throw new Error('the app did not start');
		await Bun.sleep(100);
	}
}

/** Until the words of what was merged are in the index: that goes on behind what is measured. */
async function comeToRest(profile: string): Promise<void> {
	const until = performance.now() + REST_MS;
	for (let before = cpuSeconds(profile); performance.now() < until;) {
		await Bun.sleep(REST_STEP_MS);
		const now = cpuSeconds(profile);
		if (now - before < RESTING_CPU) return;
		before = now;
	}
	throw new Error('the browser did not come to rest');
}

/** A page past the start screen, with the model server as its endpoint and a file merged into the database. */
export async function openStocked(context: BrowserContext, rig: AppRig, file: string): Promise<Page> {
	const page = context.pages()[0] ?? (await context.newPage());
	await page.goto(rig.address);
	await page.getByRole('textbox', { name: 'Address' }).fill(rig.upstream);
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await page.getByRole('textbox', { name: 'Message', exact: true }).waitFor();
	await page.getByRole('button', { name: 'Settings' }).click();
	await page.getByLabel('Backup file').setInputFiles(file);
	await page.getByRole('button', { name: 'Merge' }).click({ timeout: MERGE_MS });
	await page.getByText('were added').waitFor({ timeout: MERGE_MS });
	await comeToRest(rig.profile);
	return page;
}
