import { expect, test } from 'bun:test';
import { planReplay, type ReplayPlan } from '@stemma/graph/replay-plan';
import { must, openTestWorkspace } from './fixture.ts';

const id = (name: string): string => name.padEnd(64, '0');
const plan = (): ReplayPlan => {
	const made = planReplay({ id: id('b'), role: 'user', replaces: id('a'), tokens: 5 }, [
		{
			id: id('c'),
			kind: 'message',
			role: 'assistant',
			change: 'cc'.repeat(16),
			tokens: 3,
			isRedacted: false
		},
		{ id: id('d'), kind: 'message', role: 'tool', change: 'dd'.repeat(16), tokens: 3, isRedacted: false },
		{ id: id('e'), kind: 'message', role: 'user', change: 'ee'.repeat(16), tokens: 3, isRedacted: false }
	]);
	if (made === null) throw new Error('there is something to do');
	return made;
};

test('a replay is kept with what it has made, step by step, until it is forgotten', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const saved = must(await workspace.saveReplay(conversation, plan(), { endpoint: 'e', model: 'm' }));
	must(await workspace.recordMade(saved.id, [id('1')]));
	const later = must(await workspace.saveReplay(conversation, plan(), null));
	expect(must(await workspace.replays(conversation))).toEqual([later, { ...saved, made: [id('1')] }]);
	must(await workspace.forgetReplay(saved.id));
	expect(must(await workspace.replays(conversation))).toEqual([later]);
});

test('a plan that is none, as a file may bring it, is passed over', async () => {
	const { store, workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const saved = must(await workspace.saveReplay(conversation, plan(), null));
	for (const [uid, bad] of [
		['aa', '{"plan":{"steps":7}}'],
		['bb', 'no JSON']
	])
		must(
			await store.batch([
				{
					sql: `INSERT INTO replay (uid, conv_id, plan, created_at) SELECT unhex(?1), id, ?2, 1 FROM conv`,
					params: [(uid ?? '').repeat(16), bad ?? '']
				}
			])
		);
	expect(must(await workspace.replays(conversation))).toEqual([saved]);
});

test('two tabs cannot both make the same step', async () => {
	const { workspace } = await openTestWorkspace();
	const conversation = must(await workspace.createConversation());
	const saved = must(await workspace.saveReplay(conversation, plan(), null));
	must(await workspace.recordMade(saved.id, [id('1')]));
	expect(await workspace.recordMade(saved.id, [id('2')])).toMatchObject({
		ok: false,
		error: { code: 'conflict' }
	});
	// Sent again after a change of owner, the same record is no conflict.
	must(await workspace.recordMade(saved.id, [id('1')]));
	expect(must(await workspace.replays(conversation))[0]?.made).toEqual([id('1')]);
});
