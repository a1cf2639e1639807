/** The inputs of the golden vectors, and what this implementation makes of them. */
import { createGraphIndex } from '../src/derived.ts';
import { bodyHash, nodeId, opId } from '../src/hash.ts';
import { canonicalJson } from '../src/jcs.ts';
import type { Body, NodeHeader } from '../src/node.ts';
import { appendOp, type ChainEnd } from '../src/op-log.ts';
import type { HashedOp, OpPayload } from '../src/op.ts';

const utf8 = (text: string): string =>
	Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('');

const CANONICAL: Readonly<Record<string, string>> = {
	literals: '[null,true,false]',
	'empty containers': '{"a":{},"b":[]}',
	'white space goes': ' { "b" : [ 1 , 2 ] , "a" : null } ',
	'members sort at every depth': '{"z":{"y":1,"x":2},"a":[{"d":1,"c":2}]}',
	'members sort by UTF-16 unit, not by code point':
		'{"\\uD83C\\uDF3F":1,"\\uFB33":2,"\\u20AC":3,"1":4,"\\r":5,"\\u00F6":6,"":7}',
	integers: '[0,1,-1,9007199254740991,-9007199254740991]',
	'minus zero': '[-0,-0.0,0.0]',
	exponents: '[1e21,1e20,1e-7,1e-6,123456789012345680000,5e-324,1.7976931348623157e308]',
	fractions: '[0.1,1.0,4.50,2e-3,0.000001,333333333.33333329,1E30]',
	escapes: '"\\u0000\\u0008\\u0009\\u000A\\u000B\\u000C\\u000D\\u001F\\u0022\\u005C\\/\\u007F"',
	'line separators stay': '"\\u2028\\u2029"',
	'beyond the basic plane': '"\\uD83D\\uDE00 \\uD834\\uDD1E"',
	composed: '"\\u00E9"',
	decomposed: '"e\\u0301"',
	'carriage returns stay': '"a\\r\\nb\\nc"',
	CJK: '"\\u6570\\u636E\\u5E93"'
};

const REFUSED: Readonly<Record<string, string>> = {
	'high surrogate alone': '"\\uD83D"',
	'low surrogate alone': '"\\uDE00"',
	'surrogates the wrong way round': '"\\uDE00\\uD83D"',
	'surrogate in a member name': '{"\\uD83D":1}'
};

const BODIES: Readonly<Record<string, Body>> = {
	'no parts': { nonce: '00'.repeat(16), parts: [] },
	text: { nonce: '01'.repeat(16), parts: [{ type: 'text', text: 'Hello' }] },
	'text with another nonce': { nonce: '02'.repeat(16), parts: [{ type: 'text', text: 'Hello' }] },
	'composed text': { nonce: '03'.repeat(16), parts: [{ type: 'text', text: 'caf\u00e9' }] },
	'decomposed text': { nonce: '03'.repeat(16), parts: [{ type: 'text', text: 'cafe\u0301' }] },
	'every part': {
		nonce: '04'.repeat(16),
		parts: [
			{ type: 'reasoning', text: 'hm', ms: 1200, details: [{ signature: 'c2ln', index: 0, weight: 0.25 }] },
			{ type: 'text', text: '## Title\r\n\n`code`\t😀' },
			{ type: 'image', hash: 'ab'.repeat(32), name: 'a.png', mime: 'image/png' },
			{ type: 'tool_call', id: 'call_1', name: 'look', arguments: '{"q": "x"' },
			{ type: 'tool_result', id: 'call_1', text: '数据库' },
			{ type: 'quote', source: 'cd'.repeat(32), from: 3, to: 9, text: 'quoted' }
		]
	}
};

const header = (parents: readonly string[], more: Partial<NodeHeader> = {}): NodeHeader => ({
	v: 1,
	kind: 'message',
	role: 'user',
	parents,
	change: '0a'.repeat(16),
	body_hash: '0b'.repeat(32),
	links: [],
	...more
});

const HEADERS: Readonly<Record<string, NodeHeader>> = {
	root: header([]),
	reply: header(['11'.repeat(32)], { role: 'assistant' }),
	'merge of three': header(['11'.repeat(32), '22'.repeat(32), '33'.repeat(32)], { kind: 'merge' }),
	'merge in another order': header(['22'.repeat(32), '11'.repeat(32), '33'.repeat(32)], { kind: 'merge' }),
	links: header(['11'.repeat(32)], {
		links: [
			{ kind: 'edit_of', target: '44'.repeat(32) },
			{ kind: 'quotes', target: '55'.repeat(32) }
		]
	}),
	summary: header(['11'.repeat(32)], {
		kind: 'summary',
		role: 'assistant',
		links: [
			{ kind: 'covers_from', target: '66'.repeat(32) },
			{ kind: 'covers_to', target: '11'.repeat(32) }
		]
	})
};

const CONVERSATION = 'c0'.repeat(16);

/** One device's chain: each operation names the one before; the clock stands still once and runs back once. */
function opChain(): readonly HashedOp[] {
	const device = 'de'.repeat(16);
	const times = [
		1_700_000_000_000, 1_700_000_000_000, 1_699_999_999_000, 1_700_000_000_001, 1_700_000_000_002,
		1_700_000_000_003
	];
	const branch = { kind: 'ref', conversation: CONVERSATION, name: 'main', refKind: 'branch' } as const;
	const title = { kind: 'set', entity: 'conversation', id: CONVERSATION, field: 'title' } as const;
	const payloads: readonly ((before: readonly HashedOp[]) => OpPayload)[] = [
		() => ({ ...title, value: 'Größe 数' }),
		() => ({ ...branch, target: '11'.repeat(32), seen: [] }),
		(before) => ({ ...branch, target: '22'.repeat(32), seen: before.slice(1, 2).map(({ id }) => id) }),
		() => ({ kind: 'add', entity: 'node', id: '11'.repeat(32), name: 'tags', value: 'good' }),
		() => ({ kind: 'tombstone', scope: 'body', id: '77'.repeat(32) }),
		() => ({ ...title, value: null })
	];
	const chain: HashedOp[] = [];
	let last: ChainEnd | null = null;
	for (const [i, payload] of payloads.entries()) {
		const undoes = i === payloads.length - 1 ? chain[0]?.id : undefined;
		const hashed: HashedOp = appendOp(device, last, 0, times[i] ?? 0, payload(chain), undoes);
		chain.push(hashed);
		last = { seq: hashed.op.seq, id: hashed.id, hlc: hashed.op.hlc };
	}
	return chain;
}

const GRAPHS: Readonly<Record<string, readonly (readonly number[])[]>> = {
	'chain of 20': Array.from({ length: 20 }, (_, row) => (row === 0 ? [] : [row - 1])),
	'two roots, a merge of both': [[], [], [0], [1], [2, 3], [4]],
	diamonds: [[], [0], [0], [1, 2], [3], [3], [5, 4], [6]],
	'a merge far ahead of its first parent': [[], [0], [1], [2], [3], [0, 4], [5], [6], [7]]
};

export function goldenVectors(): object {
	const canonical = (value: unknown): { readonly canonical: string; readonly utf8: string } => {
		const text = canonicalJson(value);
		return { canonical: text, utf8: utf8(text) };
	};
	return {
		about: {
			format: 1,
			canonical: 'input is JSON text; canonical is its RFC 8785 form, utf8 the same as bytes in hex',
			refused: 'input is JSON text that has no canonical form',
			bodies: 'hash = SHA-256("body/1" 00 canonical(body))',
			nodes: 'id = SHA-256("node/1" 00 canonical(header))',
			ops: 'id = SHA-256("op/1" 00 canonical(op)); one chain of one device',
			graphs: 'rows in topological order; jump is a row, null at a root'
		},
		canonical: Object.entries(CANONICAL).map(([name, input]) => ({
			name,
			input,
			...canonical(JSON.parse(input))
		})),
		refused: Object.entries(REFUSED).map(([name, input]) => ({ name, input })),
		bodies: Object.entries(BODIES).map(([name, body]) => ({
			name,
			body,
			...canonical(body),
			hash: bodyHash(body)
		})),
		nodes: Object.entries(HEADERS).map(([name, value]) => ({
			name,
			header: value,
			...canonical(value),
			id: nodeId(value)
		})),
		ops: opChain().map(({ op }) => ({ op, ...canonical(op), id: opId(op) })),
		graphs: Object.entries(GRAPHS).map(([name, rows]) => {
			const index = createGraphIndex();
			return { name, rows: rows.map((parents) => ({ parents, ...index.derived(index.add(parents)) })) };
		})
	};
}
