/** From a leaf to a request: walks up until the model's window is full, and keeps a receipt. */
import {
	createContextBuilder,
	type BuiltContext,
	type ContextNode,
	type ContextOptions,
	type Receipt
} from '@stemma/graph/context';
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { Hash, JsonValue } from '@stemma/graph/part';
import { rebuildContext, storeReceipt, type StoredReceipt } from '@stemma/graph/receipt';
import { textHashes } from '@stemma/graph/render';
import { err, ok, type Result } from '@stemma/graph/result';
import type { WireMessage } from '@stemma/provider/run-protocol';
import { StoreFailure, type StoreError } from '@stemma/store/port';
import type { LineRow, NodeRow, Workspace } from '@stemma/store/workspace/workspace';
import * as z from 'zod/mini';
import { NOTHING } from './path-window.ts';

/** For models that do not say how much they can read. */
const UNKNOWN_WINDOW = 32_768;
const MARGIN = 0.08;
const RESERVED_PART = 0.25;
const RESERVED_MOST = 8192;

export interface Prompt {
	readonly messages: readonly WireMessage[];
	readonly receipt: Receipt;
	/** What the run's row keeps. */
	readonly stored: JsonValue;
}

export interface PromptRequest {
	readonly conversation: ConversationId;
	/** Null: nothing that was said is sent. */
	readonly leaf: NodeId | null;
	/** Tokens, null when unknown. */
	readonly window: number | null;
	readonly factor: number;
	/** Standing instructions, in order. */
	readonly instructions: readonly string[];
	readonly goOn?: 'prefill' | 'ask';
	/** What is asked at the end, in no message of its own. */
	readonly request?: string;
}

/** Plain data behind an interface, as the JSON it will be. */
const toJson = (value: object): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue;

const toContextNode = ({ id, kind, role, pos, body, opens }: LineRow): ContextNode => ({
	id,
	kind,
	role,
	pos,
	body,
	...(opens ? { opens } : {})
});

/** Adds the texts that messages refer to. */
async function readAttached(
	workspace: Workspace,
	nodes: readonly NodeRow[],
	attached: Map<Hash, string>
): Promise<Result<void, StoreError>> {
	const hashes = nodes.flatMap(({ body }) => textHashes(body?.parts ?? []));
	const missing = hashes.filter((hash) => !attached.has(hash));
	if (missing.length === 0) return ok(undefined);
	const texts = await workspace.keptTexts(missing);
	if (!texts.ok) return texts;
	for (const [hash, text] of texts.value) attached.set(hash, text);
	return ok(undefined);
}

export async function buildPrompt(
	workspace: Workspace,
	request: PromptRequest
): Promise<Result<Prompt, StoreError>> {
	const contextTokens = request.window ?? UNKNOWN_WINDOW;
	const { leaf } = request;
	const root = leaf === null ? ok(NOTHING) : await workspace.path(leaf, { limit: 1, before: 1 });
	if (!root.ok) return root;
	const attached = new Map<Hash, string>();
	const rootTexts = await readAttached(workspace, root.value.entries, attached);
	if (!rootTexts.ok) return rootTexts;
	const marks = await workspace.conversationMarks(request.conversation);
	if (!marks.ok) return marks;
	const pinned: NodeRow[] = [];
	for (const id of marks.value.pins) {
		const node = await workspace.node(id);
		if (!node.ok) return node;
		if (node.value) pinned.push(node.value);
	}
	const pinnedTexts = await readAttached(workspace, pinned, attached);
	if (!pinnedTexts.ok) return pinnedTexts;
	const standing = root.value.entries.filter((entry) => entry.role === 'system');
	const options: ContextOptions = {
		instructions: request.instructions,
		attached,
		// A system message at the root is always sent, however long the path.
		fixed: [...standing, ...pinned.filter(({ id }) => !standing.some((node) => node.id === id))].map(
			toContextNode
		),
		volatile: [],
		excluded: new Set(marks.value.excluded),
		...(request.goOn ? { goOn: request.goOn } : {}),
		...(request.request === undefined ? {} : { request: request.request }),
		budget: {
			contextTokens,
			reservedOutput: Math.min(RESERVED_MOST, Math.floor(contextTokens * RESERVED_PART)),
			margin: MARGIN
		},
		factor: request.factor
	};
	const builder = createContextBuilder(options);
	let offered = 0;
	try {
		walk: for await (const nodes of leaf === null ? [] : workspace.line(leaf)) {
			const texts = await readAttached(workspace, nodes, attached);
			if (!texts.ok) return texts;
			for (const node of nodes) {
				if (builder.offer(toContextNode(node)) === 'full') break walk;
				offered++;
			}
		}
	} catch (thrown) {
		if (thrown instanceof StoreFailure) return err(thrown.error);
		throw thrown;
	}
	const built = builder.finish();
	return ok({
		messages: built.messages.map(({ role, content, tool_calls, tool_call_id }) => ({
			role,
			content,
			...(tool_calls ? { tool_calls: toJson(tool_calls) } : {}),
			...(tool_call_id === undefined ? {} : { tool_call_id })
		})),
		receipt: built.receipt,
		stored: toJson(storeReceipt(options, leaf ?? '', offered, built))
	});
}

const reason = z.enum([
	'budget',
	'excluded',
	'redacted',
	'empty',
	'summarised',
	'tool_pairing',
	'leading_answer'
]);
const stored: z.ZodMiniType<StoredReceipt> = z.object({
	v: z.literal(1),
	instructions: z.array(z.string()),
	fixed: z.array(z.string()),
	summaries: z.array(z.object({ newest: z.string(), from: z.string(), node: z.string() })),
	volatile: z.array(z.string()),
	excluded: z.array(z.string()),
	goOn: z.nullable(z.enum(['prefill', 'ask'])),
	request: z._default(z.nullable(z.string()), null),
	leaf: z.string(),
	offered: z.number(),
	leftOut: z.array(z.object({ reason, newest: z.string(), count: z.number() })),
	tokens: z.number(),
	budget: z.nullable(z.number()),
	factor: z.number(),
	prefix: z.nullable(z.string())
});

export interface SentRequest {
	readonly built: BuiltContext;
	/** False when something that was sent has been redacted since. */
	readonly isExact: boolean;
}

/** The request of a run, word for word, made again from its receipt; null for runs without one. */
export async function readSent(
	workspace: Workspace,
	receipt: JsonValue
): Promise<Result<SentRequest | null, StoreError>> {
	const parsed = stored.safeParse(receipt);
	if (!parsed.success) return ok(null);
	const line: ContextNode[] = [];
	const attached = new Map<Hash, string>();
	try {
		walk: for await (const nodes of workspace.line(parsed.data.leaf)) {
			const texts = await readAttached(workspace, nodes, attached);
			if (!texts.ok) return texts;
			for (const node of nodes) {
				if (line.length === parsed.data.offered) break walk;
				line.push(toContextNode(node));
			}
		}
	} catch (thrown) {
		if (thrown instanceof StoreFailure) return err(thrown.error);
		throw thrown;
	}
	const others = new Map<NodeId, ContextNode>();
	for (const id of [...parsed.data.fixed, ...parsed.data.summaries.map((summary) => summary.node)]) {
		const node = await workspace.node(id);
		if (!node.ok) return node;
		if (!node.value) continue;
		others.set(id, toContextNode(node.value));
		const texts = await readAttached(workspace, [node.value], attached);
		if (!texts.ok) return texts;
	}
	const rebuilt = rebuildContext(parsed.data, line, (id) => others.get(id) ?? null, attached);
	return ok(
		rebuilt.ok ? { built: rebuilt.value, isExact: true } : { built: rebuilt.error.built, isExact: false }
	);
}
