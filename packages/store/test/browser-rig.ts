/** Bundles the browser engine for a page and its workers, serves them on a free port and drives Chromium there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from '@playwright/test';
import type { BrowserPage } from './browser-page.ts';

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync'
];
const SCRIPTS: ReadonlySet<string> = new Set(['browser-page.js', 'browser-owner-worker.js', 'db-worker.js']);
const HTML = `<!doctype html><title>Store</title><script type="module" src="/browser-page.js"></script>`;

export interface BrowserRig {
	readonly browser: Browser;
	/** Its own temporary folder, gone with it. */
	readonly folder: string;
	/** A page of the context on which the functions of `browser-page.ts` are global. */
	open(context: BrowserContext): Promise<Page>;
	load(page: Page): Promise<void>;
	close(): Promise<void>;
}

export async function createBrowserRig(): Promise<BrowserRig> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-rig-'));
	const built = await Bun.build({
		entrypoints: [
			join(import.meta.dir, 'browser-page.ts'),
			join(import.meta.dir, 'browser-owner-worker.ts'),
			join(import.meta.dir, '../src/browser/db-worker.ts')
		],
		target: 'browser',
		naming: '[name].[ext]',
		outdir: folder
	});
	if (!built.success) throw new Error(built.logs.map(({ message }) => message).join('\n'));
	const wasm = new URL('sqlite3.wasm', import.meta.resolve('@sqlite.org/sqlite-wasm'));
	const server = Bun.serve({
		hostname: '127.0.0.1',
		port: 0,
		fetch({ url }) {
			const { pathname } = new URL(url);
			if (pathname === '/') return new Response(HTML, { headers: { 'content-type': 'text/html' } });
			if (pathname === '/sqlite3.wasm') return new Response(Bun.file(wasm));
			// A page asks for its worker by the name it has in the source.
			const name = pathname.slice(1).replace(/\.ts$/, '.js');
			if (!SCRIPTS.has(name)) return new Response(null, { status: 404 });
			return new Response(Bun.file(join(folder, name)), { headers: { 'content-type': 'text/javascript' } });
		}
	});
	const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
	const load = async (page: Page): Promise<void> => {
		await page.goto(server.url.href);
		await page.waitForFunction(() => 'openBrowserStore' in globalThis);
	};
	return {
		browser,
		folder,
		load,
		async open(context) {
			const page = await context.newPage();
			await load(page);
			return page;
		},
		async close() {
			await browser.close();
			await server.stop(true);
			rmSync(folder, { recursive: true });
		}
	};
}

declare global {
	/** In pages of the rig. */
	var openBrowserStore: BrowserPage['openBrowserStore'];
	var StoreFailure: BrowserPage['StoreFailure'];
	var cases: BrowserPage['cases'];
	var stemma: Extract<Awaited<ReturnType<BrowserPage['openBrowserStore']>>, { ok: true }>['value'];
}
