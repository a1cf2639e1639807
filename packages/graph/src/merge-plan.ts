/**
 * Several versions become one: what is taken from where, as a plan that can be shown before it is carried out.
 * Every passage that is taken keeps the place it came from.
 */
import { splitParagraphs } from './paragraphs.ts';
import type { Body, Link, NodeId, NodeKind, Role } from './node.ts';
import type { Part } from './part.ts';
import { partsToText } from './render.ts';
import { err, ok, type Result } from './result.ts';

export const MOST_MERGED = 6;
/** What partsToText puts between parts. */
const BETWEEN = '\n\n';

/** A paragraph of a message, or a quote or reference in it, which are taken whole. */
export interface Passage {
	readonly node: NodeId;
	/** Characters of the message's text as a model reads it. */
	readonly from: number;
	readonly to: number;
	readonly text: string;
	/** What a merge gets of it. */
	readonly part: Part;
}

/** In the order of the text. Thoughts and tool calls are no passages. */
export function passagesOf(node: NodeId, body: Body | null): readonly Passage[] {
	const passages: Passage[] = [];
	let at = 0;
	for (const part of body?.parts ?? []) {
		const text = partsToText([part]);
		if (text === '') continue;
		const start = at;
		at += text.length + BETWEEN.length;
		if (part.type !== 'text') {
			passages.push({ node, from: start, to: start + text.length, text, part });
			continue;
		}
		for (const span of splitParagraphs(text)) {
			const [from, to] = [start + span.from, start + span.to];
			passages.push({ node, from, to, ...taken(node, from, text.slice(span.from, span.to)) });
		}
	}
	return passages;
}

const taken = (node: NodeId, from: number, text: string): { text: string; part: Part } => ({
	text,
	part: { type: 'text', text, source: { node, from, to: from + text.length } }
});

export interface MergeTip {
	readonly id: NodeId;
	readonly role: Role;
	readonly body: Body | null;
}

export interface MergePlan {
	readonly kind: NodeKind & 'merge';
	readonly role: Role;
	/** In the order given, without those that lie behind another. */
	readonly parents: readonly NodeId[];
	readonly parts: readonly Part[];
	/** Each message that something was taken from, whatever becomes of the text. */
	readonly links: readonly Link[];
	/** Given, and behind another that was given: nothing of them is lost by leaving them out. */
	readonly behind: readonly NodeId[];
}

export type MergeRefusal =
	| { readonly code: 'too_few' }
	| { readonly code: 'too_many' }
	/** All but one lie behind it: what it says already follows from them. */
	| { readonly code: 'nothing_to_merge' }
	| { readonly code: 'nothing_taken' };

/**
 * @param tips versions, or ends of branches
 * @param behind those of them that are an ancestor of another
 * @param picked in the order in which they are to stand
 */
export function planMerge(
	tips: readonly Pick<MergeTip, 'id' | 'role'>[],
	behind: ReadonlySet<NodeId>,
	picked: readonly Passage[]
): Result<MergePlan, MergeRefusal> {
	if (tips.length < 2) return err({ code: 'too_few' });
	if (tips.length > MOST_MERGED) return err({ code: 'too_many' });
	const joined = tips.filter(({ id }) => !behind.has(id));
	if (joined.length < 2) return err({ code: 'nothing_to_merge' });
	if (picked.length === 0) return err({ code: 'nothing_taken' });
	return ok({
		kind: 'merge',
		role: joined.every(({ role }) => role === 'user') ? 'user' : 'assistant',
		parents: joined.map(({ id }) => id),
		parts: picked.map(({ part }) => part),
		links: [...new Set(picked.map(({ node }) => node))].map((target) => ({ kind: 'quotes', target })),
		behind: [...behind]
	});
}

const REQUEST =
	'Write one text from the passages below, in this order. Keep what they say; where they contradict each other, say so. Answer with the text alone.';

/** What a model is asked that writes the merge from what was taken. */
export function mergeRequest(picked: readonly Passage[]): string {
	return [REQUEST, ...picked.map(({ text }, i) => `[Passage ${i + 1}]\n${text}`)].join('\n\n');
}

/** What both sides of a row come to, against what they came from. */
export type Reconciled =
	| { readonly kind: 'take'; readonly column: number }
	/** Nobody has it, or one side has left it out. */
	| { readonly kind: 'leave' }
	| { readonly kind: 'conflict' };

/**
 * Three-way: what only one side changed is changed, what both changed in the same way too, anything else is a
 * conflict that is left to the reader.
 *
 * @param base the paragraph that all come from, null when it had none
 * @param sides what became of it, null where there is none (any more)
 */
export function reconcile(base: string | null, sides: readonly (string | null)[]): Reconciled {
	const changes = new Set(sides.filter((side) => side !== base));
	if (changes.size > 1) return { kind: 'conflict' };
	const [result = base] = changes;
	return result === null ? { kind: 'leave' } : { kind: 'take', column: sides.indexOf(result) };
}

/**
 * A text that was edited, as parts: passages that still stand in it word for word, in their order and as
 * paragraphs of their own, keep their source.
 */
export function keepSources(before: readonly Part[], text: string): readonly Part[] {
	const parts: Part[] = [];
	let rest = text;
	for (const part of before) {
		if (part.type !== 'text' || part.source === undefined || part.text === '') continue;
		const at = placeOf(part.text, rest);
		if (at === null) continue;
		if (at > 0) parts.push({ type: 'text', text: rest.slice(0, at - BETWEEN.length) });
		parts.push(part);
		rest = rest.slice(at + part.text.length + BETWEEN.length);
	}
	return rest === '' ? parts : [...parts, { type: 'text', text: rest }];
}

/** Where a passage stands in a text as a paragraph of its own, with text beyond the blank lines; null for nowhere. */
function placeOf(passage: string, text: string): number | null {
	for (let at = text.indexOf(passage); at >= 0; at = text.indexOf(passage, at + 1)) {
		const end = at + passage.length;
		const before = at === 0 || (at > BETWEEN.length && text.slice(0, at).endsWith(BETWEEN));
		const behind =
			end === text.length || (end + BETWEEN.length < text.length && text.startsWith(BETWEEN, end));
		if (before && behind) return at;
	}
	return null;
}
