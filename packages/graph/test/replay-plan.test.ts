import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { NodeKind, Role } from '../src/node.ts';
import { estimateReplay, planReplay, type FollowingNode, type ReplayBase } from '../src/replay-plan.ts';
import { idOf } from './conversation.ts';

const node = (name: string, role: Role, more: Partial<FollowingNode> = {}): FollowingNode => ({
	id: idOf(name),
	kind: 'message',
	role,
	change: name.padEnd(32, '0'),
	tokens: 10,
	isRedacted: false,
	...more
});
const base = (role: Role, replaces: string | null): ReplayBase => ({
	id: idOf('base'),
	role,
	replaces: replaces === null ? null : idOf(replaces),
	tokens: 100
});
/** "ask a1, say u2 …", then what was left out. */
const told = (plan: ReturnType<typeof planReplay>): string | null =>
	plan &&
	[
		...plan.steps.map(({ kind, of }) => `${kind} ${of.replace(/0+$/, '')}`),
		...plan.skipped.map(({ id, reason }) => `not ${id.replace(/0+$/, '')}: ${reason}`)
	].join(', ');

test('[G80] questions are said again under their change id, answers asked again as versions of the old ones', () => {
	const plan = planReplay(base('user', 'u1'), [
		node('a1', 'assistant'),
		node('u2', 'user'),
		node('a2', 'assistant')
	]);
	expect(told(plan)).toBe('ask a1, say u2, ask a2');
	expect(plan?.base).toBe(idOf('base'));
	expect(plan?.oldLeaf).toBe(idOf('a2'));
	expect(
		plan?.steps.map(({ links, change }) => [change.slice(0, 2), links[0]?.kind, links[0]?.target.slice(0, 2)])
	).toEqual([
		['a1', 'regen_of', 'a1'],
		['u2', 'cherry_of', 'u2'],
		['a2', 'regen_of', 'a2']
	]);
	expect(plan?.steps.map(({ promptTokens }) => promptTokens)).toEqual([100, 0, 120]);
});

test('[G80] under an edited answer or instruction the next question comes first', () => {
	const following = [node('u2', 'user'), node('a2', 'assistant')];
	expect(told(planReplay(base('assistant', 'a1'), following))).toBe('say u2, ask a2');
	expect(told(planReplay(base('system', 's1'), following))).toBe('say u2, ask a2');
});

test('[G81] at the place where they stand, questions are not said a second time', () => {
	const plan = planReplay(base('assistant', null), [
		node('u2', 'user'),
		node('a2', 'assistant'),
		node('u3', 'user')
	]);
	expect(told(plan)).toBe('ask a2, say u3');
	expect(plan?.base).toBe(idOf('u2'));
});

test('[G81] a leaf, or a branch of which nothing can be made again, gives no plan', () => {
	expect(planReplay(base('user', 'u1'), [])).toBeNull();
	expect(planReplay(base('user', null), [])).toBeNull();
	expect(planReplay(base('assistant', null), [node('u2', 'user')])).toBeNull();
	expect(planReplay(base('assistant', 'a1'), [node('t', 'tool'), node('a2', 'assistant')])).toBeNull();
});

test('[G82] merges, tool results, summaries and redacted questions stay out, and so do answers without a question', () => {
	const plan = planReplay(base('user', 'u1'), [
		node('a1', 'assistant'),
		node('m1', 'assistant', { kind: 'merge' }),
		node('u2', 'user', { isRedacted: true }),
		node('a2', 'assistant'),
		node('s1', 'user', { kind: 'summary' }),
		node('u3', 'user', { kind: 'merge' }),
		node('a3', 'assistant', { isRedacted: true }),
		node('t3', 'tool')
	]);
	expect(told(plan)).toBe(
		'ask a1, say u3, ask a3, not m1: merge, not u2: redacted, not a2: no_question, not s1: summary, not t3: tool'
	);
});

test('[G82] every message of the old branch is a step, left out with a reason, or stands where it was; none twice', () => {
	const following = fc.array(
		fc.record({
			role: fc.constantFrom<Role>('user', 'assistant', 'assistant', 'user', 'system', 'tool'),
			kind: fc.constantFrom<NodeKind>('message', 'message', 'merge', 'summary', 'note'),
			isRedacted: fc.boolean()
		}),
		{ maxLength: 30 }
	);
	fc.assert(
		fc.property(
			following,
			fc.constantFrom<Role>('user', 'assistant', 'system'),
			fc.boolean(),
			(rows, role, isEdited) => {
				const nodes = rows.map((row, i) => node(`n${i.toString().padStart(3, '0')}x`, row.role, row));
				const plan = planReplay(base(role, isEdited ? 'old' : null), nodes);
				if (plan === null) return;
				const start = nodes.findIndex(({ id }) => id === plan.base);
				const accounted = [
					...nodes.slice(0, start + 1).map(({ id }) => id),
					...plan.steps.map(({ of }) => of),
					...plan.skipped.map(({ id }) => id)
				];
				expect(accounted.toSorted()).toEqual(nodes.map(({ id }) => id).toSorted());
				// What is asked always has a question right before it.
				let before: Role = start < 0 ? role : (nodes[start]?.role ?? role);
				for (const step of plan.steps) {
					if (step.kind === 'ask') expect(before).toBe('user');
					before = step.role;
				}
			}
		)
	);
});

test('[G83] the estimate adds up what is asked, within the window, and does not guess a price', () => {
	const plan = planReplay(base('user', 'u1'), [
		node('a1', 'assistant'),
		node('u2', 'user'),
		node('a2', 'assistant', { tokens: 50 })
	]);
	const price = { prompt: 1_000_000, completion: 2_000_000, request: 7 };
	expect(estimateReplay(plan?.steps ?? [], 1000, price)).toEqual({
		requests: 2,
		tokensIn: 220,
		tokensOut: 60,
		costNano: 354
	});
	expect(estimateReplay(plan?.steps ?? [], 110, price).tokensIn).toBe(210);
	expect(estimateReplay(plan?.steps ?? [], 1000, { ...price, completion: null }).costNano).toBeNull();
	expect(estimateReplay(plan?.steps ?? [], 1000, null).costNano).toBeNull();
});
