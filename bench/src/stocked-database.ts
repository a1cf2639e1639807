/** A database of 100,000 messages, as a file that the app can merge. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConversationId } from '@stemma/graph/op';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { insertNodes } from '@stemma/store/import/insert-nodes';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import { generateHistory, type HistoryEntry } from '@stemma/testkit/history';

const MESSAGES = 100_000;
export const LONG = 10_000;
export const SHORT = 100;

interface Stock {
	readonly path: string;
	/** A path of 10,000 messages, and two of 100. */
	readonly long: ConversationId;
	readonly short: ConversationId;
	readonly streamed: ConversationId;
}

let made: Promise<Stock> | undefined;

export const stockedDatabase = (): Promise<Stock> => (made ??= make());

async function make(): Promise<Stock> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-stock-'));
	process.on('exit', () => {
		rmSync(folder, { recursive: true, force: true });
	});
	const path = join(folder, 'stock.sqlite');
	const opened = openBunStore({ path, nowMs: Date.now() });
	if (!opened.ok) throw new Error(opened.error.message);
	const store = opened.value;
	const randomHex = (bytes: number): string =>
		Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
	const workspace = await openWorkspace({ store, nowMs: () => Date.now(), randomHex }, 'bench');
	if (!workspace.ok) throw new Error(workspace.error.message);

	const chain = (seed: number, nodes: number): readonly HistoryEntry[] => [
		...generateHistory({ seed, nodes, longChain: nodes })
	];
	const [long, short, streamed] = [chain(1, LONG), chain(2, SHORT), chain(3, SHORT)];
	const others = [...generateHistory({ seed: 4, nodes: MESSAGES - LONG - 2 * SHORT, longChain: 0 })];
	const leaves = new Map<ConversationId, string>();
	for (const entries of [others, long, short, streamed]) {
		const inserted = await insertNodes(store, '00'.repeat(16), entries);
		if (!inserted.ok) throw new Error(inserted.error.message);
		for (const { conversation, node } of entries) leaves.set(conversation, node.id);
	}
	for (const [conversation, leaf] of leaves) {
		const forked = await workspace.value.fork(conversation, leaf);
		if (!forked.ok) throw new Error(forked.error.message);
	}
	await store.close();
	const conversationOf = (entries: readonly HistoryEntry[]): ConversationId => {
		const conversation = entries[0]?.conversation;
		if (conversation === undefined) throw new Error('an empty history');
		return conversation;
	};
	return {
		path,
		long: conversationOf(long),
		short: conversationOf(short),
		streamed: conversationOf(streamed)
	};
}
