/** A file with two conversations of 100,000 messages: one that forks and merges, and one long path. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConversationId } from '@stemma/graph/op';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { insertNodes } from '@stemma/store/import/insert-nodes';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import { generateHistory } from '@stemma/testkit/history';

export const MESSAGES = 100_000;

interface Large {
	readonly path: string;
	readonly tree: ConversationId;
	readonly chain: ConversationId;
	/** The first message of the chain. */
	readonly root: string;
}

let made: Promise<Large> | undefined;

export const largeConversations = (): Promise<Large> => (made ??= make());

async function make(): Promise<Large> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-large-'));
	process.on('exit', () => {
		rmSync(folder, { recursive: true, force: true });
	});
	const path = join(folder, 'large.sqlite');
	const opened = openBunStore({ path, nowMs: Date.now() });
	if (!opened.ok) throw new Error(opened.error.message);
	const randomHex = (bytes: number): string =>
		Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
	const workspace = await openWorkspace({ store: opened.value, nowMs: () => Date.now(), randomHex }, 'bench');
	if (!workspace.ok) throw new Error(workspace.error.message);
	const add = async (seed: number, longForks: boolean): Promise<{ id: ConversationId; root: string }> => {
		const entries = [...generateHistory({ seed, nodes: MESSAGES, longChain: MESSAGES, longForks })];
		const [first, last] = [entries[0], entries.at(-1)];
		if (!first || !last) throw new Error('an empty history');
		const inserted = await insertNodes(opened.value, '00'.repeat(16), entries);
		if (!inserted.ok) throw new Error(inserted.error.message);
		const forked = await workspace.value.fork(first.conversation, last.node.id);
		if (!forked.ok) throw new Error(forked.error.message);
		return { id: first.conversation, root: first.node.id };
	};
	const tree = await add(1, true);
	const chain = await add(2, false);
	await opened.value.close();
	return { path, tree: tree.id, chain: chain.id, root: chain.root };
}
