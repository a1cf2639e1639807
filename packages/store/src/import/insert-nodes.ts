/** Nodes in bulk, for importers and benchmarks: parents before children, a transaction per batch. */
import { ok, type Result } from '@stemma/graph/result';
import type { Store, StoreError } from '../port.ts';
import { insertNodeStatements, type NodeToInsert } from '../workspace/node-sql.ts';

const BATCH = 1000;

/** @returns how many nodes were handed over (those already there change nothing) */
export async function insertNodes(
	store: Store,
	device: string,
	nodes: Iterable<NodeToInsert>
): Promise<Result<number, StoreError>> {
	let batch: NodeToInsert[] = [];
	let total = 0;
	const flush = async (): Promise<Result<void, StoreError>> => {
		if (batch.length === 0) return ok(undefined);
		const conversations = [...new Set(batch.map(({ conversation }) => conversation))];
		const written = await store.batch(
			[
				{
					sql: `INSERT INTO conv (uid, created_at, last_at) SELECT unhex(value), ?2, ?2 FROM json_each(?1)
					WHERE true ON CONFLICT (uid) DO NOTHING`,
					params: [JSON.stringify(conversations), batch[0]?.createdAt ?? 0]
				},
				...insertNodeStatements(batch, device)
			],
			{ touched: { tables: ['conv', 'node'], conversations } }
		);
		total += batch.length;
		batch = [];
		return written.ok ? ok(undefined) : written;
	};
	for (const node of nodes) {
		batch.push(node);
		if (batch.length < BATCH) continue;
		const flushed = await flush();
		if (!flushed.ok) return flushed;
	}
	const flushed = await flush();
	return flushed.ok ? ok(total) : flushed;
}
