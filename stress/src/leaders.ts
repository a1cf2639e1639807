/**
 * Four tabs write at once while the one that holds the database is closed, reloaded, crashed or frozen.
 * Each time another takes over, every tab goes on, no acknowledged write is lost and none is there twice.
 */
import { compare, createLedger, type Ledger } from './acknowledged.ts';
import { openDevtools, type Devtools, type Tab } from './devtools.ts';
import { between, pick, type Drill, type Report } from './drill.ts';
import { buildWriterPage } from './writer-page.ts';

const TABS = 4;
const PATIENCE_MS = 60_000;
const FAULTS = ['close', 'reload', 'crash', 'freeze'] as const;

/** A tab and the name its writes have since it was loaded. */
interface Writing {
	tab: Tab;
	name: string;
}

export const leaders: Drill = {
	name: 'leaders',
	times: 50,
	async run(times, report) {
		const page = await buildWriterPage();
		const server = Bun.serve({
			hostname: '127.0.0.1',
			port: 0,
			fetch({ url }) {
				const file = page.file(new URL(url).pathname.slice(1));
				if (!file) return new Response(null, { status: 404 });
				return new Response(new Uint8Array(file.body), { headers: { 'content-type': file.type } });
			}
		});
		const devtools = await openDevtools();
		try {
			await drill(devtools, server.url.href, times, report);
		} finally {
			await devtools.close();
			await server.stop(true);
		}
	}
};

async function drill(devtools: Devtools, address: string, times: number, report: Report): Promise<void> {
	const { random } = report;
	const ledger = createLedger();
	let loaded = 0;
	const handovers: number[] = [];

	const load = async (tab: Tab): Promise<string> => {
		await until('the page is there', async () => {
			const ready = await tab.evaluate(
				`location.href === ${JSON.stringify(address)} && 'writer' in globalThis`
			);
			return ready === true;
		});
		const opened = await tab.evaluate('writer.open()');
		if (opened !== 'ok') throw new Error(`a tab did not open the database: ${String(opened)}`);
		return `tab${loaded++}-`;
	};
	const start = async ({ tab, name }: Writing): Promise<void> => {
		await tab.evaluate(`void writer.write('${name}')`);
	};
	const openTab = async (): Promise<Writing> => {
		const tab = await devtools.open(address, ledger.tell);
		return { tab, name: await load(tab) };
	};

	const tabs: Writing[] = [];
	while (tabs.length < TABS) tabs.push(await openTab());
	// All start together, so that they race from the first write on.
	await Promise.all(tabs.map(start));

	for (let i = 0; i < times; i++) {
		const leader = await findOwner(tabs);
		const epoch = await epochOf(leader.tab);
		const fault = pick(random, FAULTS);
		const others = tabs.filter((other) => other !== leader);
		const [first] = others;
		if (!first) throw new Error('there is one tab only');
		await devtools.show(first.tab);
		await Bun.sleep(between(random, 0, 300));
		const before = new Map(others.map((other) => [other, ledger.acknowledged(other.name)]));
		const faults: string[] = [];
		const from = performance.now();
		await inflict[fault](leader.tab);
		try {
			await until('another tab holds the database', async () => (await epochOf(first.tab)) > epoch);
			handovers.push(performance.now() - from);
			await until('every other tab goes on', () =>
				Promise.resolve(
					others.every((other) => ledger.acknowledged(other.name) > (before.get(other) ?? 0) + 2)
				)
			);
		} catch (thrown) {
			faults.push(String(thrown));
		}
		await recover(fault, leader, ledger, { load, start, openTab, devtools });
		const told = ledger.told('tab');
		const marks = (await first.tab.evaluate(`writer.marks('tab')`)) as Record<string, number>;
		faults.push(...compare(told, marks));
		const integrity = await first.tab.evaluate('writer.integrity()');
		if (integrity !== 'ok') faults.push(`integrity: ${String(integrity)}`);
		report.ended(`${fault}, taken over in ${Math.round(handovers.at(-1) ?? 0)} ms`, faults);
	}
	const sorted = handovers.toSorted((a, b) => a - b);
	report.note(
		`${ledger.acknowledged('tab')} writes acknowledged; taken over in ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms (median), ${Math.round(sorted.at(-1) ?? 0)} ms (longest)`
	);
}

const inflict: Record<(typeof FAULTS)[number], (tab: Tab) => Promise<void>> = {
	close: (tab) => tab.close(),
	async reload(tab) {
		await tab.send('Page.reload');
	},
	async crash(tab) {
		// The answer never comes from a tab that has crashed.
		await tab.send('Page.crash').catch(() => undefined);
	},
	async freeze(tab) {
		await tab.send('Page.setWebLifecycleState', { state: 'frozen' });
	}
};

/** Four tabs again: the frozen one is woken and must go on where it was. */
async function recover(
	fault: (typeof FAULTS)[number],
	leader: Writing,
	ledger: Ledger,
	{
		load,
		start,
		openTab,
		devtools
	}: {
		readonly load: (tab: Tab) => Promise<string>;
		readonly start: (writing: Writing) => Promise<void>;
		readonly openTab: () => Promise<Writing>;
		readonly devtools: Devtools;
	}
): Promise<void> {
	switch (fault) {
		case 'freeze': {
			const before = ledger.acknowledged(leader.name);
			await leader.tab.send('Page.setWebLifecycleState', { state: 'active' });
			await devtools.show(leader.tab);
			await until('the woken tab goes on', () =>
				Promise.resolve(ledger.acknowledged(leader.name) > before + 2)
			);
			return;
		}
		case 'reload':
			leader.name = await load(leader.tab);
			break;
		case 'crash':
			await leader.tab.close();
			Object.assign(leader, await openTab());
			break;
		case 'close':
			Object.assign(leader, await openTab());
	}
	await start(leader);
}

async function findOwner(tabs: readonly Writing[]): Promise<Writing> {
	for (const writing of tabs) {
		const info = (await writing.tab.evaluate('writer.info()')) as { role: string };
		if (info.role === 'owner') return writing;
	}
	throw new Error('no tab holds the database');
}

async function epochOf(tab: Tab): Promise<number> {
	return ((await tab.evaluate('writer.info()')) as { epoch: number }).epoch;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
	const end = performance.now() + PATIENCE_MS;
	while (!(await holds())) {
		if (performance.now() > end) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
		await Bun.sleep(10);
	}
}
