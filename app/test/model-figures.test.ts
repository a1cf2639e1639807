import { expect, test } from 'bun:test';
import { age, contextSize, pricePerMillion } from '../src/lib/features/composer/model-figures.ts';

const price = (prompt: number | null, completion: number | null, request: number | null = null) => ({
	prompt,
	completion,
	cached: null,
	request
});

test('prices are told per million tokens, and nothing is told that is not known', () => {
	expect(pricePerMillion(price(600_000_000, 2_400_000_000))).toBe('$0.6/2.4');
	expect(pricePerMillion(price(15_000_000, 75_000_000_000))).toBe('$0.015/75');
	expect(pricePerMillion(price(0, 0))).toBe('free');
	expect(pricePerMillion(price(0, 0, 5_000_000))).toBe('$0/0');
	expect(pricePerMillion(price(1_000_000_000, null))).toBe('$1/—');
	expect(pricePerMillion(price(null, null))).toBe('');
	expect(pricePerMillion(null)).toBe('');
});

test('windows and ages are short', () => {
	expect([null, 512, 8192, 131_072, 1_048_576, 2_000_000].map(contextSize)).toEqual([
		'',
		'512',
		'8k',
		'131k',
		'1M',
		'2M'
	]);
	expect([0, 61_000, 7_200_000, 200 * 3_600_000].map(age)).toEqual([
		'just now',
		'1 min old',
		'2 h old',
		'8 days old'
	]);
});
