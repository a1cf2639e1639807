/** The first conversation, from the start screen on, in the Firefox that Debian ships, over WebDriver BiDi. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type BrowserContext } from 'puppeteer-core';
import { startTestServer, type TestServer } from '@stemma/testkit/server/test-server';
import { port as otherPort } from '../ports.ts';
import { LAST, message, Reader } from './reader.ts';

const START_MS = 240_000;
const PATIENCE_MS = 20_000;
setDefaultTimeout(60_000);

// Beside the ports of the other browser tests: this server is stopped on purpose.
const port = otherPort + 2;
const address = `http://127.0.0.1:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'stemma-firefox-'));
const faults: string[] = [];
let server: ChildProcess;
let upstream: TestServer;
let browser: Browser;

beforeAll(async () => {
	upstream = await startTestServer();
	server = spawn('node', ['scripts/start.mjs'], {
		stdio: ['ignore', 'pipe', 'inherit'],
		env: { ...process.env, STEMMA_PORT: String(port), STEMMA_OPEN: '0', STEMMA_DATA: folder }
	});
	let said = '';
	await new Promise<void>((resolve, reject) => {
		server.stdout?.on('data', (data: Buffer) => {
			said += String(data);
			if (said.includes('Stemma: http')) resolve();
		});
		server.once('exit', () => {
			reject(new Error(`The server did not start: ${said}`));
		});
	});
	browser = await puppeteer.launch({
		browser: 'firefox',
		executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
		headless: true,
		extraPrefsFirefox: {
			'browser.download.folderList': 2,
			'browser.download.dir': folder,
			'browser.download.useDownloadDir': true
		}
	});
}, START_MS);

afterAll(async () => {
	await browser.close();
	await stopServer();
	await upstream.close();
	rmSync(folder, { recursive: true, force: true });
});

async function stopServer(): Promise<void> {
	if (server.exitCode !== null) return;
	const gone = new Promise((resolve) => {
		server.once('exit', resolve);
	});
	server.kill('SIGTERM');
	await gone;
}

/** A window of a browser that was never here. */
async function visit(context?: BrowserContext): Promise<Reader> {
	const page = await (context ?? (await browser.createBrowserContext())).newPage();
	await page.setViewport({ width: 1280, height: 860 });
	page.on('pageerror', (fault) => faults.push(String(fault)));
	page.on('console', (line) => {
		if (line.type() === 'error') faults.push(line.text());
	});
	page.on('dialog', (dialog) => faults.push(dialog.message()));
	await page.goto(`${address}/#t=${readFileSync(join(folder, 'token'), 'utf8').trim()}`);
	return new Reader(page);
}
const visitWith = async (model: string): Promise<Reader> => {
	const reader = await visit();
	await reader.choose(upstream.url, model);
	return reader;
};
/** For what happens outside of the page. */
async function eventually(what: string, check: () => boolean): Promise<void> {
	const until = Date.now() + PATIENCE_MS;
	while (!check()) {
		if (Date.now() > until) throw new Error(`Not so: ${what}.`);
		await Bun.sleep(50);
	}
}

test('a first conversation: ask, read, see how it came about, find it again', async () => {
	const reader = await visitWith('Scenario plain');
	await reader.ask('how much is it?');
	await reader.sees('Hello, world.', message(2));
	await reader.sees('$0.000042', message(2));
	await reader.press('What was sent', message(2));
	await reader.sees('how much is it?', { within: '[role=dialog]' });
	await reader.page.keyboard.press('Escape');
	expect(await reader.page.title()).toBe('how much is it? · Stemma');

	await reader.reload();
	await reader.sees('Hello, world.', message(2));
	await reader.goTo(`${address}/settings`);
	await reader.sees('SQLite 3.');
	await reader.sees('journal wal');
	await reader.closeAll();
});

test('words appear as they come; stop keeps them, and the answer can be continued', async () => {
	const reader = await visitWith('Scenario slow');
	await reader.send('tell me');
	await reader.sees('One word after', { within: 'article[aria-busy=true]' });
	await reader.page.keyboard.press('Escape');
	await reader.sees('Stopped', message(2));
	await eventually('stop ends the connection', () => upstream.ledger().at(-1)?.abortedAt !== null);
	const kept = (await reader.text({ within: 'article[aria-posinset="2"] .prose' })).slice(0, 20);
	expect(kept).toStartWith('One word after');
	await reader.press('Continue', message(2));
	await reader.sees(kept, { within: 'article[aria-busy=true]' });
	await reader.press('Stop');
	await reader.sees('2/2', message(2));
	await reader.sees(kept, message(2));
	await reader.closeAll();
});

test('edits and forks are versions, and each leads back to where it went on', async () => {
	const reader = await visitWith('Scenario plain');
	await reader.ask('first question');
	await reader.ask('second question');
	await reader.press('Edit', message(1));
	await reader.fill('Edit message', 'another question');
	await reader.press('Save and ask');
	await reader.sees('2/2', message(1));
	await reader.sees('another question', message(1));
	await reader.until('an answer of its own', () => document.querySelectorAll('article').length === 2);
	await reader.press('Previous version', message(1));
	await reader.sees('second question', message(3));

	await reader.press('Fork', message(2));
	await reader.until('the fork', () => document.querySelector('article')?.ariaSetSize === '2');
	await reader.ask('second, otherwise');
	await reader.sees('2/2', message(3));
	await reader.press('Previous version', message(3));
	await reader.sees('second question', message(3));
	await reader.sees('1/2', message(3));
	await reader.closeAll();
});

test('a reload in mid-answer keeps the text and says so', async () => {
	const reader = await visitWith('Scenario slow');
	await reader.send('tell me');
	await reader.until(
		'more than one second of words',
		() => (document.querySelector('article[aria-busy=true] .prose')?.textContent.length ?? 0) > 240
	);
	await reader.page.reload();
	await reader.sees('Interrupted', message(2));
	// The journal is a second behind at most.
	await reader.sees('One word after another, so slowly', message(2));
	await reader.press('Continue', message(2));
	await reader.sees('One word after another', { within: 'article[aria-busy=true]' });
	await reader.press('Stop');
	await reader.closeAll();
});

test('two tabs show the same, and the second goes on when the first is closed', async () => {
	const first = await visitWith('Scenario plain');
	await first.ask('from the first tab');
	const second = await visit(first.page.browserContext());
	await second.sees('from the first tab', message(1));
	await second.ask('from the second tab');
	await first.sees('from the second tab', message(3));
	await first.sees('Hello, world.', message(4));
	await first.close();
	await second.ask('after the first tab');
	await second.sees('Hello, world.', message(6));
	await second.reload();
	await second.sees('after the first tab', message(5));
	await second.closeAll();
});

test('keys alone are enough: write, walk, edit, find', async () => {
	const reader = await visitWith('Scenario plain');
	const { keyboard } = reader.page;
	await reader.until('the place to write', () => document.querySelector('textarea') !== null);
	await reader.page.focus('textarea');
	await keyboard.type('written by keys');
	await keyboard.press('Enter');
	await reader.isAnswered(2);
	await reader.sees('Hello, world.', message(2));
	await keyboard.down('Alt');
	await keyboard.press('ArrowUp');
	await keyboard.press('ArrowUp');
	await keyboard.up('Alt');
	await reader.until(
		'the question in focus',
		() => document.activeElement?.getAttribute('aria-posinset') === '1'
	);
	await keyboard.press('e');
	await reader.until(
		'the editor',
		() => document.activeElement?.getAttribute('aria-label') === 'Edit message'
	);
	await keyboard.type(', and changed');
	await keyboard.down('Control');
	await keyboard.press('Enter');
	await keyboard.up('Control');
	await reader.sees('written by keys, and changed', message(1));
	await reader.sees('2/2', message(1));
	await keyboard.down('Control');
	await keyboard.press('k');
	await keyboard.up('Control');
	await reader.until('the palette', () => document.activeElement?.getAttribute('aria-label') === 'Find');
	await keyboard.type('Settings');
	await keyboard.press('Enter');
	await reader.sees('Models and keys');
	await reader.closeAll();
});

test('the whole database is downloaded as one file', async () => {
	const reader = await visitWith('Scenario plain');
	await reader.ask('kept for later');
	await reader.goTo(`${address}/settings`);
	await reader.press('Back up now');
	await reader.sees('The last backup was made');
	const saved = (): Buffer => {
		const name = readdirSync(folder).find((entry) => /^stemma-.*[.]sqlite$/.test(entry));
		return name === undefined ? Buffer.alloc(0) : readFileSync(join(folder, name));
	};
	await eventually('the file holds the message', () => saved().includes('kept for later'));
	expect(saved().subarray(0, 15).toString()).toBe('SQLite format 3');
	await reader.closeAll();
});

test('without server and network, the page opens and everything is there', async () => {
	const reader = await visitWith('Scenario plain');
	await reader.ask('before the server went');
	await reader.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
	await reader.settles();
	await stopServer();
	await reader.page.reload();
	await reader.sees('before the server went', message(1));
	await reader.sees('Hello, world.', LAST);
	await reader.closeAll();
});

test('nothing of all this is a fault to Firefox', () => {
	expect(faults).toEqual([]);
});
