/** One database with one chain of 100,000 messages, made once for all figures of a run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from 'bun:sqlite';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { insertNodes } from '@stemma/store/import/insert-nodes';
import type { Store } from '@stemma/store/port';
import { generateHistory } from '@stemma/testkit/history';

export const CHAIN_NODES = 100_000;
const DEVICE = '00'.repeat(16);
export const ANCESTORS = `WITH RECURSIVE a (id) AS (SELECT id FROM node WHERE hash = unhex(?1)
	UNION ALL SELECT n.parent_id FROM a JOIN node n ON n.id = a.id WHERE n.parent_id IS NOT NULL) SELECT id FROM a`;

export interface Chain {
	readonly store: Store;
	readonly path: string;
	readonly leaf: string;
	readonly insertMs: number;
	/** Path of a copy that nothing has open. */
	copy(): string;
}

let made: Promise<Chain> | undefined;

export const chainOf100k = (): Promise<Chain> => (made ??= make());

async function make(): Promise<Chain> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-bench-'));
	process.on('exit', () => {
		rmSync(folder, { recursive: true, force: true });
	});
	const path = join(folder, 'chain.sqlite');
	const opened = openBunStore({ path, nowMs: Date.now() });
	if (!opened.ok) throw new Error(opened.error.message);
	const entries = [...generateHistory({ seed: 1, nodes: CHAIN_NODES, longChain: CHAIN_NODES })];
	const start = performance.now();
	const inserted = await insertNodes(opened.value, DEVICE, entries);
	if (!inserted.ok) throw new Error(inserted.error.message);
	const insertMs = performance.now() - start;
	const leaf = entries.at(-1)?.node.id;
	if (leaf === undefined) throw new Error('an empty history');
	const copy = (): string => {
		const to = join(folder, 'copy.sqlite');
		rmSync(to, { force: true });
		const source = new Database(path, { readonly: true });
		source.run('VACUUM INTO ?', [to]);
		source.close();
		return to;
	};
	return { store: opened.value, path, leaf, insertMs, copy };
}
