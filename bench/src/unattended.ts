/**
 * A browser that is left alone while it is measured. A debugger that stays is told of every piece of every answer,
 * through four processes, and of every frame: a quarter of what a stream seemed to cost was that.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { CHROMIUM, cpuSeconds, FLAGS } from './chromium.ts';

const START_MS = 20_000;
/** After it was left: so long until it has come to rest, and so much longer until something happens. */
const REST_MS = 2000;
const START_IN_MS = 1000;

export interface Unattended {
	/** Its page, for as long as it takes to use it. */
	visit<T>(use: (page: Page) => Promise<T>): Promise<T>;
	/**
	 * CPU seconds of all its processes for something and `ms` from its start on.
	 *
	 * @param arrange leaves the page so that it happens by itself after the time it is given, in milliseconds
	 */
	cpuOf(arrange: (page: Page, inMs: number) => Promise<unknown>, ms: number): Promise<number>;
	close(): Promise<void>;
}

/** @param profile that no other browser has open */
export async function openUnattended(profile: string): Promise<Unattended> {
	const file = join(profile, 'DevToolsActivePort');
	rmSync(file, { force: true });
	const browser = Bun.spawn(
		[
			CHROMIUM,
			...FLAGS,
			'--headless',
			'--hide-scrollbars',
			// A page that was left would stay beside the one that is measured.
			'--disable-back-forward-cache',
			'--mute-audio',
			// 1280 by 860 for the page.
			'--window-size=1280,947',
			'--enable-precise-memory-info',
			'--remote-debugging-port=0',
			`--user-data-dir=${profile}`,
			'about:blank'
		],
		{ stdout: 'ignore', stderr: 'ignore' }
	);
	const address = `http://127.0.0.1:${await portIn(file)}`;
	const visit = async <T>(use: (page: Page) => Promise<T>): Promise<T> => {
		const visitor = await chromium.connectOverCDP(address);
		try {
			const [page] = visitor.contexts()[0]?.pages() ?? [];
			if (!page) throw new Error('the browser has no page');
			return await use(page);
		} finally {
			// Of a browser that was there before, this only lets go.
			await visitor.close();
		}
	};
	return {
		visit,
		async cpuOf(arrange, ms) {
			await visit((page) => arrange(page, REST_MS + START_IN_MS));
			await Bun.sleep(REST_MS);
			const before = cpuSeconds(profile);
			await Bun.sleep(START_IN_MS + ms);
			return cpuSeconds(profile) - before;
		},
		async close() {
			browser.kill('SIGTERM');
			await browser.exited;
		}
	};
}

async function portIn(file: string): Promise<string> {
	const until = performance.now() + START_MS;
	for (;;) {
		// Its first line.
		const text = await Bun.file(file)
			.text()
			.catch(() => '');
		const [port] = text.split('\n');
		if (port !== undefined && port !== '' && text.includes('\n')) return port;
		if (performance.now() > until) throw new Error('the browser did not start');
		await Bun.sleep(50);
	}
}
