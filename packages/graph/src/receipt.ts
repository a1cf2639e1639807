/**
 * A receipt as it is stored: where the tail began and ended instead of every message in it, so that a run's
 * row does not grow with the history. The messages are immutable, so the request can be made again, exactly.
 */
import {
	createContextBuilder,
	type BuiltContext,
	type ContextNode,
	type ContextOptions,
	type LeftOut
} from './context.ts';
import type { NodeId } from './node.ts';
import type { Hash } from './part.ts';
import { err, ok, type Result } from './result.ts';

export interface StoredReceipt {
	readonly v: 1;
	readonly instructions: readonly string[];
	readonly fixed: readonly NodeId[];
	readonly summaries: readonly { readonly newest: NodeId; readonly from: NodeId; readonly node: NodeId }[];
	readonly volatile: readonly string[];
	readonly excluded: readonly NodeId[];
	readonly goOn: 'prefill' | 'ask' | null;
	readonly request: string | null;
	/** The newest message offered, and how many were offered before the window was full. */
	readonly leaf: NodeId;
	readonly offered: number;
	readonly leftOut: readonly LeftOut[];
	readonly tokens: number;
	readonly budget: number | null;
	readonly factor: number;
	readonly prefix: Hash | null;
}

export function storeReceipt(
	options: ContextOptions,
	leaf: NodeId,
	offered: number,
	built: BuiltContext
): StoredReceipt {
	return {
		v: 1,
		instructions: options.instructions,
		fixed: options.fixed.map((node) => node.id),
		summaries: [...(options.summaries ?? [])].map(([newest, { node, from }]) => ({
			newest,
			from,
			node: node.id
		})),
		volatile: options.volatile,
		excluded: [...options.excluded],
		goOn: options.goOn ?? null,
		request: options.request ?? null,
		leaf,
		offered,
		leftOut: built.receipt.leftOut,
		tokens: built.receipt.tokens,
		budget: built.receipt.budget,
		factor: built.receipt.factor,
		prefix: built.receipt.messages.at(-1)?.prefix ?? null
	};
}

export type RebuildError =
	/** Something that was sent is gone since (redacted), so the words cannot be shown. */
	{ readonly code: 'changed'; readonly built: BuiltContext };

/**
 * The request as it was sent.
 *
 * @param line the `offered` newest messages of the path to `leaf`, newest first
 * @param get the nodes of `fixed` and `summaries` by id; null for one that is gone
 * @param attached the texts that all these messages refer to
 */
export function rebuildContext(
	stored: StoredReceipt,
	line: readonly ContextNode[],
	get: (id: NodeId) => ContextNode | null,
	attached: ReadonlyMap<Hash, string>
): Result<BuiltContext, RebuildError> {
	const builder = createContextBuilder({
		instructions: stored.instructions,
		fixed: stored.fixed.flatMap((id) => get(id) ?? []),
		summaries: new Map(
			stored.summaries.flatMap(({ newest, from, node }) => {
				const summary = get(node);
				return summary ? [[newest, { node: summary, from }] as const] : [];
			})
		),
		volatile: stored.volatile,
		excluded: new Set(stored.excluded),
		attached,
		...(stored.goOn === null ? {} : { goOn: stored.goOn }),
		...(stored.request === null ? {} : { request: stored.request }),
		budget: null,
		cut: stored.leftOut.some(({ reason }) => reason === 'budget'),
		factor: stored.factor
	});
	for (const node of line.slice(0, stored.offered)) builder.offer(node);
	const { messages, receipt } = builder.finish();
	const built: BuiltContext = {
		messages,
		receipt: { ...receipt, leftOut: stored.leftOut, budget: stored.budget }
	};
	const prefix = receipt.messages.at(-1)?.prefix ?? null;
	return prefix === stored.prefix ? ok(built) : err({ code: 'changed', built });
}
