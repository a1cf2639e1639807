import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { blame, type BlameNode } from '../src/blame.ts';
import { commonRuns } from '../src/common-runs.ts';
import type { Link, NodeId } from '../src/node.ts';
import type { Part } from '../src/part.ts';
import { partsToText } from '../src/render.ts';
import { idOf } from './conversation.ts';

const node = (
	name: string,
	parts: string | readonly Part[] | null,
	links: readonly (readonly [Link['kind'], string])[] = [],
	parents: readonly string[] = []
): BlameNode => ({
	id: idOf(name),
	kind: parents.length > 1 ? 'merge' : 'message',
	parents: parents.map(idOf),
	links: links.map(([kind, target]) => ({ kind, target: idOf(target) })),
	parts: typeof parts === 'string' ? [{ type: 'text', text: parts }] : parts
});
const finder = (...nodes: readonly BlameNode[]): ((id: NodeId) => BlameNode | null) => {
	const byId = new Map(nodes.map((each) => [each.id, each]));
	return (id) => byId.get(id) ?? null;
};
/** "words" ← name, "?" when the way is cut. */
const told = (name: string, ...nodes: readonly BlameNode[]): readonly string[] => {
	const find = finder(...nodes);
	const text = partsToText(find(idOf(name))?.parts ?? []);
	return blame(idOf(name), find).map(
		({ from, to, origin, isCut }) =>
			`${text.slice(from, to).trim()} ← ${origin.replace(/0+$/, '')}${isCut ? '?' : ''}`
	);
};

test('[G84] an edit owns the words it brought, whatever it kept belongs to the version before', () => {
	const first = node('a', 'The quick fox jumps.');
	const second = node('b', 'The quick brown fox jumps.', [['edit_of', 'a']]);
	const third = node('c', 'The quick brown fox sleeps.', [['edit_of', 'b']]);
	expect(told('c', first, second, third)).toEqual(['The quick ← a', 'brown ← b', 'fox ← a', 'sleeps. ← c']);
});

test('[G84] a continuation begins with what it goes on from; a message said again is the old one', () => {
	const half = node('a', 'Once upon a');
	const whole = node('b', 'Once upon a time.', [['continues', 'a']]);
	const again = node('c', 'Once upon a time.', [['cherry_of', 'b']]);
	expect(told('c', half, whole, again)).toEqual(['Once upon a ← a', 'time. ← b']);
});

test('[G84] a new answer owns its text, except for sentences that stand word for word in the old one', () => {
	const old = node('a', 'Paris is the capital of France. It is large.');
	const fresh = node('b', 'Well. Paris is the capital of France. It is big.', [['regen_of', 'a']]);
	expect(told('b', old, fresh)).toEqual([
		'Well. ← b',
		'Paris is the capital of France. ← a',
		'It is big. ← b'
	]);
});

test('[G84] a merge owns what none of its parents has as a paragraph', () => {
	const left = node('a', 'From the left.\n\nShared.');
	const right = node('b', 'Shared.\n\nFrom the right.');
	const merge = node('m', 'From the right.\n\nShared.\n\nAnd new.', [], ['a', 'b']);
	expect(told('m', left, right, merge)).toEqual(['From the right. ← b', 'Shared. ← a', 'And new. ← m']);
});

test('[G84] a part that names its source is followed there, a quote as a whole', () => {
	const old = node('a', 'One two three.');
	const edited = node('b', 'One two four.', [['edit_of', 'a']]);
	const parts: Part[] = [
		{ type: 'quote', source: idOf('b'), from: 0, to: 7, text: 'One two' },
		{ type: 'text', text: 'four.', source: { node: idOf('b'), from: 8, to: 13 } },
		{ type: 'text', text: 'What is that?' }
	];
	expect(told('q', old, edited, node('q', parts, [['quotes', 'b']]))).toEqual([
		'> One two ← a',
		'four. ← b',
		'What is that? ← q'
	]);
});

test('[G84] where the way leads to a redacted or missing message, that is said', () => {
	const edited = node('b', 'Secret and new', [['edit_of', 'a']]);
	expect(told('b', node('a', null), edited)).toEqual(['Secret and new ← b?']);
	expect(told('b', edited)).toEqual(['Secret and new ← b?']);
	const quote: Part = { type: 'quote', source: idOf('a'), from: 0, to: 3, text: 'Sec' };
	expect(told('q', node('a', null), node('q', [quote]))).toEqual(['> Sec ← a?']);
	expect(blame(idOf('a'), finder(node('a', null)))).toEqual([]);
	expect(blame(idOf('x'), finder())).toEqual([]);
});

test('[G84] a passage whose range is not what it says comes from the source as a whole', () => {
	const part = {
		type: 'text',
		text: 'Something else',
		source: { node: idOf('a'), from: 0, to: 99 }
	} as const;
	expect(told('b', node('a', 'Short'), node('b', [part]))).toEqual(['Something else ← a']);
});

const WORDS = ['alpha', 'beta', 'gamma', 'delta', 'alpha beta', 'x', 'y. z'];
const versions = fc
	.array(fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 })
	.map((texts) =>
		texts.map((words, i) =>
			node(`v${i}`, words.join(' '), i === 0 ? [] : [[i % 3 === 2 ? 'continues' : 'edit_of', `v${i - 1}`]])
		)
	);

test('[G84] pieces cover the text once, and each stands word for word where it is said to come from', () => {
	fc.assert(
		fc.property(versions, (nodes) => {
			const find = finder(...nodes);
			const last = nodes.at(-1);
			const text = partsToText(last?.parts ?? []);
			const pieces = blame(last?.id ?? '', find);
			let at = 0;
			for (const { from, to, origin, originFrom } of pieces) {
				expect(from).toBe(at);
				at = to;
				const source = partsToText(find(origin)?.parts ?? []);
				const words = text
					.slice(from, to)
					.trimEnd()
					.replace(/[^\p{L}]+$/u, '');
				expect(source.slice(originFrom ?? -1).startsWith(words), 'the origin must have the words').toBe(true);
				// Who first had them has them of itself.
				const own = blame(origin, find).find(
					(piece) => piece.from <= (originFrom ?? 0) && piece.to > (originFrom ?? 0)
				);
				expect(own?.origin).toBe(origin);
			}
			expect(at).toBe(text.length);
		})
	);
});

/** The textbook table. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
	const rows = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
	for (const [i, left] of a.entries())
		for (const [j, right] of b.entries())
			rows[i + 1]![j + 1] = left === right ? rows[i]![j]! + 1 : Math.max(rows[i]![j + 1]!, rows[i + 1]![j]!);
	return rows[a.length]![b.length]!;
}

test('[G84] what two texts have in common is the longest there is, in order', () => {
	const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 24 });
	fc.assert(
		fc.property(list, list, (a, b) => {
			const runs = commonRuns(a, b);
			expect(runs.reduce((sum, { length }) => sum + length, 0)).toBe(longestCommon(a, b));
			let [aEnd, bEnd] = [0, 0];
			for (const run of runs) {
				expect(run.a >= aEnd && run.b >= bEnd && run.length > 0).toBe(true);
				[aEnd, bEnd] = [run.a + run.length, run.b + run.length];
				expect(a.slice(run.a, aEnd)).toEqual(b.slice(run.b, bEnd));
			}
		}),
		{ numRuns: 400 }
	);
});
