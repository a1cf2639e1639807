import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { estimateMessageTokens, estimateTokens, learnFactor } from '../src/tokens.ts';

describe('token estimates', () => {
	test.each([
		['', 0],
		['four', 1],
		['fours', 2],
		['数据库', 3],
		['데이터', 3],
		['привет', 3],
		['😀', 1],
		['ok 数', 2]
	])('[G48] %p is about %p', (text, tokens) => {
		expect(estimateTokens(text)).toBe(tokens);
	});

	test('[G48] a message costs four more, and the factor applies to its text', () => {
		expect(estimateMessageTokens('a'.repeat(400), 1)).toBe(104);
		expect(estimateMessageTokens('a'.repeat(400), 1.5)).toBe(154);
	});

	test('[G48] more text is never fewer tokens', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
				expect(estimateTokens(a + b)).toBeGreaterThanOrEqual(estimateTokens(a));
			})
		);
	});

	test('[G49] the factor approaches what is reported', () => {
		const estimate = (factor: number): number => estimateMessageTokens('word '.repeat(2000), factor);
		let factor = 1;
		for (let i = 0; i < 40; i++) factor = learnFactor(factor, estimate(factor), 3250);
		expect(Math.abs(estimate(factor) - 3250)).toBeLessThan(10);
	});

	test('[G49] an odd report moves it a fifth of the way at most, and none moves nothing', () => {
		expect(learnFactor(1, 100, 1_000_000)).toBeCloseTo(1.6);
		expect(learnFactor(1, 1_000_000, 1)).toBeCloseTo(0.85);
		expect(learnFactor(1.3, 0, 10)).toBe(1.3);
		expect(learnFactor(1.3, 10, 0)).toBe(1.3);
	});
});
