import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { keepSources, mergeRequest, passagesOf, planMerge, reconcile } from '../src/merge-plan.ts';
import type { Body } from '../src/node.ts';
import type { Part } from '../src/part.ts';
import { partsToText } from '../src/render.ts';
import { idOf } from './conversation.ts';

const body = (...parts: readonly Part[]): Body => ({ nonce: '00'.repeat(16), parts });
const words = (text: string): Part => ({ type: 'text', text });
const [a, b, c] = [idOf('a'), idOf('b'), idOf('c')];
const answer = { role: 'assistant' as const };
const none: ReadonlySet<string> = new Set();

const part: fc.Arbitrary<Part> = fc.oneof(
	fc.string({ unit: fc.constantFrom('x', ' ', '\n', '`', '>') }).map(words),
	fc.constant<Part>({ type: 'reasoning', text: 'hm' }),
	fc.constant<Part>({ type: 'quote', source: b, from: 0, to: 3, text: 'one\ntwo' }),
	fc.constant<Part>({ type: 'file', hash: c, name: 'notes', mime: 'text/plain' })
);

describe('[G63] passages', () => {
	test('every passage is where it says in the text that a model reads', () => {
		fc.assert(
			fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
				const text = partsToText(parts);
				for (const passage of passagesOf(a, body(...parts))) {
					expect(text.slice(passage.from, passage.to)).toBe(passage.text);
					if (passage.part.type !== 'text') continue;
					expect(passage.part.text).toBe(passage.text);
					expect(passage.part.source).toEqual({ node: a, from: passage.from, to: passage.to });
				}
			})
		);
	});
	test('nothing but white space and thoughts is left out', () => {
		fc.assert(
			fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
				const bare = (text: string): string => text.replace(/\s/gu, '');
				const all = passagesOf(a, body(...parts)).map(({ text }) => text);
				expect(bare(all.join(''))).toBe(bare(partsToText(parts)));
			})
		);
	});
	test('a redacted message has none', () => {
		expect(passagesOf(a, null)).toEqual([]);
	});
});

describe('[G64] the plan of a merge', () => {
	const picked = [
		...passagesOf(b, body(words('first\n\nsecond'))).toReversed(),
		...passagesOf(a, body(words('third')))
	];
	const tips = [
		{ id: a, ...answer },
		{ id: b, ...answer }
	];

	test('joins the versions in order, with what was taken in the order that was chosen', () => {
		const plan = planMerge(tips, none, picked);
		expect(plan).toMatchObject({
			ok: true,
			value: {
				kind: 'merge',
				role: 'assistant',
				parents: [a, b],
				parts: [
					{ text: 'second', source: { node: b, from: 7, to: 13 } },
					{ text: 'first', source: { node: b, from: 0, to: 5 } },
					{ text: 'third', source: { node: a, from: 0, to: 5 } }
				],
				links: [
					{ kind: 'quotes', target: b },
					{ kind: 'quotes', target: a }
				]
			}
		});
	});
	test('questions make a question, anything else an answer', () => {
		const roles = (...given: readonly ('user' | 'assistant')[]) => {
			const plan = planMerge(
				given.map((role, i) => ({ id: idOf(`n${i}`), role })),
				none,
				picked
			);
			return plan.ok ? plan.value.role : null;
		};
		expect([roles('user', 'user'), roles('user', 'assistant')]).toEqual(['user', 'assistant']);
	});
	test('what lies behind another is left out, and nothing remains of an ancestor and its descendant', () => {
		const three = planMerge([...tips, { id: c, ...answer }], new Set([a]), picked);
		expect(three).toMatchObject({ ok: true, value: { parents: [b, c], behind: [a] } });
		expect(planMerge(tips, new Set([a]), picked)).toEqual({
			ok: false,
			error: { code: 'nothing_to_merge' }
		});
	});
	test('one is no merge, seven are too many, and nothing taken is nothing made', () => {
		const many = Array.from({ length: 7 }, (_, i) => ({ id: idOf(`n${i}`), ...answer }));
		expect(planMerge(tips.slice(1), none, picked)).toEqual({ ok: false, error: { code: 'too_few' } });
		expect(planMerge(many, none, picked)).toEqual({ ok: false, error: { code: 'too_many' } });
		expect(planMerge(tips, none, [])).toEqual({ ok: false, error: { code: 'nothing_taken' } });
	});
	test('a model is asked with the passages, word for word and in order', () => {
		const request = mergeRequest(picked);
		const places = picked.map(({ text }, i) => request.indexOf(`[Passage ${i + 1}]\n${text}`));
		expect(places.every((place, i) => place > (places[i - 1] ?? 0))).toBe(true);
	});
});

describe('[G65] two sides and what they came from', () => {
	const text = fc.constantFrom('x', 'y', 'z', null);
	const outcome = (base: string | null, sides: readonly (string | null)[]): string | null => {
		const result = reconcile(base, sides);
		if (result.kind === 'take') return sides[result.column] ?? 'no such side';
		return result.kind === 'leave' ? null : 'conflict';
	};

	test('a side that changed nothing does not count', () => {
		fc.assert(
			fc.property(text, text, (base, side) => {
				expect(outcome(base, [base, side])).toBe(side);
				expect(outcome(base, [side, base])).toBe(side);
				expect(outcome(base, [side, side])).toBe(side);
			})
		);
	});
	test('sides that changed it differently are in conflict, whatever their order', () => {
		fc.assert(
			fc.property(text, fc.array(text, { minLength: 1, maxLength: 5 }), (base, sides) => {
				expect(outcome(base, sides)).toBe(outcome(base, sides.toReversed()));
				const changed = new Set(sides.filter((side) => side !== base));
				expect(outcome(base, sides) === 'conflict').toBe(changed.size > 1);
			})
		);
	});
});

describe('[G63] an edited merge', () => {
	const merged = passagesOf(a, body(words('one\n\ntwo\n\nthree'))).map(({ part }) => part);

	test('keeps the source of what was left as it was', () => {
		expect(keepSources(merged, 'one\n\n2\n\nthree')).toEqual([
			merged[0],
			{ type: 'text', text: '2' },
			merged[2]
		] as never);
		expect(keepSources(merged, 'one two')).toEqual([{ type: 'text', text: 'one two' }]);
	});
	test('says what was typed, to the character', () => {
		const piece = fc.constantFrom('one', 'two', 'three', 'more', '', ' ', '\n');
		fc.assert(
			fc.property(
				fc.array(piece, { maxLength: 8 }),
				fc.constantFrom('\n', '\n\n', ' '),
				(pieces, between) => {
					const text = pieces.join(between);
					expect(partsToText(keepSources(merged, text))).toBe(text);
				}
			),
			{ numRuns: 1000 }
		);
	});
});
