/** Long histories: common ancestors by jumps, words in 100,000 messages, and branches that part far up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createGraphIndex } from '@stemma/graph/derived';
import { createNode } from '@stemma/graph/hash';
import type { ConversationId } from '@stemma/graph/op';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { insertNodes } from '@stemma/store/import/insert-nodes';
import { createWorkspace, openWorkspace } from '@stemma/store/workspace/create-workspace';
import { COMMON_ANCESTOR } from '@stemma/store/workspace/versions';
import type { PathEntry, Workspace } from '@stemma/store/workspace/workspace';
import { generateHistory } from '@stemma/testkit/history';
import { createAppRig, openStocked } from './app-rig.ts';
import { chainOf100k } from './chain.ts';
import { figure, median, timed, type Benchmark, type Figure } from './figure.ts';

const DEVICE = '00'.repeat(16);
const DEEP = 98_000;
const TURNS = 3;
const SETTLE_MS = 700;
const TIMES = 9;
/** What takes a thousandth of a millisecond is measured by the hundred. */
const REPEATED = 100;
const QUERIES = ['graph', 'gra', 'an', 'anchor lantern', 'meadow cop', '数', 'zzzz'];

async function chainWorkspace(): Promise<Workspace> {
	const { store } = await chainOf100k();
	return createWorkspace({ store, nowMs: () => Date.now(), randomHex: () => DEVICE, device: DEVICE });
}

/** Both questions on the graph in memory and through the store, at a depth of 98,000. */
async function ancestorsByJumps(): Promise<readonly Figure[]> {
	const graph = createGraphIndex();
	for (let row = 0; row <= DEEP; row++) graph.add(row === 0 ? [] : [row - 1]);
	const left = graph.add([DEEP]);
	let right = graph.add([1]);
	for (let i = 0; i < DEEP; i++) right = graph.add([right]);
	const lca = await timed(20, () => {
		for (let i = 0; i < REPEATED; i++)
			if (graph.lowestCommonAncestor(left, right) !== 1) throw new Error('not the common ancestor');
	});
	const workspace = await chainWorkspace();
	const { store, leaf } = await chainOf100k();
	const level = await timed(200, async () => {
		const path = await workspace.path(leaf, { limit: 1, before: 3 });
		if (!path.ok || path.value.entries[0]?.pos !== 2) throw new Error('not the ancestor');
	});
	const at = async (pos: number): Promise<PathEntry> => {
		const path = await workspace.path(leaf, { limit: 1, before: pos + 1 });
		const [entry] = path.ok ? path.value.entries : [];
		if (!entry) throw new Error('a chain with a hole');
		return entry;
	};
	const [shared, deep] = [await at(1), await at(DEEP)];
	const other = createNode(
		{ kind: 'message', role: 'user', parents: [shared.id], change: DEVICE, links: [] },
		{ nonce: DEVICE, parts: [{ type: 'text', text: 'another way' }] }
	);
	const { conversation } = shared;
	const inserted = await insertNodes(store, DEVICE, [{ conversation, node: other, createdAt: 0 }]);
	if (!inserted.ok) throw new Error(inserted.error.message);
	const common = await timed(200, async () => {
		const found = await store.query(COMMON_ANCESTOR, [deep.id, other.id]);
		if (!found.ok || found.value[0]?.['hash'] !== shared.id) throw new Error('not the common ancestor');
	});
	const path = await workspace.path(leaf, { limit: 1, before: 3 });
	const node = path.ok ? path.value.entries[0]?.id : undefined;
	if (node === undefined) throw new Error('an empty path');
	const onPath = await timed(200, async () => {
		const is = await workspace.isOnPath(node, leaf);
		if (!is.ok || !is.value) throw new Error('it lies on the path');
	});
	return [
		figure('lca', 'ms', lca / REPEATED, { atMost: 0.5 }),
		figure('lca-sql', 'ms', common, { atMost: 0.5 }),
		figure('lca-level-sql', 'ms', onPath, { atMost: 0.5 }),
		figure('lca-level-path', 'ms', level, { atMost: 2 })
	];
}

async function find100k(): Promise<readonly Figure[]> {
	const workspace = await chainWorkspace();
	const { leaf } = await chainOf100k();
	const portions: number[] = [];
	for (;;) {
		const start = performance.now();
		const left = await workspace.indexSome(50);
		if (!left.ok) throw new Error(left.error.message);
		portions.push(performance.now() - start);
		if (left.value === 0) break;
	}
	const node = await workspace.node(leaf);
	const conversation = node.ok ? (node.value?.conversation ?? '') : '';
	const worst: number[] = [];
	for (const query of QUERIES) {
		const first = await timed(TIMES, async () => {
			for await (const hits of workspace.find(conversation, query, { leaf })) if (hits.length > 0) break;
		});
		worst.push(first);
	}
	const search = await timed(TIMES, () => workspace.searchMessages('graph', 40));
	return [
		figure('find-100k', 'ms', Math.max(...worst), { atMost: 50 }),
		figure('find-100k-search', 'ms', search, { atMost: 50 }),
		figure('find-100k-index-portion', 'ms', median(portions), { atMost: 50 })
	];
}

interface Forked {
	readonly conversation: ConversationId;
	/** Length of the path on which the other branch parts, and where it does. */
	readonly length: number;
	readonly forkAt: number;
}

/** Two conversations in which a branch parts: 50,000 messages above the end, and 50. */
async function forkedDatabase(): Promise<{
	readonly path: string;
	readonly long: Forked;
	readonly short: Forked;
}> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-fork-'));
	process.on('exit', () => {
		rmSync(folder, { recursive: true, force: true });
	});
	const path = join(folder, 'fork.sqlite');
	const opened = openBunStore({ path, nowMs: Date.now() });
	if (!opened.ok) throw new Error(opened.error.message);
	const store = opened.value;
	const randomHex = (bytes: number): string =>
		Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
	const workspace = await openWorkspace({ store, nowMs: () => Date.now(), randomHex }, 'bench');
	if (!workspace.ok) throw new Error(workspace.error.message);
	const forked = async (seed: number, length: number, forkAt: number): Promise<Forked> => {
		const entries = [...generateHistory({ seed, nodes: length, longChain: length, medianChars: 0 })];
		const conversation = entries[0]?.conversation ?? '';
		const leaf = entries.at(-1)?.node.id ?? '';
		const inserted = await insertNodes(store, DEVICE, entries);
		const other = await workspace.value.append({
			conversation,
			role: 'user',
			parents: [entries[forkAt - 1]?.node.id ?? ''],
			parts: [{ type: 'text', text: 'another way' }]
		});
		const main = await workspace.value.fork(conversation, leaf);
		if (!inserted.ok || !other.ok || !main.ok) throw new Error('the database could not be filled');
		await workspace.value.visit(conversation, leaf, main.value.ref);
		return { conversation, length, forkAt };
	};
	const long = await forked(6, 60_000, 10_000);
	const short = await forked(7, 100, 50);
	await store.close();
	return { path, long, short };
}

/** Opens a conversation and goes to where its branches part. */
async function openFork(page: Page, address: string, { conversation, length }: Forked): Promise<void> {
	await page.goto(new URL(`/c/${conversation}`, address).href);
	await page.locator(`article[aria-posinset="${length}"]`).waitFor();
	await page.getByRole('button', { name: /Forks at/ }).click();
}

/** From the click to the frame after the one that shows the other version, in ms. */
function pressAt(page: Page, { forkAt }: Forked, label: string): Promise<number> {
	return page.locator(`article[aria-posinset="${forkAt + 1}"]`).evaluate(async (article, name) => {
		const before = article.getAttribute('data-node');
		const at = article.getAttribute('aria-posinset');
		const frame = (): Promise<number> => new Promise(requestAnimationFrame);
		const start = performance.now();
		article.querySelector<HTMLElement>(`button[aria-label="${name}"]`)?.click();
		for (;;) {
			await frame();
			const now = document.querySelector(`article[aria-posinset="${at}"]`)?.getAttribute('data-node');
			if (now !== undefined && now !== before) break;
			if (performance.now() - start > 20_000) throw new Error('the branch did not change');
		}
		await frame();
		return performance.now() - start;
	}, label);
}

async function switchBranch(): Promise<readonly Figure[]> {
	const { path, long, short } = await forkedDatabase();
	const rig = await createAppRig();
	try {
		const page = await openStocked(await rig.start(), rig, path);
		const times = {
			long: { there: [] as number[], back: [] as number[] },
			short: { there: [] as number[], back: [] as number[] }
		};
		for (let turn = 0; turn < TURNS; turn++) {
			for (const [name, forked] of [
				['short', short],
				['long', long]
			] as const) {
				await openFork(page, rig.address, forked);
				for (let i = 0; i < TIMES / TURNS; i++) {
					times[name].there.push(await pressAt(page, forked, 'Next version'));
					await page.waitForTimeout(SETTLE_MS);
					times[name].back.push(await pressAt(page, forked, 'Previous version'));
					await page.waitForTimeout(SETTLE_MS);
				}
			}
		}
		return [
			figure('switch-branch', 'ms', median(times.long.there), { atMost: 100 }, median(times.short.there)),
			figure('switch-branch-back', 'ms', median(times.long.back), { atMost: 100 }, median(times.short.back))
		];
	} finally {
		await rig.close();
	}
}

export const findAndSwitchBenchmarks: readonly Benchmark[] = [
	{ name: 'lca', run: ancestorsByJumps },
	{ name: 'find-100k', run: find100k },
	{ name: 'switch-branch', run: switchBranch }
];
