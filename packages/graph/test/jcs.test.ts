import { jsonValue } from '@stemma/testkit/graph-arbitrary';
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { canonicalJson } from '../src/jcs.ts';
import { wellFormed } from '../src/well-formed.ts';

/** Members moved into another order, at every depth. */
function shuffled(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(shuffled);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.toReversed()
			.map(([key, member]) => [key, shuffled(member)])
	);
}

describe('canonical JSON', () => {
	test('[G1] says the same as the value it was made from', () => {
		fc.assert(
			fc.property(jsonValue, (value) => {
				expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
			})
		);
	});

	test('[G1] does not depend on the order of members', () => {
		fc.assert(
			fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
				expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
			})
		);
	});

	test('[G1] orders members by UTF-16 unit, where a surrogate pair comes before U+FB33', () => {
		expect(canonicalJson({ '\ufb33': 1, '\u{1f33f}': 2, a: 3, '': 4, '10': 5, '9': 6 })).toBe(
			'{"":4,"10":5,"9":6,"a":3,"\u{1f33f}":2,"\ufb33":1}'
		);
	});

	test('[G1] leaves out undefined members and writes minus zero as 0', () => {
		expect(canonicalJson({ b: undefined, a: -0 })).toBe('{"a":0}');
	});

	test.each([
		[Number.NaN],
		[Number.POSITIVE_INFINITY],
		[Number.NEGATIVE_INFINITY],
		[undefined],
		[1n],
		['\ud83d'],
		['\ude00a']
	])('[G2] has no form for %p, at any depth', (value) => {
		expect(() => canonicalJson(value)).toThrow(TypeError);
		expect(() => canonicalJson([{ a: [value] }])).toThrow(TypeError);
	});

	test('[G2] has no form for holes in arrays and half pairs in names', () => {
		expect(() => canonicalJson([1, , 2])).toThrow(TypeError); // eslint-disable-line no-sparse-arrays
		expect(() => canonicalJson({ '\ud83d': 1 })).toThrow(TypeError);
	});

	test('[G4] text cut inside an emoji becomes hashable, all else stays as it is', () => {
		expect(wellFormed<unknown>({ text: 'leaf \ud83c', list: ['\udf3f', 1, null], 'k\ud83c': true })).toEqual({
			text: 'leaf \ufffd',
			list: ['\ufffd', 1, null],
			'k\ufffd': true
		});
		fc.assert(
			fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
				expect(() => canonicalJson(wellFormed(value))).not.toThrow();
				expect(wellFormed(value)).toEqual(value);
			})
		);
	});
});
