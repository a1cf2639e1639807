import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { createGraphIndex } from '../src/derived.ts';
import { bodyHash, createNode, hashOf, matchesHash, nodeDefect, nodeId, opId } from '../src/hash.ts';
import { canonicalJson } from '../src/jcs.ts';
import type { Body, NodeHeader } from '../src/node.ts';
import type { Op } from '../src/op.ts';
import { parseNodeHeader } from '../src/parse-header.ts';
import { goldenVectors } from '../vectors/cases.ts';
import golden from '../vectors/graph.json';

/** Another implementation of SHA-256, on the bytes as they stand in the file. */
const sha256 = (domain: string, utf8: string): string =>
	createHash('sha256').update(`${domain}\0`).update(Buffer.from(utf8, 'hex')).digest('hex');

describe('golden vectors', () => {
	test('are what `bun packages/graph/vectors/generate.ts` writes', () => {
		expect(JSON.parse(JSON.stringify(goldenVectors()))).toEqual(golden);
	});

	test.each(golden.canonical.map((each) => [each.name, each] as const))(
		'[G1] [G3] %s',
		(_, { input, canonical, utf8 }) => {
			expect(canonicalJson(JSON.parse(input))).toBe(canonical);
			expect(Buffer.from(canonical).toString('hex')).toBe(utf8);
		}
	);

	test.each(golden.refused.map((each) => [each.name, each] as const))('[G2] refused: %s', (_, { input }) => {
		expect(() => canonicalJson(JSON.parse(input))).toThrow(TypeError);
	});

	test.each(golden.bodies.map((each) => [each.name, each] as const))(
		'[G5] [G7] body: %s',
		(_, { body, hash, utf8 }) => {
			expect(bodyHash(body as Body)).toBe(hash);
			expect(sha256('body/1', utf8)).toBe(hash);
		}
	);

	test.each(golden.nodes.map((each) => [each.name, each] as const))(
		'[G5] [G6] node: %s',
		(_, { header, id, utf8 }) => {
			expect(nodeId(header as NodeHeader)).toBe(id);
			expect(sha256('node/1', utf8)).toBe(id);
		}
	);

	test.each(golden.ops.map((each) => [each.op.payload.kind, each] as const))(
		'[G5] op: %s',
		(_, { op, id, utf8 }) => {
			expect(opId(op as unknown as Op)).toBe(id);
			expect(sha256('op/1', utf8)).toBe(id);
		}
	);

	test.each(golden.graphs.map((each) => [each.name, each] as const))('[G8] [G9] [G10] %s', (_, { rows }) => {
		const index = createGraphIndex();
		for (const { parents, gen, pos, jump } of rows) {
			expect(index.derived(index.add(parents))).toEqual({ gen, pos, jump });
		}
	});

	test('hold different hashes for everything that differs', () => {
		const hashes = [...golden.bodies.map(({ hash }) => hash), ...golden.nodes.map(({ id }) => id)];
		expect(new Set(hashes).size).toBe(hashes.length);
	});
});

const body: Body = { nonce: '01'.repeat(16), parts: [{ type: 'text', text: 'Hello' }] };
const node = createNode(
	{ kind: 'message', role: 'user', parents: [], change: '0a'.repeat(16), links: [] },
	body
);

describe('nodes', () => {
	test('[G5] one value in two domains has two hashes', () => {
		expect(hashOf('node/1', body)).not.toBe(hashOf('body/1', body));
	});

	test('[G6] the order of parents is part of the id', () => {
		const [a, b] = ['11'.repeat(32), '22'.repeat(32)];
		expect(nodeId({ ...node.header, parents: [a, b] })).not.toBe(nodeId({ ...node.header, parents: [b, a] }));
	});

	test('[G7] a redacted node keeps its id and passes; another body does not', () => {
		expect(nodeDefect(node)).toBeNull();
		expect(nodeDefect({ ...node, body: null })).toBeNull();
		expect(nodeDefect({ ...node, body: { ...body, nonce: '02'.repeat(16) } })).toBe('body');
		expect(nodeDefect({ ...node, body: { ...body, parts: [{ type: 'text', text: 'half \ud83d' }] } })).toBe(
			'body'
		);
	});

	test('[G6] a changed header or id is found', () => {
		expect(nodeDefect({ ...node, header: { ...node.header, role: 'assistant' } })).toBe('id');
		expect(nodeDefect({ ...node, id: '00'.repeat(32) })).toBe('id');
	});

	test('[G2] a value without canonical form matches nothing', () => {
		expect(matchesHash('op/1', { hlc: Number.POSITIVE_INFINITY }, '00'.repeat(32))).toBe(false);
	});
});

describe('headers from elsewhere', () => {
	test('[G6] a good one passes unchanged', () => {
		const header: NodeHeader = {
			...node.header,
			parents: ['11'.repeat(32)],
			links: [{ kind: 'quotes', target: '22'.repeat(32) }]
		};
		expect(parseNodeHeader(JSON.parse(JSON.stringify(header)))).toEqual({ ok: true, value: header });
	});

	test.each<[string, unknown]>([
		['', null],
		['', []],
		['', 'header'],
		['v', { ...node.header, v: 2 }],
		['kind', { ...node.header, kind: 'toString' }],
		['role', { ...node.header, role: 'developer' }],
		['parents', { ...node.header, parents: ['11'.repeat(31)] }],
		['parents', { ...node.header, parents: ['AB'.repeat(32)] }],
		['parents', { ...node.header, parents: ['11'.repeat(32), '11'.repeat(32)] }],
		['parents', { ...node.header, parents: null }],
		['change', { ...node.header, change: `${'0'.repeat(31)}\n` }],
		['body_hash', { ...node.header, body_hash: undefined }],
		['links', { ...node.header, links: [{ kind: 'edit_of' }] }],
		['links', { ...node.header, links: [{ kind: 'edit_of', target: '11'.repeat(32), at: 1 }] }],
		['links', { ...node.header, links: [null] }],
		['at', { ...node.header, at: 1_700_000_000_000 }]
	])('[G6] refused for its %p: %j', (member, header) => {
		expect(parseNodeHeader(header)).toEqual({ ok: false, error: { code: 'bad_header', member } });
	});
});
