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
import { buildWriterPage, type WriterPage } from './writer-page.ts';

/** Of the test server: word by word, for longer than anybody waits. */
const MODEL = 'Scenario slow';
const SAID = 'One word after another, so slowly that one can stop it. '.repeat(40);
const UNDER_WAY = 0.75;
const LONGEST_MS = 3500;
/** The journal is written after a second; this is what the writing itself may take on a busy machine. */
const LOSS_MS = 1000;
const WRITING_MS = 1000;
const PATIENCE_MS = 30_000;

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
		const lost: number[] = [];
		let streams = 0;
		try {
			let open = await start(rig, page, ledger.tell);
			await setUp(open.app, rig);
			const seen = new Set<string>();
			await openWriter(open.writer, rig);
			for (let i = 1; i <= times; i++) {
				await ask(open.app, rig);
				// Most of the times with an answer under way, else anywhere between the click and its first words.
				if (random() < UNDER_WAY) await open.app.locator('article[aria-busy="true"] .prose').waitFor();
				await open.writer.evaluate((name) => void writer.write(name), `kill${i}-`);
				await Bun.sleep(between(random, 0, LONGEST_MS));
				killAll(rig.profile);
				const told = ledger.told('kill');
				const heard = open.heard.filter(({ text }) => text !== '');
				const last = open.heard.at(-1)?.at ?? 0;
				// It may have noticed by itself that its browser is gone.
				await open.context.close().catch(() => undefined);

				open = await start(rig, page, ledger.tell);
				// The writer first or the program first: either may have to recover what was left.
				const faults: string[] = [];
				if (random() < 0.5) await open.app.goto(rig.address);
				await openWriter(open.writer, rig);
				const integrity = await open.writer.evaluate(() => writer.integrity());
				if (integrity !== 'ok') faults.push(`integrity: ${integrity}`);
				const marks = await open.writer.evaluate(() => writer.marks('kill'));
				faults.push(...compare(told, marks));
				await open.app.goto(rig.address);
				const run = await endOfRun(open.writer, seen);
				let sentence = 'no answer had begun';
				if (run) {
					if (run.state !== 'interrupted') faults.push(`the answer ended as ${run.state}`);
					if (!SAID.startsWith(run.text)) faults.push('what was kept is not the beginning of what was said');
					const missing = last - (firstBeyond(heard, run.text.length) ?? last);
					if (missing > LOSS_MS + WRITING_MS)
						faults.push(`${Math.round(missing)} ms of the answer are missing`);
					const came = heard.reduce((sum, { text }) => sum + text.length, 0);
					sentence = `${run.text.length} characters kept, ${came} had come`;
					if (run.text !== '') {
						streams++;
						lost.push(missing);
						faults.push(...(await offers(open.app, rig, run.conversation)));
					}
				}
				const kept = told.filter(({ mark, at }) => mark.startsWith(`kill${i}-`) && at === 'done').length;
				ended(`${kept} writes acknowledged, ${sentence}`, faults);
			}
			const sorted = lost.toSorted((a, b) => a - b);
			note(
				`${ledger.acknowledged('kill')} writes acknowledged; ${streams} answers cut: ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms of text lost (median), ${Math.round(sorted.at(-1) ?? 0)} ms (most)`
			);
		} finally {
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
	await tab.goto(new URL('/writer/', rig.address).href);
	await tab.waitForFunction(() => 'writer' in globalThis);
	const opened = await tab.evaluate(() => writer.open());
	if (opened !== 'ok') throw new Error(`the database does not open: ${opened}`);
}

async function ask(app: Page, rig: AppRig): Promise<void> {
	await app.goto(new URL('/', rig.address).href);
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

/** When the page had more than so many characters. */
function firstBeyond(heard: readonly Heard[], length: number): number | null {
	let total = 0;
	for (const { text, at } of heard) {
		total += text.length;
		if (total > length) return at;
	}
	return null;
}

/** What the message offers after it was cut. */
async function offers(app: Page, rig: AppRig, conversation: string): Promise<readonly string[]> {
	await app.goto(new URL(`/c/${conversation}`, rig.address).href);
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
