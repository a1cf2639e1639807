import { expect, test } from 'bun:test';
import { insertNodes } from '../src/import/insert-nodes.ts';
import type { Store } from '../src/port.ts';
import type { Appended, Workspace } from '../src/workspace/workspace.ts';
import { generateHistory } from '@stemma/testkit/history';
import { must, openTestWorkspace, text } from './fixture.ts';

const indexAll = async (workspace: Workspace): Promise<void> => {
	while (must(await workspace.indexSome(50)) > 0);
};

async function found(
	workspace: Workspace,
	conversation: string,
	query: string,
	leaf?: string
): Promise<readonly string[]> {
	const nodes: string[] = [];
	for await (const hits of workspace.find(conversation, query, leaf === undefined ? {} : { leaf }))
		nodes.push(...hits.map(({ node }) => node));
	return nodes;
}

const checkIndex = async (store: Store): Promise<void> => {
	must(await store.batch([{ sql: `INSERT INTO find (find) VALUES ('integrity-check')` }]));
};

async function conversationOf(texts: readonly string[]): Promise<{
	store: Store;
	workspace: Workspace;
	conversation: string;
	nodes: readonly string[];
}> {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const nodes: string[] = [];
	let ref: string | null = null;
	for (const [i, words] of texts.entries()) {
		const added: Appended = must(
			await workspace.append({
				conversation,
				role: i % 2 === 0 ? 'user' : 'assistant',
				parents: nodes.slice(-1),
				parts: text(words),
				ref
			})
		);
		nodes.push(added.node);
		ref = added.ref;
	}
	await indexAll(workspace);
	return { store, workspace, conversation, nodes };
}

test('a passage is found by its words, newest message first, on the path or anywhere', async () => {
	const { workspace, conversation, nodes } = await conversationOf([
		'The old graph',
		'A graph grows',
		'Nothing',
		'The graph again'
	]);
	expect(await found(workspace, conversation, 'graph')).toEqual([nodes[3], nodes[1], nodes[0]].map(String));
	expect(await found(workspace, conversation, 'the gra')).toEqual([String(nodes[3])]);
	const other = must(
		await workspace.append({
			conversation,
			role: 'assistant',
			parents: [nodes[0] ?? ''],
			parts: text('another graph')
		})
	);
	await indexAll(workspace);
	expect(await found(workspace, conversation, 'graph', nodes[3])).toEqual(
		[nodes[3], nodes[1], nodes[0]].map(String)
	);
	expect(await found(workspace, conversation, 'graph', other.node)).toEqual([other.node, String(nodes[0])]);
	expect(must(await workspace.isOnPath(nodes[1] ?? '', other.node))).toBe(false);
	expect(must(await workspace.isOnPath(nodes[0] ?? '', other.node))).toBe(true);
});

test.each([
	['CutIndex', 'call findCutIndex(x)'],
	['index', 'call findCutIndex(x)'],
	['max_age', 'set max_age=3'],
	['age', 'set max_age=3'],
	['据库', '使用数据库查询'],
	['库', '使用数据库查询'],
	['数据库', '我们的数据库用SQLite写'],
	['sqlite', '我们的数据库用SQLite写'],
	['スーパー', 'これはスーパーです'],
	['🎉', 'done 🎉'],
	['cafe', 'Un CAFÉ noir'],
	['e\u0301te\u0301', 'un été'],
	['a', 'this is a letter'],
	['foo AND (bar*', 'say foo and bar'],
	['"quoted', 'what is "quoted" here'],
	["it's", "it's so"],
	['text : NEAR(a', 'text near a']
])('%p finds %p', async (query, message) => {
	const { store, workspace, conversation, nodes } = await conversationOf([message, 'zzz unrelated']);
	expect(await found(workspace, conversation, query)).toEqual([String(nodes[0])]);
	expect(must(await workspace.searchMessages(query, 10)).map(({ node }) => node)).toEqual([String(nodes[0])]);
	await checkIndex(store);
});

test.each(['', '   ', '"', '""', '*', '()', '->', '—', 'b'])(
	'%p finds nothing and is no error',
	async (query) => {
		const { workspace, conversation } = await conversationOf(['a * b? no: bb', 'x']);
		expect(await found(workspace, conversation, query === 'b' ? 'x y' : query)).toEqual([]);
		expect(must(await workspace.searchMessages(query === 'b' ? 'x y' : query, 10))).toEqual([]);
	}
);

test('the words of a redacted message are gone from the index, waiting or not', async () => {
	const { store, workspace, conversation, nodes } = await conversationOf(['a secret word', 'an answer']);
	must(
		await workspace.append({
			conversation,
			role: 'user',
			parents: [nodes[1] ?? ''],
			parts: text('another secret')
		})
	);
	must(await store.batch([{ sql: 'UPDATE body SET nonce = NULL, data = NULL' }]));
	await checkIndex(store);
	await indexAll(workspace);
	await checkIndex(store);
	expect(await found(workspace, conversation, 'secret')).toEqual([]);
	const left = must(
		await store.query(
			'SELECT (SELECT count(*) FROM find_entry) AS entries, (SELECT count(*) FROM find_pending) AS pending'
		)
	);
	expect(left).toEqual([{ entries: 0, pending: 0 }]);
	const segments = must(await store.query('SELECT block FROM find_data'));
	const bytes = segments.map(({ block }) => new TextDecoder('latin1').decode(block as Uint8Array)).join('');
	expect(bytes.includes('secret'), 'a redacted word must not linger in the pages of the index').toBe(false);
});

test('what arrives in bulk waits, is taken in portions, newest first, and is found as if it had been written', async () => {
	const { store, workspace } = await openTestWorkspace();
	const entries = [...generateHistory({ seed: 5, nodes: 400, longChain: 400, medianChars: 0 })];
	must(await insertNodes(store, '00'.repeat(16), entries));
	expect(must(await workspace.indexSome(100))).toBe(300);
	await indexAll(workspace);
	await checkIndex(store);
	const conversation = entries[0]?.conversation ?? '';
	const leaf = entries.at(-1)?.node.id ?? '';
	const plain = entries
		.filter(({ node }) => node.body?.parts.some((part) => part.type === 'text' && /\bgraph/i.test(part.text)))
		.map(({ node }) => node.id)
		.toReversed();
	expect(plain.length).toBeGreaterThan(3);
	expect(await found(workspace, conversation, 'graph', leaf)).toEqual(plain);
});

test('a search can be given up between two batches', async () => {
	const { workspace, conversation } = await conversationOf(
		Array.from({ length: 450 }, (_, i) => `graph ${i}`)
	);
	const controller = new AbortController();
	let batches = 0;
	const read = async (): Promise<void> => {
		for await (const hits of workspace.find(conversation, 'graph', { signal: controller.signal })) {
			batches += hits.length > 0 ? 1 : 0;
			controller.abort();
		}
	};
	expect(read()).rejects.toThrow('Cancelled');
	await read().catch(() => undefined);
	expect(batches).toBe(1);
});
