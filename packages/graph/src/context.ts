/**
 * From a path to a request: which messages a model gets, in what words, and a receipt of it all.
 * The front of the prompt never changes from turn to turn, so that prompt caches hold.
 */
import { hashOf } from './hash.ts';
import type { Opening } from './linearise.ts';
import type { Body, NodeId, NodeKind, Role } from './node.ts';
import type { Hash } from './part.ts';
import { partsToText, toolCalls, toolResults } from './render.ts';
import { estimateMessageTokens } from './tokens.ts';

export interface ContextNode {
	readonly id: NodeId;
	readonly kind: NodeKind;
	readonly role: Role;
	readonly pos: number;
	/** Null when redacted. */
	readonly body: Body | null;
	/** Set on the oldest message of a merged branch (see linearise). */
	readonly opens?: readonly Opening[];
}

export interface ContextBudget {
	/** The model's window, in tokens. */
	readonly contextTokens: number;
	readonly reservedOutput: number;
	/** Part of the window kept free because counts are estimates, 0–1. */
	readonly margin: number;
}

export interface ContextOptions {
	/** Standing instructions that are no nodes (application, project), in order. */
	readonly instructions: readonly string[];
	/** System messages and pins: always sent, in this order, before the tail. */
	readonly fixed: readonly ContextNode[];
	/** Summary nodes by the newest node they cover, with the oldest: taken instead of what they cover. */
	readonly summaries?: ReadonlyMap<NodeId, { readonly node: ContextNode; readonly from: NodeId }>;
	/** Search hits, git status and the like: go into the last user turn, behind its own text. */
	readonly volatile: readonly string[];
	readonly excluded: ReadonlySet<NodeId>;
	/** Texts that messages refer to. May be filled as the messages are offered. */
	readonly attached?: ReadonlyMap<Hash, string>;
	/** The offered path ends in an unfinished answer: hand it over as it is, or ask to go on. */
	readonly goOn?: 'prefill' | 'ask';
	/** What is asked at the end, in no message of its own. */
	readonly request?: string;
	/** null: everything offered is taken. */
	readonly budget: ContextBudget | null;
	/** Older messages exist that will not be offered. */
	readonly cut?: boolean;
	/** The model's learned factor on token estimates. */
	readonly factor: number;
}

export interface ToolCallWire {
	readonly id: string;
	readonly type: 'function';
	readonly function: { readonly name: string; readonly arguments: string };
}

export interface PromptMessage {
	readonly role: Role;
	readonly content: string;
	readonly tool_calls?: readonly ToolCallWire[];
	readonly tool_call_id?: string;
}

/** One message as it was sent. */
export interface SentMessage {
	readonly role: Role;
	/** Where its text comes from; empty for instructions. */
	readonly nodes: readonly NodeId[];
	readonly tokens: number;
	readonly chars: number;
	/** Hash over all messages up to this one: equal prefixes are equal prompts. */
	readonly prefix: Hash;
}

export type LeftOutReason =
	'budget' | 'excluded' | 'redacted' | 'empty' | 'summarised' | 'tool_pairing' | 'leading_answer';

/** A run of neighbouring messages that were not sent. */
export interface LeftOut {
	readonly reason: LeftOutReason;
	readonly newest: NodeId;
	readonly count: number;
}

export interface Receipt {
	readonly messages: readonly SentMessage[];
	readonly leftOut: readonly LeftOut[];
	readonly tokens: number;
	/** What the messages could have taken, null without a limit. */
	readonly budget: number | null;
	readonly factor: number;
}

export interface BuiltContext {
	readonly messages: readonly PromptMessage[];
	readonly receipt: Receipt;
}

export interface ContextBuilder {
	/** Newest first along the line. After 'full' the offered node, like all older ones, is left out. */
	offer(node: ContextNode): 'more' | 'full';
	finish(): BuiltContext;
}

interface Piece {
	readonly role: Role;
	readonly nodes: readonly NodeId[];
	readonly content: string;
	readonly calls: readonly ToolCallWire[];
	readonly answers: string | null;
}

export const GO_ON = 'Go on exactly where you stopped. Do not repeat anything.';

export function createContextBuilder(options: ContextOptions): ContextBuilder {
	const { budget, factor, excluded, summaries, attached } = options;
	const limit = budget
		? Math.max(0, Math.floor(budget.contextTokens * (1 - budget.margin)) - budget.reservedOutput)
		: null;
	const fixedIds = new Set(options.fixed.map((node) => node.id));
	const leftOut: LeftOut[] = [];
	const leaveOut = (reason: LeftOutReason, newest: NodeId, count = 1): void => {
		const last = leftOut.at(-1);
		// Neighbours left out for one reason become one entry: the list stays short however long the history.
		if (last?.reason === reason && !takenSinceLeftOut)
			leftOut[leftOut.length - 1] = { ...last, count: last.count + count };
		else leftOut.push({ reason, newest, count });
		takenSinceLeftOut = false;
	};
	let takenSinceLeftOut = false;
	let isFull = false;

	const head: Piece[] = [
		...options.instructions.filter((text) => text !== '').map((text) => instructionPiece(text)),
		...options.fixed
			.filter((node) => !excluded.has(node.id))
			.flatMap((node) => nodeToPieces(node, attached))
			.map(asSystem('Pinned'))
	];
	const summarised: Piece[] = [];
	/** Newest first. */
	const tail: Piece[][] = [];
	const asked = options.goOn === 'ask' ? GO_ON : options.request;
	const request: Piece[] = asked === undefined ? [] : [{ ...instructionPiece(asked), role: 'user' }];
	let tokens = [...head, ...options.volatile.map(instructionPiece), ...request].reduce(
		(sum, piece) => sum + cost(piece),
		0
	);
	let skippingTo: NodeId | null = null;

	function cost(piece: Piece): number {
		const calls = piece.calls.map((call) => call.function.name + call.function.arguments).join('');
		return estimateMessageTokens(piece.content + calls, factor);
	}

	return {
		offer(node) {
			if (isFull) return 'full';
			if (skippingTo !== null) {
				leaveOut('summarised', node.id);
				if (node.id === skippingTo) skippingTo = null;
				return 'more';
			}
			// A pin on the very last message does not take the question away.
			if (fixedIds.has(node.id) && (tail.length > 0 || node.role === 'system')) return 'more';
			if (excluded.has(node.id)) {
				leaveOut('excluded', node.id);
				return 'more';
			}
			const summary = tail.length > 0 ? summaries?.get(node.id) : undefined;
			const summaryPieces = summary ? nodeToPieces(summary.node, attached).map(asSystem('Summary')) : [];
			const isSummarised = summary !== undefined && summaryPieces.length > 0;
			if (!isSummarised && node.body === null) {
				leaveOut('redacted', node.id);
				return 'more';
			}
			const pieces = isSummarised ? summaryPieces : nodeToPieces(node, attached);
			if (pieces.length === 0) {
				leaveOut('empty', node.id);
				return 'more';
			}
			const added = pieces.reduce((sum, piece) => sum + cost(piece), 0);
			// The last message is always sent: the server says better than we can that it is too long.
			if (limit !== null && tail.length > 0 && tokens + added > limit) {
				leaveOut('budget', node.id, node.pos + 1);
				isFull = true;
				return 'full';
			}
			tokens += added;
			if (isSummarised) {
				summarised.unshift(...pieces);
				leaveOut('summarised', node.id);
				skippingTo = node.id === summary.from ? null : summary.from;
			} else {
				tail.push(pieces);
				takenSinceLeftOut = true;
			}
			return 'more';
		},

		finish() {
			const leaveOutOne = (reason: LeftOutReason, newest: NodeId): void => {
				leftOut.push({ reason, newest, count: 1 });
			};
			const taken = tail.toReversed().flat();
			// Most servers take system text at the front only.
			const standing = taken.filter((piece) => piece.role === 'system');
			const line = pairTools(
				taken.filter((piece) => piece.role !== 'system'),
				leaveOutOne
			);
			const firstTurn = line.findIndex((piece) => piece.role === 'user');
			const wasCut = options.cut === true || isFull;
			// A history cut in the middle must not open with an answer to a question nobody sees.
			const start = wasCut && firstTurn > 0 ? firstTurn : 0;
			for (const id of new Set(line.slice(0, start).flatMap((piece) => piece.nodes)))
				leaveOutOne('leading_answer', id);
			const turns = mergeNeighbours([...head, ...standing, ...summarised, ...line.slice(start), ...request]);
			addVolatile(turns, options.volatile);

			let prefix: Hash = hashOf('prompt/1', []);
			const messages: PromptMessage[] = [];
			const sent: SentMessage[] = [];
			for (const piece of turns) {
				const message = pieceToMessage(piece);
				prefix = hashOf('prompt/1', [prefix, message]);
				messages.push(message);
				sent.push({
					role: piece.role,
					nodes: piece.nodes,
					tokens: cost(piece),
					chars: piece.content.length,
					prefix
				});
			}
			return {
				messages,
				receipt: {
					messages: sent,
					leftOut,
					tokens: sent.reduce((sum, message) => sum + message.tokens, 0),
					budget: limit,
					factor
				}
			};
		}
	};
}

/** Not from a node, so perhaps not well-formed yet. */
const instructionPiece = (text: string): Piece => ({
	role: 'system',
	nodes: [],
	content: text.toWellFormed(),
	calls: [],
	answers: null
});

/** Pins and summaries move to the front, with a word on where they come from. */
const asSystem =
	(origin: 'Pinned' | 'Summary') =>
	(piece: Piece): Piece => {
		if (piece.role === 'system') return piece;
		const label =
			origin === 'Pinned' ? `Pinned, from the ${piece.role}:` : 'Summary of what was said before:';
		return {
			role: 'system',
			nodes: piece.nodes,
			content: `${label}\n${piece.content}`,
			calls: [],
			answers: null
		};
	};

function nodeToPieces(node: ContextNode, attached?: ReadonlyMap<Hash, string>): Piece[] {
	const parts = node.body?.parts ?? [];
	const text = partsToText(parts, attached);
	const label = (node.opens ?? []).map(({ branch, of }) => `[Branch ${branch} of ${of}]\n`).join('');
	const calls = toolCalls(parts).map((call): ToolCallWire => ({
		id: call.id,
		type: 'function',
		function: { name: call.name, arguments: call.arguments }
	}));
	const pieces: Piece[] = toolResults(parts).map((result) => ({
		role: 'tool',
		nodes: [node.id],
		content: result.text,
		calls: [],
		answers: result.id
	}));
	if (text !== '' || calls.length > 0) {
		const role = node.role === 'tool' ? 'user' : node.role;
		pieces.unshift({ role, nodes: [node.id], content: label + text, calls, answers: null });
	}
	return pieces;
}

/**
 * Keeps a call only with its result right behind it, and a result only behind its call: servers refuse
 * anything else, and would refuse the whole conversation for ever after.
 */
function pairTools(
	line: readonly Piece[],
	leaveOut: (reason: LeftOutReason, newest: NodeId) => void
): Piece[] {
	const kept: Piece[] = [];
	for (let i = 0; i < line.length; i++) {
		const piece = line[i];
		if (piece === undefined) break;
		const results: Piece[] = [];
		for (let next = line[i + 1]; next !== undefined && next.answers !== null; next = line[++i + 1])
			results.push(next);
		const calls = piece.calls.filter((call) => results.some((result) => result.answers === call.id));
		const answers = calls.flatMap((call) => results.find((result) => result.answers === call.id) ?? []);
		const stray = piece.answers === null ? [] : [piece];
		const unpaired = [
			...(calls.length < piece.calls.length ? [piece] : stray),
			...results.filter((result) => !answers.includes(result))
		];
		for (const id of new Set(unpaired.flatMap((each) => each.nodes))) leaveOut('tool_pairing', id);
		if (piece.answers === null && (piece.content !== '' || calls.length > 0)) kept.push({ ...piece, calls });
		kept.push(...answers);
	}
	return kept;
}

/** Two neighbours of one role become one message: many servers refuse roles that do not alternate. */
function mergeNeighbours(line: readonly Piece[]): Piece[] {
	const merged: Piece[] = [];
	for (const piece of line) {
		const last = merged.at(-1);
		const mayMerge = last?.role === piece.role && piece.role !== 'tool';
		if (last && mayMerge) {
			merged[merged.length - 1] = {
				...last,
				nodes: [...last.nodes, ...piece.nodes],
				content: [last.content, piece.content].filter((text) => text !== '').join('\n\n'),
				calls: piece.calls
			};
		} else merged.push(piece);
	}
	return merged;
}

function addVolatile(turns: Piece[], blocks: readonly string[]): void {
	if (blocks.length === 0) return;
	const index = turns.findLastIndex((piece) => piece.role === 'user');
	const turn = turns[index];
	if (turn)
		turns[index] = {
			...turn,
			content: [turn.content, ...blocks.map((block) => block.toWellFormed())].join('\n\n')
		};
	else turns.push({ ...instructionPiece(blocks.join('\n\n')), role: 'user' });
}

function pieceToMessage(piece: Piece): PromptMessage {
	return {
		role: piece.role,
		content: piece.content,
		...(piece.calls.length > 0 ? { tool_calls: piece.calls } : {}),
		...(piece.answers === null ? {} : { tool_call_id: piece.answers })
	};
}
