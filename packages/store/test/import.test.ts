import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importOasst } from '../src/import/oasst.ts';
import { must, openTestWorkspace, testDeps } from './fixture.ts';

const small = JSON.stringify({
	message_tree_id: 't1',
	prompt: {
		message_id: 'm1',
		text: 'A question?\nWith a second line.',
		role: 'prompter',
		replies: [
			{ message_id: 'm2', text: 'One answer.', role: 'assistant', replies: [] },
			{
				message_id: 'm3',
				text: 'Another answer.',
				role: 'assistant',
				replies: [{ message_id: 'm4', text: 'And then?', role: 'prompter', replies: [] }]
			}
		]
	}
});

test('a tree becomes a conversation with a branch for each leaf, once', async () => {
	const { store, workspace } = await openTestWorkspace();
	const report = must(await importOasst({ store, nowMs: testDeps.nowMs }, `${small}\nnot json\n{"a":1}\n`));
	expect(report).toMatchObject({ conversations: 1, messages: 4, added: 4 });
	expect(report.problems.map((problem) => problem.slice(0, 7))).toEqual(['Line 2:', 'Line 3:']);
	const again = must(await importOasst({ store, nowMs: testDeps.nowMs }, small));
	expect(again.added).toBe(0);
	const [conversation] = must(await workspace.conversations());
	expect(conversation?.preview).toBe('A question?');
	const refs = must(await workspace.refs(conversation?.id ?? ''));
	expect(refs.map((ref) => ref.name)).toEqual(['main', 'branch-2']);
	const window = must(await workspace.path(refs[1]?.heads[0]?.node ?? '', { limit: 10 }));
	expect(window.entries.map((entry) => [entry.role, entry.versions.length])).toEqual([
		['user', 1],
		['assistant', 2],
		['user', 1]
	]);
});

const data = fileURLToPath(new URL('../../../../shared/data/oasst/en_100_tree.jsonl', import.meta.url));

test.skipIf(!existsSync(data))('all of the real trees arrive, and every message can be reached', async () => {
	const { store, workspace } = await openTestWorkspace();
	const file = readFileSync(data, 'utf8');
	const report = must(await importOasst({ store, nowMs: testDeps.nowMs }, file));
	expect(report).toMatchObject({ conversations: 100, messages: 1167, added: 1167, problems: [] });
	expect(must(await importOasst({ store, nowMs: testDeps.nowMs }, file)).added).toBe(0);
	const forks = must(
		await store.query(
			'SELECT count(*) AS n FROM (SELECT parent_id FROM node WHERE parent_id IS NOT NULL GROUP BY parent_id HAVING count(*) > 1)'
		)
	);
	expect(forks).toEqual([{ n: 260 }]);
	const reached = new Set<string>();
	for (const conversation of must(await workspace.conversations())) {
		for (const ref of must(await workspace.refs(conversation.id))) {
			for (const head of ref.heads) {
				for (const entry of must(await workspace.path(head.node, { limit: 100 })).entries)
					reached.add(entry.id);
			}
		}
	}
	expect(reached.size).toBe(1167);
});
