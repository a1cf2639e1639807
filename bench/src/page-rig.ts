/** Pages that measure parts of the program, bundled, served on a free port with COOP and COEP, in Chromium. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BunPlugin } from 'bun';
import { compile, compileModule } from 'svelte/compiler';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { CHROMIUM, FLAGS } from './chromium.ts';

const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', wasm: 'application/wasm' };

export interface PageRig {
	/** A browser that was never here, on a profile on the disk: in a private window files are memory behind IPC. */
	newContext(): Promise<BrowserContext>;
	/** A page with the script of that name. Pages of one context share their storage. */
	open(context: BrowserContext, script: string): Promise<Page>;
	/** Lets the pages fetch a file as /data/name. */
	offer(name: string, path: string): void;
	close(): Promise<void>;
}

const resolved = (name: string): string => fileURLToPath(import.meta.resolve(name));

const svelte: BunPlugin = {
	name: 'svelte',
	setup(build) {
		build.onLoad({ filter: /[.]svelte$/ }, async ({ path }) => {
			const source = await Bun.file(path).text();
			return { contents: compile(source, { filename: path, css: 'external' }).js.code, loader: 'js' };
		});
		build.onLoad({ filter: /[.]svelte[.](js|ts)$/ }, async ({ path }) => {
			const source = new Bun.Transpiler({ loader: 'ts' }).transformSync(await Bun.file(path).text());
			return { contents: compileModule(source, { filename: path }).js.code, loader: 'js' };
		});
	}
};

export async function createPageRig(): Promise<PageRig> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-pages-'));
	const entrypoints = [
		join(import.meta.dir, 'pages/store-page.ts'),
		join(import.meta.dir, 'pages/log-page.ts'),
		join(import.meta.dir, 'pages/stock-page.ts'),
		join(import.meta.dir, 'pages/stock-worker.ts'),
		join(import.meta.dir, 'pages/markdown-page.ts'),
		join(import.meta.dir, 'pages/compare-page.ts'),
		join(import.meta.dir, 'pages/at-picker-page.ts'),
		join(import.meta.dir, '../../app/src/lib/compare/compare-worker.ts'),
		resolved('@stemma/store/browser/db-worker')
	];
	const built = await Bun.build({
		entrypoints,
		target: 'browser',
		conditions: ['svelte', 'production', 'browser'],
		define: { 'process.env.NODE_ENV': '"production"' },
		minify: { syntax: true, whitespace: true },
		plugins: [svelte],
		naming: '[name].[ext]',
		outdir: folder
	});
	if (!built.success) throw new Error(built.logs.map(({ message }) => message).join('\n'));
	const offered = new Map<string, string>();
	const sqlite = join(resolved('@sqlite.org/sqlite-wasm'), '..');
	const server = Bun.serve({
		hostname: '127.0.0.1',
		port: 0,
		async fetch({ url }) {
			const headers = {
				'cross-origin-opener-policy': 'same-origin',
				'cross-origin-embedder-policy': 'require-corp'
			};
			const { pathname, searchParams } = new URL(url);
			if (pathname === '/') {
				const script = `<!doctype html><script type="module" src="/${searchParams.get('script') ?? ''}.js"></script>`;
				return new Response(script, { headers: { ...headers, 'content-type': 'text/html' } });
			}
			const data = offered.get(pathname);
			if (data !== undefined) return new Response(Bun.file(data), { headers });
			const name = pathname.slice(1).replace(/\.ts$/, '.js');
			const type = TYPES[name.split('.').at(-1) ?? ''];
			for (const path of [join(folder, name), join(sqlite, name)]) {
				if (type === undefined || name.includes('/') || !(await Bun.file(path).exists())) continue;
				return new Response(Bun.file(path), { headers: { ...headers, 'content-type': type } });
			}
			return new Response(null, { status: 404 });
		}
	});
	const contexts: BrowserContext[] = [];
	return {
		async newContext() {
			const context = await chromium.launchPersistentContext(join(folder, `profile-${contexts.length}`), {
				executablePath: CHROMIUM,
				args: [...FLAGS]
			});
			contexts.push(context);
			return context;
		},
		async open(context, script) {
			const page = await context.newPage();
			await page.goto(`${server.url.href}?script=${script}`, { waitUntil: 'networkidle' });
			return page;
		},
		offer(name, path) {
			offered.set(`/data/${name}`, path);
		},
		async close() {
			for (const context of contexts) await context.close();
			await server.stop(true);
			rmSync(folder, { recursive: true });
		}
	};
}
