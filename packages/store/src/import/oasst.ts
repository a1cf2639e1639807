/**
 * Open Assistant conversation trees (JSONL, one tree a line) into the graph. Everything that is hashed is
 * derived from the source's ids, so importing a file twice adds nothing.
 */
import { createNode, hashOf } from '@stemma/graph/hash';
import type { GraphNode } from '@stemma/graph/node';
import { appendOp, type ChainEnd } from '@stemma/graph/op-log';
import type { HashedOp, OpPayload } from '@stemma/graph/op';
import { err, ok, type Result } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { Statement, Store, StoreError } from '../port.ts';
import { endOfChain, insertOpStatements, MAX_TRIES, toChainState } from '../workspace/log.ts';
import { insertNodeStatements, type NodeToInsert } from '../workspace/node-sql.ts';

interface Message {
	readonly message_id: string;
	readonly text: string;
	readonly role: 'prompter' | 'assistant';
	readonly replies: readonly Message[];
}
const message: z.ZodMiniType<Message> = z.lazy(() =>
	z.object({
		message_id: z.string().check(z.minLength(1)),
		text: z.string(),
		role: z.enum(['prompter', 'assistant']),
		replies: z._default(z.array(message), [])
	})
);
const tree = z.object({ message_tree_id: z.string().check(z.minLength(1)), prompt: message });

export interface ImportReport {
	readonly conversations: number;
	/** In the file. */
	readonly messages: number;
	/** Not in the database before. */
	readonly added: number;
	/** A sentence for each line that was left out. */
	readonly problems: readonly string[];
}

export interface ImportDeps {
	readonly store: Store;
	readonly nowMs: () => number;
}

const ID_CHARS = 32;
const NODES_PER_BATCH = 500;
const PREVIEW_CHARS = 120;

const derivedId = (kind: string, source: string): string =>
	hashOf('import/1', ['oasst', kind, source]).slice(0, ID_CHARS);

export async function importOasst(
	{ store, nowMs }: ImportDeps,
	jsonl: string,
	onProgress: (done: number, total: number) => void = () => undefined
): Promise<Result<ImportReport, StoreError>> {
	const lines = jsonl.split('\n').filter((line) => line.trim() !== '');
	const problems: string[] = [];
	let conversations = 0;
	let messages = 0;
	let added = 0;
	for (const [i, line] of lines.entries()) {
		const parsed = parseTree(line);
		if (!parsed.ok) {
			problems.push(`Line ${i + 1}: ${parsed.error}`);
			continue;
		}
		const imported = await importTree(store, parsed.value, nowMs());
		if (!imported.ok) return imported;
		conversations++;
		messages += imported.value.messages;
		added += imported.value.added;
		onProgress(i + 1, lines.length);
	}
	return ok({ conversations, messages, added, problems });
}

function parseTree(line: string): Result<z.infer<typeof tree>, string> {
	let json: unknown;
	try {
		json = JSON.parse(line);
	} catch {
		return err('this is not JSON.');
	}
	const parsed = tree.safeParse(json);
	if (parsed.success) return ok(parsed.data);
	const issue = parsed.error.issues[0];
	return err(
		`this is not a conversation tree (${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown shape'}).`
	);
}

/** Parents before children, and the nodes nothing answers. */
function toNodes(prompt: Message): {
	readonly nodes: readonly GraphNode[];
	readonly leaves: readonly string[];
} {
	const nodes: GraphNode[] = [];
	const leaves: string[] = [];
	const pending: { readonly message: Message; readonly parent: string | null }[] = [
		{ message: prompt, parent: null }
	];
	for (let next = pending.shift(); next; next = pending.shift()) {
		const { message: source, parent } = next;
		const node = createNode(
			{
				kind: 'message',
				role: source.role === 'prompter' ? 'user' : 'assistant',
				parents: parent === null ? [] : [parent],
				change: derivedId('change', source.message_id),
				links: []
			},
			{
				nonce: derivedId('nonce', source.message_id),
				parts: [{ type: 'text', text: source.text.toWellFormed() }]
			}
		);
		nodes.push(node);
		if (source.replies.length === 0) leaves.push(node.id);
		for (const reply of source.replies) pending.push({ message: reply, parent: node.id });
	}
	return { nodes, leaves };
}

async function importTree(
	store: Store,
	{ message_tree_id, prompt }: z.infer<typeof tree>,
	now: number
): Promise<Result<{ readonly messages: number; readonly added: number }, StoreError>> {
	const conversation = derivedId('conversation', message_tree_id);
	const { nodes, leaves } = toNodes(prompt);
	const preview = prompt.text.trim().split('\n', 1)[0]?.slice(0, PREVIEW_CHARS) ?? null;
	for (let tries = 1; ; tries++) {
		const read = await store.batch([
			endOfChain(null),
			{
				sql: 'SELECT lower(hex(n.hash)) AS hash FROM json_each(?1) e JOIN node n ON n.hash = unhex(e.value)',
				params: [JSON.stringify(nodes.map((node) => node.id))]
			},
			{
				sql: 'SELECT count(*) AS n FROM ref JOIN conv ON conv.id = ref.conv_id WHERE conv.uid = unhex(?1)',
				params: [conversation]
			}
		]);
		if (!read.ok) return read;
		const [end, present, refs] = read.value;
		const { device, clock, last } = toChainState(end?.rows[0]);
		const known = new Set(present?.rows.map((row) => row['hash']));
		const fresh = nodes.filter((node) => !known.has(node.id));
		if (fresh.length === 0) return ok({ messages: nodes.length, added: 0 });

		const ops = chain(
			device,
			last,
			clock,
			now,
			leaves
				.filter((leaf) => !known.has(leaf))
				.map((leaf, i) => {
					const number = Number(refs?.rows[0]?.['n'] ?? 0) + i + 1;
					return {
						kind: 'ref',
						conversation,
						name: number === 1 ? 'main' : `branch-${number}`,
						refKind: 'branch',
						target: leaf,
						seen: []
					};
				})
		);
		const inserts = fresh.map((node): NodeToInsert => ({ conversation, node, createdAt: now }));
		const statements: Statement[] = [
			{
				sql: `INSERT INTO conv (uid, preview, created_at, last_at) VALUES (unhex(?1), ?2, ?3, ?3) ON CONFLICT (uid) DO NOTHING`,
				params: [conversation, preview, now]
			}
		];
		for (let i = 0; i < inserts.length; i += NODES_PER_BATCH) {
			statements.push(...insertNodeStatements(inserts.slice(i, i + NODES_PER_BATCH), device));
		}
		statements.push(...ops.flatMap(insertOpStatements));
		const written = await store.batch(statements, {
			touched: { tables: ['conv', 'node', 'ref', 'op'], conversations: [conversation] }
		});
		if (written.ok) return ok({ messages: nodes.length, added: fresh.length });
		if (written.error.code !== 'conflict' || tries === MAX_TRIES) return written;
	}
}

function chain(
	device: string,
	last: ChainEnd | null,
	clock: number,
	now: number,
	payloads: readonly OpPayload[]
): readonly HashedOp[] {
	const ops: HashedOp[] = [];
	for (const payload of payloads) {
		const before = ops.at(-1);
		const end = before ? { seq: before.op.seq, id: before.id, hlc: before.op.hlc } : last;
		ops.push(appendOp(device, end, clock, now, payload));
	}
	return ops;
}
