/**
 * The whole program, with an answer that streams and a tab that appends, renames and imports, is killed
 * with its browser at a random moment. On the same profile it then opens again: the file is sound, no
 * acknowledged write is missing, and the answer ends at most a second before the kill, and says so.
 */
import { createAppRig, type AppRig } from 'bench/app-rig';
import { killAll } from 'bench/chromium';
import type { BrowserContext, Page } from '@playwright/test';
import { compare, createLedger } from './acknowledged.ts';
import { between, type Drill } from './drill.ts';
import type { Told } from './pages/writer.ts';
import { buildWriterPage, type WriterPage } from './writer-page.ts';

/** Of the test server: word by word, for longer than anybody waits. */
const MODEL = 'Scenario slow';
const SAID = 'One word after another, so slowly that one can stop it. '.repeat(40);
const UNDER_WAY = 0.75;
const LONGEST_MS = 3500;
/** The journal is written after a second; this is what the writing itself may take on a busy machine. */
const LOSS_MS = 1000;
const WRITING_MS = 1000;
const PATIENCE_MS = 60_000;

/** What the page had of the answer, and when, on the page's own clock. */
interface Heard {
	readonly text: string;
	readonly at: number;
}

export const kills: Drill = {
	name: 'kills',
	times: 100,
	async run(times, { random, ended, note }) {
		const page = await buildWriterPage();
		const rig = await createAppRig();
		const ledger = createLedger();
		const seen = new Set<string>();
		const lost: number[] = [];
		let open = await start(rig, page, ledger.tell);
		const stop = async (): Promise<void> => {
			killAll(rig.profile);
			// It may have noticed by itself that its browser is gone.
			await open.context.close().catch(() => undefined);
		};

		const writeUntilKilled = async (name: string): Promise<void> => {
			await ask(open.app, rig);
			// Most of the times with an answer under way, else anywhere between the click and its first words.
			if (random() < UNDER_WAY) await open.app.locator('article[aria-busy="true"] .prose').waitFor();
			await open.writer.evaluate((prefix) => void writer.write(prefix), name);
			await Bun.sleep(between(random, 0, LONGEST_MS));
			await stop();
		};
		/** After the next start: what is wrong, and a sentence on the answer. */
		const check = async (told: readonly Told[], heard: readonly Heard[]): Promise<[string, string[]]> => {
			const faults: string[] = [];
			// The writer first or the program first: either may have to recover what was left.
			if (random() < 0.5) await visit(open.app, rig, '/');
			await openWriter(open.writer, rig);
			const integrity = await open.writer.evaluate(() => writer.integrity());
			if (integrity !== 'ok') faults.push(`integrity: ${integrity}`);
			faults.push(...compare(told, await open.writer.evaluate(() => writer.marks('kill'))));
			await visit(open.app, rig, '/');
			const run = await endOfRun(open.writer, seen);
			if (!run) return ['no answer had begun', faults];
			if (run.state !== 'interrupted') faults.push(`the answer ended as ${run.state}`);
			if (!SAID.startsWith(run.text)) faults.push('what was kept is not the beginning of what was said');
			const missing = missingMs(heard, run.text.length);
			if (missing > LOSS_MS + WRITING_MS) faults.push(`${missing} ms of the answer are missing`);
			if (run.text !== '') {
				lost.push(missing);
				faults.push(...(await offers(open.app, rig, run.conversation)));
			}
			const came = heard.reduce((sum, { text }) => sum + text.length, 0);
			return [`${run.text.length} characters kept, ${came} had come`, faults];
		};

		try {
			await setUp(open.app, rig);
			await openWriter(open.writer, rig);
			for (let i = 1; i <= times; i++) {
				try {
					await writeUntilKilled(`kill${i}-`);
					const told = ledger.told('kill');
					const { heard } = open;
					open = await start(rig, page, ledger.tell);
					const [sentence, faults] = await check(told, heard);
					ended(`${ledger.acknowledged(`kill${i}-`)} writes acknowledged, ${sentence}`, faults);
				} catch (thrown) {
					ended('it did not come back', [String(thrown)]);
					await stop();
					open = await start(rig, page, ledger.tell);
					await openWriter(open.writer, rig);
				}
			}
			const sorted = lost.toSorted((a, b) => a - b);
			note(
				`${ledger.acknowledged('kill')} writes acknowledged; ${lost.length} answers cut: ${sorted[sorted.length >> 1] ?? 0} ms of text lost (median), ${sorted.at(-1) ?? 0} ms (most)`
			);
		} finally {
			await stop();
			await rig.close();
		}
	}
};

interface Open {
	readonly context: BrowserContext;
	readonly app: Page;
	readonly writer: Page;
	readonly heard: readonly Heard[];
}

/** The browser on the profile, with a page for the program and one for the writer, both at the program's address. */
async function start(rig: AppRig, page: WriterPage, tell: (json: string) => void): Promise<Open> {
	const context = await rig.start({ serviceWorkers: 'block' });
	context.setDefaultTimeout(PATIENCE_MS);
	const heard: Heard[] = [];
	await context.exposeFunction('tell', tell);
	await context.exposeFunction('hear', (text: string, at: number) => heard.push({ text, at }));
	await context.addInitScript(listen);
	await context.route('**/writer/*', (route) => {
		const file = page.file(new URL(route.request().url()).pathname.replace('/writer/', ''));
		return file ? route.fulfill({ body: file.body, contentType: file.type }) : route.fulfill({ status: 404 });
	});
	return {
		context,
		app: context.pages()[0] ?? (await context.newPage()),
		writer: await context.newPage(),
		heard
	};
}

/** In the page of the program: passes on every piece of an answer as it reaches the page, and the time. */
function listen(): void {
	const { hear } = globalThis as unknown as { hear: (text: string, at: number) => void };
	const Original = Worker;
	globalThis.Worker = class extends Original {
		constructor(url: string | URL, options?: WorkerOptions) {
			super(url, options);
			if (!String(url).includes('run-worker')) return;
			setInterval(() => {
				hear('', performance.now());
			}, 50);
			this.addEventListener(
				'message',
				({ data }: MessageEvent<{ type: string; channel?: string; text?: string }>) => {
					if (data.type === 'delta' && data.channel === 'content') hear(data.text ?? '', performance.now());
				}
			);
		}
	};
}

async function setUp(app: Page, rig: AppRig): Promise<void> {
	await app.goto(rig.address);
	await app.getByRole('textbox', { name: 'Address' }).fill(rig.upstream);
	await app.getByRole('button', { name: 'Add', exact: true }).click();
	await app.getByRole('textbox', { name: 'Message', exact: true }).waitFor();
	const choice = app.getByRole('combobox', { name: 'Model' });
	await choice.click();
	await choice.fill(MODEL);
	await app.getByRole('option').filter({ hasText: MODEL }).first().click();
}

async function openWriter(tab: Page, rig: AppRig): Promise<void> {
	await visit(tab, rig, '/writer/');
	await tab.waitForFunction(() => 'writer' in globalThis);
	const opened = await tab.evaluate(() => writer.open());
	if (opened !== 'ok') throw new Error(`the database does not open: ${opened}`);
}

async function ask(app: Page, rig: AppRig): Promise<void> {
	await visit(app, rig, '/');
	await app.getByRole('textbox', { name: 'Message', exact: true }).fill('Write on.');
	await app.getByRole('button', { name: 'Send' }).click();
}

/** The run nobody has seen, once it has an end; null when its row was never written. */
async function endOfRun(
	tab: Page,
	seen: Set<string>
): Promise<{ conversation: string; state: string; text: string } | null> {
	const until = performance.now() + PATIENCE_MS;
	for (;;) {
		const run = (await tab.evaluate(() => writer.runs())).find(({ id }) => !seen.has(id));
		if (!run) return null;
		if (['done', 'cancelled', 'failed', 'interrupted'].includes(run.state) || performance.now() > until) {
			seen.add(run.id);
			return run;
		}
		await Bun.sleep(50);
	}
}

/** How long before its last sign of life the page had what was not kept. */
function missingMs(heard: readonly Heard[], kept: number): number {
	let total = 0;
	const lost = heard.find(({ text }) => (total += text.length) > kept);
	return lost ? Math.round((heard.at(-1)?.at ?? lost.at) - lost.at) : 0;
}

/** Enough to be on the way: what must be there is waited for by its name. */
async function visit(tab: Page, rig: AppRig, path: string): Promise<void> {
	await tab.goto(new URL(path, rig.address).href, { waitUntil: 'commit' });
}

/** What the message offers after it was cut. */
async function offers(app: Page, rig: AppRig, conversation: string): Promise<readonly string[]> {
	await visit(app, rig, `/c/${conversation}`);
	const answer = app.getByRole('article').last();
	const faults: string[] = [];
	for (const [what, found] of [
		['it does not say that it was interrupted', answer.getByText('Interrupted')],
		['it does not offer to continue', answer.getByRole('button', { name: 'Continue', exact: true })],
		['it does not offer to regenerate', answer.getByRole('button', { name: 'Regenerate', exact: true })]
	] as const) {
		await found
			.first()
			.waitFor({ state: 'attached', timeout: PATIENCE_MS })
			.catch(() => faults.push(what));
	}
	return faults;
}
