/** Undo of any operation, with a short log and a long one; in bun:sqlite and in Chromium. */
import { copyFileSync } from 'node:fs';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import { figure, median, type Benchmark, type Figure } from './figure.ts';
import { loggedDatabase, type Logged } from './logged-database.ts';
import { createPageRig } from './page-rig.ts';
import type { LogPage } from './pages/log-page.ts';

const SHORT = 100;
const LONG = 100_000;

declare global {
	/** In the page of the rig. */
	var logPage: LogPage;
}

interface Pair {
	readonly short: Logged;
	readonly long: Logged;
}
let made: Promise<Pair> | undefined;
const logged = (): Promise<Pair> =>
	(made ??= loggedDatabase(SHORT).then(async (short) => ({ short, long: await loggedDatabase(LONG) })));

const toFigures = (name: string, long: readonly number[], short: readonly number[]): readonly Figure[] => [
	figure(name, 'ms', median(long), { atMost: 10, ratioAtMost: 1.5 }, median(short))
];

async function undoneNatively({ path, ops }: Logged): Promise<readonly number[]> {
	const copy = `${path}.undone`;
	copyFileSync(path, copy);
	const opened = openBunStore({ path: copy, nowMs: Date.now() });
	if (!opened.ok) throw new Error(opened.error.message);
	const store = opened.value;
	const randomHex = (bytes: number): string =>
		Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
	const workspace = await openWorkspace({ store, nowMs: () => Date.now(), randomHex }, 'bench');
	if (!workspace.ok) throw new Error(workspace.error.message);
	const times: number[] = [];
	for (const op of ops) {
		const start = performance.now();
		const undone = await workspace.value.undo(op);
		times.push(performance.now() - start);
		if (!undone.ok) throw new Error(undone.error.message);
	}
	await store.close();
	return times;
}

async function undoneInBrowser(): Promise<readonly Figure[]> {
	const { short, long } = await logged();
	const rig = await createPageRig();
	try {
		const timesOf = async ({ path, ops }: Logged, name: string): Promise<readonly number[]> => {
			rig.offer(name, path);
			const context = await rig.newContext();
			const page = await rig.open(context, 'log-page');
			await page.evaluate((file) => logPage.open(file), name);
			const times = await page.evaluate((picked) => logPage.undo(picked), [...ops]);
			await context.close();
			return times;
		};
		const few = await timesOf(short, 'short.sqlite');
		return toFigures('undo-browser', await timesOf(long, 'long.sqlite'), few);
	} finally {
		await rig.close();
	}
}

export const logBenchmarks: readonly Benchmark[] = [
	{
		name: 'undo',
		run: async () => {
			const { short, long } = await logged();
			const few = await undoneNatively(short);
			return [...toFigures('undo', await undoneNatively(long), few), ...(await undoneInBrowser())];
		}
	}
];
