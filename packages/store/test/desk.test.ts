import { expect, test } from 'bun:test';
import { must, openTestWorkspace, text } from './fixture.ts';

test('a queued message leaves the queue in the transaction that makes it a node, and only once', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const first = must(await workspace.enqueue(conversation, text('one')));
	const second = must(await workspace.enqueue(conversation, text('two')));
	const append = () =>
		workspace.append({ conversation, role: 'user', parents: [], parts: text('one'), queued: first });
	must(await append());
	const again = await append();
	expect(again.ok ? null : again.error.code).toBe('conflict');
	expect(must(await workspace.queue(conversation)).map(({ id }) => id)).toEqual([second]);
	const leaf = must(await workspace.lastLeaf(conversation));
	expect(must(await workspace.path(leaf?.leaf ?? '', { limit: 10 })).total).toBe(1);
});

test('a queue is edited, put in another order, and one added meanwhile stays behind', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const ids: string[] = [];
	for (const word of ['a', 'b', 'c', 'late'])
		ids.push(must(await workspace.enqueue(conversation, text(word))));
	const [a = '', b = '', c = ''] = ids;
	must(await workspace.editQueued(b, text('B')));
	must(await workspace.orderQueue(conversation, [c, b, a]));
	const words = async () =>
		must(await workspace.queue(conversation)).map(({ parts }) =>
			parts.map((part) => (part.type === 'text' ? part.text : '')).join()
		);
	expect(await words()).toEqual(['c', 'B', 'a', 'late']);
	must(await workspace.dropQueued(b));
	expect(await words()).toEqual(['c', 'a', 'late']);
	const gone = await workspace.editQueued(b, text('x'));
	expect(gone.ok ? null : gone.error.code).toBe('conflict');
});

test('a kept text is kept once, to the byte', async () => {
	const { store, workspace } = await openTestWorkspace();
	const words = '\uFEFFäöü 🌱\r\nline';
	const hash = must(await workspace.keepText(words, 'text/plain'));
	expect(must(await workspace.keepText(words, 'text/plain'))).toBe(hash);
	expect(must(await workspace.keptTexts([hash, '0'.repeat(64)]))).toEqual(new Map([[hash, words]]));
	expect(must(await store.query('SELECT count(*) AS n FROM blob'))).toEqual([{ n: 1 }]);
});

test('a draft keeps what goes with it', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const attached = [{ type: 'file' as const, hash: 'a'.repeat(64), name: 'log.txt', mime: 'text/plain' }];
	must(await workspace.saveDraft(conversation, null, { text: '', attached }));
	expect(must(await workspace.draft(conversation, null))).toEqual({ text: '', attached });
	must(await workspace.saveDraft(conversation, null, { text: '', attached: [] }));
	expect(must(await workspace.draft(conversation, null))).toEqual({ text: '', attached: [] });
});

test('a catalogue is replaced as a whole, and prices that change are remembered', async () => {
	const { store, workspace } = await openTestWorkspace();
	const price = { prompt: 600_000_000, completion: 2_400_000_000, cached: null, request: 0 };
	const model = {
		id: 'a/b',
		name: 'B',
		contextLength: 128_000,
		inputs: ['text', 'image'],
		outputs: ['text']
	};
	const other = { ...model, id: 'a/c', name: 'C', price: null };
	const save = (
		fetchedAt: number,
		models: readonly (typeof other | (typeof model & { price: typeof price }))[]
	) => workspace.saveCatalogue({ endpoint: 'e', fetchedAt, models });
	must(await save(1, [other, { ...model, price }]));
	must(await save(2, [{ ...model, price }, other]));
	must(await save(3, [{ ...model, price: { ...price, prompt: 500_000_000 } }]));
	expect(must(await workspace.catalogues())).toEqual([
		{
			endpoint: 'e',
			fetchedAt: 3,
			models: [{ ...model, price: { ...price, prompt: 500_000_000 } }]
		}
	]);
	expect(must(await store.query('SELECT since, prompt FROM model_price ORDER BY since'))).toEqual([
		{ since: 1, prompt: 600_000_000 },
		{ since: 3, prompt: 500_000_000 }
	]);
	must(await workspace.forgetCatalogue('e'));
	expect(must(await workspace.catalogues())).toEqual([]);
});

test('settings of one conversation are its own', async () => {
	const { workspace } = await openTestWorkspace();
	const [one, two] = [must(await workspace.createConversation()), must(await workspace.createConversation())];
	must(await workspace.saveConversationSetting(one, 'system', 'Be brief.'));
	expect(must(await workspace.conversationSettings(one)).get('system')).toBe('Be brief.');
	expect(must(await workspace.conversationSettings(two)).size).toBe(0);
});
