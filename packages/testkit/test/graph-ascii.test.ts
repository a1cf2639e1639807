import { describe, expect, test } from 'bun:test';
import { drawGraph, parseGraph } from '../src/graph-ascii.ts';

describe('drawn graphs', () => {
	test('a line, a fork and a merge', () => {
		expect(drawGraph(parseGraph('root a<root b<a'))).toBe('● b\n● a\n● root');
		expect(drawGraph(parseGraph('root a<root b<root m<a,b'))).toMatchInlineSnapshot(`
		  "● m
		  ├─┐
		  │ ● b
		  ● │ a
		  ├─┘
		  ●   root"
		`);
	});

	test('two roots, and lanes that are used again', () => {
		expect(drawGraph(parseGraph('r1 r2 a<r2 b<r1 c<a d<b'))).toMatchInlineSnapshot(`
		  "● d
		  │ ● c
		  ● │ b
		  │ ● a
		  │ ● r2
		  ● r1"
		`);
	});

	test('a merge of three', () => {
		expect(drawGraph(parseGraph('root a<root b<root c<root m<a,b,c'))).toMatchInlineSnapshot(`
		  "● m
		  ├─┬─┐
		  │ │ ● c
		  │ ● │ b
		  ● │ │ a
		  ├─┴─┘
		  ●     root"
		`);
	});
});
