/**
 * What becomes of the turns that follow a message when they are replayed on another base: a plan that can be read
 * before anything is sent, and then carried out step by step. The old branch is not touched.
 */
import type { ChangeId, Link, NodeId, NodeKind, Role } from './node.ts';

/** A message of the old branch, below the base's older version. */
export interface FollowingNode {
	readonly id: NodeId;
	readonly kind: NodeKind;
	readonly role: Role;
	readonly change: ChangeId;
	/** Estimated tokens of its text. */
	readonly tokens: number;
	readonly isRedacted: boolean;
}

export interface ReplayBase {
	readonly id: NodeId;
	readonly role: Role;
	/** Null for the same place on another model or with other instructions: nothing is said twice there. */
	readonly replaces: NodeId | null;
	/** Estimated tokens of all that a model reads up to and with the base. */
	readonly tokens: number;
}

export type SkipReason =
	/** A tool's result belongs to the call of the old answer. */
	| 'tool'
	/** What was merged is on the old branch. */
	| 'merge'
	| 'summary'
	/** Nothing is left to say. */
	| 'redacted'
	/** There is no question before it that it could answer. */
	| 'no_question';

export interface ReplayStep {
	/** `say`: the same words again; `ask`: a new answer. */
	readonly kind: 'say' | 'ask';
	/** The message of the old branch this is another version of. */
	readonly of: NodeId;
	readonly role: Role;
	readonly change: ChangeId;
	readonly links: readonly Link[];
	/** What it is expected to have: the old message's. */
	readonly tokens: number;
	/** Of an answer: all that is read before it. */
	readonly promptTokens: number;
}

export interface ReplayPlan {
	/** Where the new branch begins. */
	readonly base: NodeId;
	/** The end of the old branch: what the result is compared with. */
	readonly oldLeaf: NodeId;
	readonly steps: readonly ReplayStep[];
	readonly skipped: readonly { readonly id: NodeId; readonly reason: SkipReason }[];
}

/** Null when nothing follows, or nothing of it can be said or asked again. */
export function planReplay(base: ReplayBase, following: readonly FollowingNode[]): ReplayPlan | null {
	const steps: ReplayStep[] = [];
	const skipped: { readonly id: NodeId; readonly reason: SkipReason }[] = [];
	let tip: { readonly id: NodeId; readonly role: Role } = base;
	let start = base.id;
	let tokens = base.tokens;
	/** Until the first new message, what is there stands where it would be said again. */
	let isInPlace = base.replaces === null;
	for (const node of following) {
		const reason = skipReason(node, tip.role);
		if (reason !== null) {
			skipped.push({ id: node.id, reason });
			// An old answer that stays out cannot carry what follows.
			isInPlace = false;
			continue;
		}
		const isAnswer = node.role === 'assistant';
		if (isInPlace && !isAnswer) start = node.id;
		else {
			isInPlace = false;
			steps.push({
				kind: isAnswer ? 'ask' : 'say',
				of: node.id,
				role: node.role,
				change: node.change,
				links: [{ kind: isAnswer ? 'regen_of' : 'cherry_of', target: node.id }],
				tokens: node.tokens,
				promptTokens: isAnswer ? tokens : 0
			});
		}
		tokens += node.tokens;
		tip = node;
	}
	const oldLeaf = following.at(-1)?.id;
	return oldLeaf === undefined || steps.length === 0 ? null : { base: start, oldLeaf, steps, skipped };
}

function skipReason(node: FollowingNode, before: Role): SkipReason | null {
	if (node.role === 'tool') return 'tool';
	if (node.kind === 'summary') return 'summary';
	if (node.role === 'assistant') {
		if (before === 'user') return null;
		return node.kind === 'merge' ? 'merge' : 'no_question';
	}
	return node.isRedacted ? 'redacted' : null;
}

export interface ReplayPrice {
	/** Nano-dollars per million tokens, and per request; null when unknown. */
	readonly prompt: number | null;
	readonly completion: number | null;
	readonly request: number | null;
}

export interface ReplayEstimate {
	readonly requests: number;
	readonly tokensIn: number;
	readonly tokensOut: number;
	/** Nano-dollars; null when a price is unknown. */
	readonly costNano: number | null;
}

const MILLION = 1_000_000;

/** @param budget the most a request may hold; older messages stay out of it */
export function estimateReplay(
	steps: readonly ReplayStep[],
	budget: number,
	price: ReplayPrice | null
): ReplayEstimate {
	const asked = steps.filter(({ kind }) => kind === 'ask');
	const tokensIn = asked.reduce((sum, { promptTokens }) => sum + Math.min(budget, promptTokens), 0);
	const tokensOut = asked.reduce((sum, step) => sum + step.tokens, 0);
	const isKnown = price !== null && price.prompt !== null && price.completion !== null;
	return {
		requests: asked.length,
		tokensIn,
		tokensOut,
		costNano: isKnown
			? Math.ceil((tokensIn * price.prompt + tokensOut * price.completion) / MILLION) +
				asked.length * (price.request ?? 0)
			: null
	};
}
