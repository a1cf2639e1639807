/**
 * Where the words of a message come from: which version first had them, along edits, continuations, replays,
 * repeated answers, quotes and merges. Follows what the graph says; compares texts only where it says nothing finer.
 */
import { commonRuns } from './common-runs.ts';
import type { Link, NodeId, NodeKind } from './node.ts';
import type { Part } from './part.ts';
import { partsToText } from './render.ts';

export interface BlameNode {
	readonly id: NodeId;
	readonly kind: NodeKind;
	readonly parents: readonly NodeId[];
	readonly links: readonly Link[];
	/** Null when redacted. */
	readonly parts: readonly Part[] | null;
}

/** Some characters of a message's text (as `partsToText` gives it) that come from one place. */
export interface BlamePiece {
	readonly from: number;
	readonly to: number;
	/** The message that first had them, as far as can be known. */
	readonly origin: NodeId;
	/** Where they begin in the origin's text; null when that is not known. */
	readonly originFrom: number | null;
	/** The way leads on to a message that is redacted or not there: the words may be older. */
	readonly isCut: boolean;
}

/** A sentence shorter than this says nothing by being in two answers. */
const SENTENCE_CHARS = 20;
const TOKEN = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}\s_]/gu;
const SENTENCE = /[^.!?。！？\n]+[.!?。！？]*/gu;
const PARAGRAPH = /\S[^]*?(?=\n\s*\n|\s*$)/gu;

/** Messages that a message's words may come from. */
export function blameSources(node: BlameNode): readonly NodeId[] {
	const merged = node.kind === 'merge' && node.parents.length > 1 ? node.parents : [];
	const linked = node.links.flatMap(({ kind, target }) =>
		kind === 'covers_from' || kind === 'covers_to' ? [] : [target]
	);
	const parts = (node.parts ?? []).flatMap((part) => sourceOf(part)?.node ?? []);
	return [...new Set([...linked, ...merged, ...parts])];
}

interface PartSource {
	readonly node: NodeId;
	readonly from: number;
	readonly to: number;
}

/** A quote names its source, and so does a passage that a merge has taken over. */
function sourceOf(part: Part): PartSource | null {
	if (part.type === 'quote') return { node: part.source, from: part.from, to: part.to };
	return part.type === 'text' && part.source ? part.source : null;
}

/**
 * All of a message's text, in pieces in its order; nothing for a redacted or missing message.
 *
 * @param find the messages that can be read; one it does not know is a place where the way ends
 */
export function blame(id: NodeId, find: (id: NodeId) => BlameNode | null): readonly BlamePiece[] {
	const known = new Map<NodeId, readonly BlamePiece[]>();
	// Older messages first: each needs only what was found out about its own sources.
	const order: NodeId[] = [];
	const pending: { readonly id: NodeId; readonly isReady: boolean }[] = [{ id, isReady: false }];
	const seen = new Set<NodeId>();
	for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
		const node = find(next.id);
		if (next.isReady) order.push(next.id);
		else if (node && !seen.has(next.id)) {
			seen.add(next.id);
			pending.push({ id: next.id, isReady: true });
			for (const source of blameSources(node)) pending.push({ id: source, isReady: false });
		}
	}
	for (const each of order) {
		const node = find(each);
		if (node) known.set(each, blameOne(node, find, known));
	}
	return known.get(id) ?? [];
}

function blameOne(
	node: BlameNode,
	find: (id: NodeId) => BlameNode | null,
	known: ReadonlyMap<NodeId, readonly BlamePiece[]>
): readonly BlamePiece[] {
	if (node.parts === null) return [];
	const text = partsToText(node.parts);
	const pieces: BlamePiece[] = [];
	/** Ranges that nothing has claimed yet, in order. */
	let open: Range[] = text === '' ? [] : [{ from: 0, to: text.length }];
	let isCut = false;

	const textOf = (id: NodeId): string | null => {
		const parts = find(id)?.parts ?? null;
		return parts === null ? null : partsToText(parts);
	};
	const claim = (range: Range, claimed: readonly BlamePiece[]): void => {
		pieces.push(...claimed);
		open = open.flatMap((each) => without(each, range));
	};
	/** Characters that stand word for word at `sourceFrom` of another message. */
	const claimFrom = (source: NodeId, sourceFrom: number, range: Range): void => {
		claim(range, shifted(known.get(source) ?? [], sourceFrom, range));
	};

	for (const { part, from, to } of blocks(node.parts)) {
		const source = sourceOf(part);
		if (!source) continue;
		const range = { from, to };
		const whole = textOf(source.node);
		const origins = (known.get(source.node) ?? []).filter(
			(piece) => piece.from < source.to && piece.to > source.from
		);
		if (whole === null) claim(range, [{ ...range, origin: source.node, originFrom: null, isCut: true }]);
		else if (whole.slice(source.from, source.to) === text.slice(from, to))
			claimFrom(source.node, source.from, range);
		else {
			// A quote has marks of its own before every line: it comes from one place if all it quotes does.
			const [first] = origins;
			const isOne = first !== undefined && origins.every(({ origin }) => origin === first.origin);
			claim(range, [
				isOne
					? { ...first, ...range, originFrom: null }
					: { ...range, origin: source.node, originFrom: source.from, isCut: false }
			]);
		}
	}

	const versions = node.links.filter(
		({ kind }) => kind === 'edit_of' || kind === 'continues' || kind === 'cherry_of'
	);
	const others = node.links.filter(({ kind }) => kind === 'regen_of');
	for (const { target } of versions) {
		const old = textOf(target);
		if (old === null) isCut = true;
		else
			for (const range of open)
				for (const run of wordsIn(old, text, range)) claimFrom(target, run.oldFrom, run);
	}
	if (node.kind === 'merge' && node.parents.length > 1) {
		for (const parent of node.parents) {
			const old = textOf(parent);
			if (old === null) isCut = true;
			else for (const run of unitsIn(PARAGRAPH, 1, old, text, open)) claimFrom(parent, run.oldFrom, run);
		}
	}
	for (const { target } of others) {
		const old = textOf(target);
		if (old === null) isCut = true;
		else
			for (const run of unitsIn(SENTENCE, SENTENCE_CHARS, old, text, open))
				claimFrom(target, run.oldFrom, run);
	}
	for (const range of open) pieces.push({ ...range, origin: node.id, originFrom: range.from, isCut });
	return joined(
		text,
		pieces.toSorted((a, b) => a.from - b.from)
	);
}

interface Range {
	readonly from: number;
	readonly to: number;
}
interface Run extends Range {
	readonly oldFrom: number;
}

const without = (range: Range, taken: Range): readonly Range[] =>
	taken.to <= range.from || taken.from >= range.to
		? [range]
		: [
				{ from: range.from, to: Math.min(range.to, taken.from) },
				{ from: Math.max(range.from, taken.to), to: range.to }
			].filter(({ from, to }) => from < to);

/** The pieces of a source from a place on, as they stand in a range of another text. */
const shifted = (
	source: readonly BlamePiece[],
	sourceFrom: number,
	{ from, to }: Range
): readonly BlamePiece[] =>
	source.flatMap((piece) => {
		const start = Math.max(piece.from, sourceFrom);
		const end = Math.min(piece.to, sourceFrom + (to - from));
		if (start >= end) return [];
		return [
			{
				...piece,
				from: start - sourceFrom + from,
				to: end - sourceFrom + from,
				originFrom: piece.originFrom === null ? null : piece.originFrom + (start - piece.from)
			}
		];
	});

/** The parts that have text, where they stand in the text of all. */
function blocks(parts: readonly Part[]): readonly (Range & { readonly part: Part })[] {
	let at = 0;
	return parts.flatMap((part) => {
		const { length } = partsToText([part]);
		if (length === 0) return [];
		const block = { part, from: at, to: at + length };
		at += length + '\n\n'.length;
		return [block];
	});
}

interface Tokens {
	readonly words: readonly string[];
	readonly starts: readonly number[];
}
function tokenise(text: string): Tokens {
	const words: string[] = [];
	const starts: number[] = [];
	for (const { 0: word, index } of text.matchAll(TOKEN)) {
		words.push(word);
		starts.push(index);
	}
	return { words, starts: [...starts, text.length] };
}

/** What a range has in common with an older text, word by word. */
function wordsIn(old: string, text: string, range: Range): readonly Run[] {
	const before = tokenise(old);
	const after = tokenise(text.slice(range.from, range.to));
	return commonRuns(before.words, after.words).flatMap((run): readonly Run[] => {
		const words = after.words.slice(run.b, run.b + run.length);
		// A blank or a comma that two texts share comes from nowhere.
		if (!words.some((word) => /[\p{L}\p{N}]/u.test(word))) return [];
		return [
			{
				from: range.from + (after.starts[run.b] ?? 0),
				to: range.from + (after.starts[run.b + run.length] ?? 0),
				oldFrom: before.starts[run.a] ?? 0
			}
		];
	});
}

/** Paragraphs or sentences of the open ranges that stand, as a whole, in an older text too. */
function unitsIn(
	unit: RegExp,
	shortest: number,
	old: string,
	text: string,
	open: readonly Range[]
): readonly Run[] {
	const units = (source: string): readonly { readonly words: string; readonly at: number }[] =>
		[...source.matchAll(unit)].map(({ 0: raw, index }) => ({
			words: raw.trim(),
			at: index + (raw.length - raw.trimStart().length)
		}));
	const placeOf = new Map(
		units(old)
			.toReversed()
			.map(({ words, at }) => [words, at])
	);
	return open.flatMap((range) =>
		units(text.slice(range.from, range.to)).flatMap(({ words, at }): readonly Run[] => {
			const oldFrom = placeOf.get(words);
			return oldFrom === undefined || words.length < shortest
				? []
				: [{ from: range.from + at, to: range.from + at + words.length, oldFrom }];
		})
	);
}

/** Blanks between pieces go with the piece before them; neighbours of one origin that follow on are one piece. */
function joined(text: string, pieces: readonly BlamePiece[]): readonly BlamePiece[] {
	const result: BlamePiece[] = [];
	for (const piece of pieces) {
		const last = result.at(-1);
		const isBlank = !/[\p{L}\p{N}]/u.test(text.slice(piece.from, piece.to));
		const goesOn =
			last !== undefined &&
			last.origin === piece.origin &&
			last.isCut === piece.isCut &&
			(last.originFrom === null
				? piece.originFrom === null
				: last.originFrom + (piece.from - last.from) === piece.originFrom);
		if (last && (goesOn || isBlank)) result[result.length - 1] = { ...last, to: piece.to };
		else result.push(piece);
	}
	return result;
}
