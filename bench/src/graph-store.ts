/** Walks and inserts over a generated history of 100,000 nodes, the port against bun:sqlite itself. */
import { Database } from 'bun:sqlite';
import { StoreFailure, type Store } from '@stemma/store/port';
import { createWorkspace } from '@stemma/store/workspace/create-workspace';
import { generateHistory } from '@stemma/testkit/history';
import { ANCESTORS, CHAIN_NODES, chainOf100k } from './chain.ts';
import { figure, median, timedInTurns, type Benchmark, type Figure } from './figure.ts';

const DEVICE = '00'.repeat(16);

export const graphStoreBenchmarks: readonly Benchmark[] = [
	{
		name: 'insert-native',
		run: async () => {
			const { insertMs } = await chainOf100k();
			return [
				figure('insert-native', 'rows/s', Math.round((CHAIN_NODES / insertMs) * 1000), { atLeast: 5000 })
			];
		}
	},
	{ name: 'ancestors-100k', run: ancestors },
	{
		name: 'path-200',
		run: async () => {
			const { store, leaf } = await chainOf100k();
			const workspace = createWorkspace({
				store,
				nowMs: () => Date.now(),
				randomHex: () => DEVICE,
				device: DEVICE
			});
			const path = await timedInTurns(
				20,
				async () => {
					const window = await workspace.path(leaf, { limit: 200 });
					if (!window.ok || window.value.entries.length !== 200) throw new Error('not 200');
				},
				() => store.query('SELECT 1 AS one')
			);
			return [figure('path-200', 'ms', path.value, { atMost: 30 }, path.baseline)];
		}
	},
	{
		name: 'history-1m',
		run: () => {
			const start = performance.now();
			let nodes = 0;
			for (const entry of generateHistory({ seed: 2, nodes: 1_000_000, medianChars: 0 }))
				if (entry.node.id !== '') nodes++;
			if (nodes !== 1_000_000) throw new Error(`${nodes} nodes`);
			const value = Math.round((nodes / (performance.now() - start)) * 1000);
			return Promise.resolve([figure('history-1m', 'rows/s', value, { atLeast: 5000 })]);
		}
	}
];

async function ancestors(): Promise<readonly Figure[]> {
	const { store, path, leaf } = await chainOf100k();
	const native = new Database(path, { readonly: true });
	const firsts: number[] = [];
	const walk = await timedInTurns(
		25,
		async () => {
			const start = performance.now();
			let rows = 0;
			for await (const batch of store.stream(ANCESTORS, [leaf], { batchRows: 5000 })) {
				if (rows === 0) firsts.push(performance.now() - start);
				rows += batch.length;
			}
			if (rows !== CHAIN_NODES) throw new Error(`${rows} ancestors`);
		},
		() => native.prepare(ANCESTORS).values(leaf)
	);
	native.close();
	const cancels: number[] = [];
	for (let i = 0; i < 9; i++) cancels.push(await cancelled(store, leaf));
	return [
		figure('ancestors-100k', 'ms', walk.value, { ratioAtMost: 1.2 }, walk.baseline),
		figure('ancestors-100k-first', 'ms', median(firsts), { atMost: 10 }),
		figure('ancestors-100k-cancel', 'ms', median(cancels), { atMost: 20 })
	];
}

/** From the cancel after the first batch to the end of the stream. */
async function cancelled(store: Store, leaf: string): Promise<number> {
	const controller = new AbortController();
	let at = 0;
	try {
		for await (const batch of store.stream(ANCESTORS, [leaf], { signal: controller.signal })) {
			if (at > 0) throw new Error(`${batch.length} rows after the cancel`);
			at = performance.now();
			controller.abort();
		}
	} catch (thrown) {
		if (!(thrown instanceof StoreFailure)) throw thrown;
		return performance.now() - at;
	}
	throw new Error('it was not cancelled');
}
