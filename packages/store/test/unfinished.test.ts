import { expect, test } from 'bun:test';
import { must, openTestWorkspace, text } from './fixture.ts';

const id = (name: string): string => name.padEnd(64, '0');

test('work under way is kept by what it is about, replaced by newer, and forgotten', async () => {
	const { workspace } = await openTestWorkspace();
	const here = must(await workspace.createConversation());
	const there = must(await workspace.createConversation());
	const marks = [{ pos: 3, mark: 'good' }];
	must(await workspace.saveUnfinished('bisect', here, id('a'), marks));
	must(await workspace.saveUnfinished('merge', here, id('a'), [1]));
	must(await workspace.saveUnfinished('bisect', there, id('a'), [2]));
	expect(must(await workspace.unfinished('bisect', here, id('a')))).toEqual(marks);
	expect(must(await workspace.unfinished('bisect', here, id('b')))).toBeNull();
	must(await workspace.saveUnfinished('bisect', here, id('a'), []));
	expect(must(await workspace.unfinished('bisect', here, id('a')))).toEqual([]);
	must(await workspace.saveUnfinished('bisect', here, id('a'), null));
	expect(must(await workspace.unfinished('bisect', here, id('a')))).toBeNull();
	expect(must(await workspace.unfinished('merge', here, id('a')))).toEqual([1]);
	expect(must(await workspace.unfinished('bisect', there, id('a')))).toEqual([2]);
});

test('other tabs are told', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const told: unknown[] = [];
	workspace.onChange(({ tables, conversations }) => told.push([tables, conversations]));
	must(await workspace.saveUnfinished('bisect', conversation, id('a'), [1]));
	expect(told).toEqual([[['unfinished'], [conversation]]]);
});

test('what is purged leaves no work to go on with', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const other = must(await workspace.createConversation());
	const say = async (words: string, parents: readonly string[]): Promise<string> =>
		must(await workspace.append({ conversation, role: 'user', parents, parts: text(words) })).node;
	const root = await say('one', []);
	const left = await say('left', [root]);
	const right = await say('right', [root]);
	must(await workspace.saveUnfinished('bisect', conversation, root, [1]));
	must(await workspace.saveUnfinished('merge', conversation, `${left},${right}`, [1]));
	must(await workspace.saveUnfinished('bisect', other, id('a'), [1]));
	const plan = { base: root, oldLeaf: left, steps: [], skipped: [] };
	must(await workspace.saveReplay(conversation, plan, null));
	must(await workspace.purge({ node: right }));
	expect(must(await workspace.unfinished('merge', conversation, `${left},${right}`))).toBeNull();
	expect(must(await workspace.unfinished('bisect', conversation, root))).toEqual([1]);
	must(await workspace.purge({ conversation }));
	expect(must(await store.query('SELECT conv, kind FROM unfinished'))).toEqual([
		{ conv: other, kind: 'bisect' }
	]);
	expect(must(await workspace.replays(conversation))).toEqual([]);
});
