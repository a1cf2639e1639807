import { expect, test } from 'bun:test';
import type { Link, NodeId, NodeKind, Role } from '@stemma/graph/node';
import type { Part } from '@stemma/graph/part';
import type { Result } from '@stemma/graph/result';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import type { Store } from '@stemma/store/port';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { readProvenance } from '#lib/state/provenance.ts';
import { readReplay } from '#lib/state/replay-reading.ts';

function must<T, E>(result: Result<T, E>): T {
	if (!result.ok) throw new Error(JSON.stringify(result.error));
	return result.value;
}

interface Written {
	readonly conversation: string;
	readonly store: Store;
	readonly workspace: Workspace;
	say(
		role: Role,
		parts: string | readonly Part[],
		parents: readonly NodeId[],
		version?: { change?: string; links?: readonly Link[]; kind?: NodeKind }
	): Promise<{ node: NodeId; change: string }>;
}

async function write(): Promise<Written> {
	let counter = 0;
	let now = 1_700_000_000_000;
	const store = must(openBunStore({ path: ':memory:', nowMs: now }));
	const workspace = must(
		await openWorkspace(
			{
				store,
				nowMs: () => (now += 5),
				randomHex: (bytes) => (++counter).toString(16).padStart(bytes * 2, '0')
			},
			'test'
		)
	);
	const conversation = must(await workspace.createConversation());
	/** The branch that ended at a message when it was written. */
	const refs = new Map<NodeId, string>();
	return {
		conversation,
		store,
		workspace,
		say: async (role, parts, parents, version = {}) => {
			const added = must(
				await workspace.append({
					conversation,
					role,
					parents,
					parts: typeof parts === 'string' ? [{ type: 'text', text: parts }] : parts,
					ref: refs.get(parents[0] ?? '') ?? null,
					...version
				})
			);
			refs.set(added.node, added.ref);
			return added;
		}
	};
}

const stepsOf = async (workspace: Workspace, from: NodeId): Promise<readonly string[] | null> => {
	const { plan, following } = must(await readReplay(workspace, from, 32_768));
	const text = (id: NodeId): string => {
		const part = following.find((entry) => entry.id === id)?.body?.parts[0];
		return part?.type === 'text' ? part.text : 'redacted';
	};
	return (
		plan && [
			...plan.steps.map(({ kind, of }) => `${kind} ${text(of)}`),
			...plan.skipped.map(({ id, reason }) => `not ${text(id)}: ${reason}`)
		]
	);
};

test('what followed an older version is replayed below the newest one, over several edits', async () => {
	const { workspace, say } = await write();
	const q1 = await say('user', 'q1', []);
	const a1 = await say('assistant', 'a1', [q1.node]);
	const q2 = await say('user', 'q2', [a1.node]);
	const a2 = await say('assistant', 'a2', [q2.node]);
	const edited = await say('user', 'q1 b', [], {
		change: q1.change,
		links: [{ kind: 'edit_of', target: q1.node }]
	});
	const again = await say('user', 'q1 c', [], {
		change: q1.change,
		links: [{ kind: 'edit_of', target: edited.node }]
	});
	expect(await stepsOf(workspace, again.node)).toEqual(['ask a1', 'say q2', 'ask a2']);
	const read = must(await readReplay(workspace, again.node, 32_768));
	expect(read.replaced.id).toBe(q1.node);
	expect(read.plan?.oldLeaf).toBe(a2.node);
	// The same place on another model: nothing is said twice where it stands.
	expect(await stepsOf(workspace, a1.node)).toEqual(['ask a2']);
	expect(must(await readReplay(workspace, a1.node, 32_768)).plan?.base).toBe(q2.node);
});

test('of a very long branch the beginning is replayed, and how much is not is known before', async () => {
	const { workspace, say } = await write();
	const q1 = await say('user', 'q1', []);
	let leaf = q1;
	for (let i = 0; i < 430; i++)
		leaf = await say(i % 2 === 0 ? 'assistant' : 'user', `turn ${i}`, [leaf.node]);
	const { following, rest, plan } = must(await readReplay(workspace, q1.node, 32_768));
	expect(following.length).toBe(400);
	expect(rest).toBe(30);
	expect(plan?.oldLeaf).toBe(following.at(-1)?.id ?? '');
});

test('below a leaf there is no plan; a message that is not there is an error', async () => {
	const { workspace, say } = await write();
	const q1 = await say('user', 'q1', []);
	expect(await stepsOf(workspace, q1.node)).toBeNull();
	expect(await readReplay(workspace, '0'.repeat(64), 1000)).toMatchObject({ ok: false });
});

test('a branch with a merge and a redacted question is replayed without them', async () => {
	const { conversation, store, workspace, say } = await write();
	const q1 = await say('user', 'q1', []);
	const left = await say('assistant', 'a1', [q1.node]);
	const right = await say('assistant', 'a1 b', [q1.node], { change: left.change });
	const merge = await say('assistant', 'both', [left.node, right.node], { kind: 'merge' });
	const q2 = await say('user', 'q2', [merge.node]);
	const a2 = await say('assistant', 'a2', [q2.node]);
	const q3 = await say('user', 'q3', [a2.node]);
	const a3 = await say('assistant', 'a3', [q3.node]);
	// What was on screen last is what is replayed.
	must(await workspace.visit(conversation, a3.node, 'main'));
	must(
		await store.batch([
			{
				sql: 'UPDATE body SET nonce = NULL, data = NULL WHERE id = (SELECT body_id FROM node WHERE hash = unhex(?1))',
				params: [q2.node]
			}
		])
	);
	expect(await stepsOf(workspace, q1.node)).toEqual([
		'ask a1',
		'say q3',
		'ask a3',
		'not both: merge',
		'not redacted: redacted',
		'not a2: no_question'
	]);
});

test('provenance names the version, its place and what it answers; a redacted trail is told', async () => {
	const { store, workspace, say } = await write();
	const q1 = await say('user', 'What is it?', []);
	const a1 = await say('assistant', 'It is a quiet river.', [q1.node]);
	const edited = await say('assistant', 'It is a quiet and wide river.', [q1.node], {
		change: a1.change,
		links: [{ kind: 'edit_of', target: a1.node }]
	});
	const whole = must(await readProvenance(workspace, edited.node, null));
	expect(whole.pieces.map(({ text, origin }) => [text.trim(), origin])).toEqual([
		['It is a quiet', 0],
		['and wide', 1],
		['river.', 0]
	]);
	expect(whole.origins.map(({ node, version, versions, isCut }) => [node, version, versions, isCut])).toEqual(
		[
			[a1.node, 1, 2, false],
			[edited.node, 2, 2, false]
		]
	);
	expect(whole.origins[0]?.prompt).toEqual({ node: q1.node, line: 'What is it?' });
	expect(whole.origins.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
	const words = must(await readProvenance(workspace, edited.node, { from: 14, to: 22 }));
	expect(words.pieces).toEqual([{ text: 'and wide', origin: 0 }]);
	must(
		await store.batch([
			{
				sql: 'UPDATE body SET nonce = NULL, data = NULL WHERE id = (SELECT body_id FROM node WHERE hash = unhex(?1))',
				params: [a1.node]
			}
		])
	);
	expect(must(await readProvenance(workspace, edited.node, null)).origins).toMatchObject([
		{ node: edited.node, isCut: true, share: 1 }
	]);
	expect(must(await readProvenance(workspace, a1.node, null))).toMatchObject({
		isRedacted: true,
		pieces: []
	});
});
