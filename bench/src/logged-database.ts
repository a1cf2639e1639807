/** Databases whose log holds so many operations: names, tags and moves of branches over many conversations. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode } from '@stemma/graph/hash';
import { appendOp, type ChainEnd } from '@stemma/graph/op-log';
import type { OpId, OpPayload } from '@stemma/graph/op';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { insertNodes } from '@stemma/store/import/insert-nodes';
import type { Statement } from '@stemma/store/port';
import { insertOpStatements } from '@stemma/store/workspace/log';

const DEVICE = 'd0'.repeat(16);
const CONVERSATIONS = 50;
const BATCH = 1000;
const SPREAD = 40;

export interface Logged {
	readonly path: string;
	/** Operations from all over the log. */
	readonly ops: readonly OpId[];
}

const hex = (value: number, chars: number): string => value.toString(16).padStart(chars, '0');

export async function loggedDatabase(operations: number): Promise<Logged> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-logged-'));
	process.on('exit', () => {
		rmSync(folder, { recursive: true, force: true });
	});
	const path = join(folder, `${operations}.sqlite`);
	const opened = openBunStore({ path, nowMs: Date.now() });
	if (!opened.ok) throw new Error(opened.error.message);
	const store = opened.value;
	const nodes = Array.from({ length: CONVERSATIONS * 2 }, (_, i) => ({
		conversation: hex(i >> 1, 32),
		createdAt: i,
		node: createNode(
			{ kind: 'message', role: 'user', parents: [], change: hex(i, 32), links: [] },
			{ nonce: hex(i, 32), parts: [{ type: 'text', text: `message ${i}` }] }
		)
	}));
	const inserted = await insertNodes(store, DEVICE, nodes);
	if (!inserted.ok) throw new Error(inserted.error.message);
	await store.batch([
		{ sql: `INSERT INTO device (uid, name, created_at) VALUES (unhex(?1), 'bench', 0)`, params: [DEVICE] },
		{ sql: `INSERT INTO meta (key, value) VALUES ('device', ?1)`, params: [DEVICE] }
	]);

	const moves = new Map<string, OpId>();
	const payloadOf = (i: number): OpPayload => {
		const conversation = hex(i % CONVERSATIONS, 32);
		const node = nodes[(i % CONVERSATIONS) * 2 + (i % 2)]?.node.id ?? '';
		if (i % 3 === 0)
			return { kind: 'set', entity: 'conversation', id: conversation, field: 'title', value: `title ${i}` };
		if (i % 3 === 1) return { kind: 'add', entity: 'node', id: node, name: 'tag', value: `tag ${i}` };
		const seen = moves.get(conversation);
		return {
			kind: 'ref',
			conversation,
			name: 'main',
			refKind: 'branch',
			target: node,
			seen: seen === undefined ? [] : [seen]
		};
	};
	let last: ChainEnd | null = null;
	const ids: OpId[] = [];
	let statements: Statement[] = [];
	const start = Date.now() - operations;
	for (let i = 0; i < operations; i++) {
		const hashed = appendOp(DEVICE, last, 0, start + i, payloadOf(i));
		last = { id: hashed.id, seq: hashed.op.seq, hlc: hashed.op.hlc };
		ids.push(hashed.id);
		const { payload } = hashed.op;
		if (payload.kind === 'ref') moves.set(payload.conversation, hashed.id);
		statements.push(...insertOpStatements(hashed));
		if (statements.length < 2 * BATCH && i < operations - 1) continue;
		const written = await store.batch(statements);
		if (!written.ok) throw new Error(written.error.message);
		statements = [];
	}
	await store.close();
	const ops = Array.from({ length: SPREAD }, (_, i) => ids[Math.floor((i * ids.length) / SPREAD)] ?? '');
	return { path, ops };
}
