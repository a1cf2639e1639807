/** Walks and inserts over a generated history of 100,000 nodes, the port against bun:sqlite itself. */
import { Database } from 'bun:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { insertNodes } from '@stemma/store/import/insert-nodes';
import type { Store } from '@stemma/store/port';
import { createWorkspace } from '@stemma/store/workspace/create-workspace';
import { generateHistory } from '@stemma/testkit/history';
import { rounded, timed, type Benchmark, type Figure } from './figure.ts';

const NODES = 100_000;
const DEVICE = '00'.repeat(16);
const ANCESTORS = `WITH RECURSIVE a (id) AS (SELECT id FROM node WHERE hash = unhex(?1)
	UNION ALL SELECT n.parent_id FROM a JOIN node n ON n.id = a.id WHERE n.parent_id IS NOT NULL) SELECT id FROM a`;

interface Filled {
	readonly store: Store;
	readonly path: string;
	readonly leaf: string;
	readonly insertMs: number;
}

/** One file with one chain of 100,000, made once for all figures of a run. */
const filled = once(async (): Promise<Filled> => {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-bench-'));
	process.on('exit', () => {
		rmSync(folder, { recursive: true, force: true });
	});
	const path = join(folder, 'chain.sqlite');
	const opened = openBunStore({ path, nowMs: Date.now() });
	if (!opened.ok) throw new Error(opened.error.message);
	const entries = [...generateHistory({ seed: 1, nodes: NODES, longChain: NODES })];
	const start = performance.now();
	const inserted = await insertNodes(opened.value, DEVICE, entries);
	if (!inserted.ok) throw new Error(inserted.error.message);
	const leaf = entries.at(-1)?.node.id;
	if (leaf === undefined) throw new Error('an empty history');
	return { store: opened.value, path, leaf, insertMs: performance.now() - start };
});

export const graphStoreBenchmarks: readonly Benchmark[] = [
	{
		name: 'insert-native',
		run: async () => {
			const { insertMs } = await filled();
			const value = Math.round((NODES / insertMs) * 1000);
			return [
				{
					name: 'insert-native',
					value,
					unit: 'rows/s',
					baseline: null,
					ratio: null,
					target: '≥ 5,000',
					ok: value >= 5000
				}
			];
		}
	},
	{
		name: 'ancestors-100k',
		run: async () => {
			const { store, path, leaf } = await filled();
			const native = new Database(path, { readonly: true });
			const baseline = await timed(5, () => native.prepare(ANCESTORS).values(leaf));
			let firstBatch = 0;
			const value = await timed(5, async () => {
				const start = performance.now();
				let rows = 0;
				for await (const batch of store.stream(ANCESTORS, [leaf], { batchRows: 5000 })) {
					if (rows === 0) firstBatch = performance.now() - start;
					rows += batch.length;
				}
				if (rows !== NODES) throw new Error(`${rows} ancestors`);
			});
			native.close();
			const ratio = value / baseline;
			const figures: readonly Figure[] = [
				{
					name: 'ancestors-100k',
					value: rounded(value),
					unit: 'ms',
					baseline: rounded(baseline),
					ratio: rounded(ratio),
					target: 'ratio ≤ 2',
					ok: ratio <= 2
				},
				{
					name: 'ancestors-100k-first',
					value: rounded(firstBatch),
					unit: 'ms',
					baseline: null,
					ratio: null,
					target: '≤ 10 ms',
					ok: firstBatch <= 10
				}
			];
			return figures;
		}
	},
	{
		name: 'path-200',
		run: async () => {
			const { store, leaf } = await filled();
			const workspace = createWorkspace({
				store,
				nowMs: () => Date.now(),
				randomHex: () => DEVICE,
				device: DEVICE
			});
			const baseline = await timed(20, () => store.query('SELECT 1 AS one'));
			const value = await timed(20, async () => {
				const window = await workspace.path(leaf, { limit: 200 });
				if (!window.ok || window.value.entries.length !== 200) throw new Error('not 200');
			});
			return [
				{
					name: 'path-200',
					value: rounded(value),
					unit: 'ms',
					baseline: rounded(baseline),
					ratio: rounded(value / baseline),
					target: '≤ 30 ms',
					ok: value <= 30
				}
			];
		}
	},
	{
		name: 'history-1m',
		run: async () => {
			const start = performance.now();
			let nodes = 0;
			for (const entry of generateHistory({ seed: 2, nodes: 1_000_000, medianChars: 0 }))
				if (entry.node.id !== '') nodes++;
			const value = Math.round((nodes / (performance.now() - start)) * 1000);
			return [
				{
					name: 'history-1m',
					value,
					unit: 'rows/s',
					baseline: null,
					ratio: null,
					target: '≥ 5,000',
					ok: nodes === 1_000_000 && value >= 5000
				}
			];
		}
	}
];

function once<T>(make: () => Promise<T>): () => Promise<T> {
	let made: Promise<T> | null = null;
	return () => (made ??= make());
}
