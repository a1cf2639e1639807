/**
 * A planner with statistics of a large database may begin at the wrong end: with all nodes there are instead of the
 * one that is asked for. Every statement that the workspace sends is looked at as it would run there.
 */
import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBunStore } from '../src/bun/open-bun-store.ts';
import type { Store } from '../src/port.ts';
import type { Workspace } from '../src/workspace/workspace.ts';
import { must, openTestWorkspace, text } from './fixture.ts';

/** What looks cheap to it depends on how many rows there are. */
const SIZES = [5000, 50_000, 200_000, 1_000_000];
/** Those that grow with what is written. */
const LARGE = ['node', 'body', 'edge', 'link', 'op', 'op_seen', 'run', 'attempt', 'scalar', 'find_entry'];

/** Of the program that SQLite makes of a statement. */
interface Step {
	readonly opcode: string;
	readonly p1: number;
	readonly p2: number;
}

/** A store that remembers what it was asked. */
function recorded(store: Store, asked: Set<string>): Store {
	return {
		...store,
		query(sql, params) {
			asked.add(sql);
			return store.query(sql, params);
		},
		batch(statements, options) {
			for (const { sql } of statements) asked.add(sql);
			return store.batch(statements, options);
		},
		stream(sql, params, options) {
			asked.add(sql);
			return store.stream(sql, params, options);
		}
	};
}

/** What reading and writing a conversation, its versions, its graph and its log comes to. */
async function everyday(workspace: Workspace): Promise<void> {
	const conversation = must(await workspace.createConversation());
	const say = async (
		role: 'user' | 'assistant',
		words: string,
		parents: readonly string[]
	): Promise<string> =>
		must(await workspace.append({ conversation, role, parents, parts: text(words) })).node;
	const question = await say('user', 'why is that so?', []);
	const one = await say('assistant', 'because', [question]);
	const two = await say('assistant', 'therefore', [question]);
	const merged = must(
		await workspace.append({
			conversation,
			kind: 'merge',
			role: 'assistant',
			parents: [one, two],
			parts: text('both')
		})
	).node;
	const run = must(
		await workspace.createRun({
			conversation,
			parent: merged,
			endpoint: 'e',
			model: 'm',
			params: {},
			receipt: {}
		})
	);
	must(await workspace.openRuns(conversation));
	const sealed = must(await workspace.sealRun(run.id, { state: 'done', parts: text('done') }));
	const leaf = sealed?.node ?? '';
	must(await workspace.visit(conversation, leaf, null));
	must(await workspace.lastLeaf(conversation));
	must(await workspace.leafBelow(one));
	must(await workspace.path(leaf, { limit: 2 }));
	must(await workspace.pathForks(leaf, { limit: 10 }));
	must(await workspace.isOnPath(one, leaf));
	must(await workspace.node(one));
	must(await workspace.children(conversation, question));
	must(await workspace.children(conversation, null));
	must(await workspace.refs(conversation));
	must(await workspace.versions(one));
	must(await workspace.relate([one, two]));
	must(await workspace.runsAt(merged));
	must(await workspace.failedRuns(conversation));
	must(await workspace.fork(conversation, one));
	for await (const batch of workspace.ancestors(leaf)) expect(batch.length).toBeGreaterThan(0);
	for await (const batch of workspace.line(leaf)) expect(batch.length).toBeGreaterThan(0);
	must(await workspace.indexSome(50));
	for await (const hits of workspace.find(conversation, 'because', { leaf })) expect(hits).toBeArray();
	must(await workspace.searchMessages('because', 5));
	const page = must(await workspace.outlinePage(conversation, { limit: 3 }));
	must(await workspace.outlineLines(page.keys));
	must(await workspace.outlineMarks(conversation));
	must(await workspace.outlineKey(conversation, one));
	must(await workspace.toggleBookmark(conversation, one, 'here'));
	must(await workspace.mark({ entity: 'node', id: one, name: 'tag' }, 'later'));
	must(await workspace.hideNode(one, true));
	must(await workspace.nodeMarks([one]));
	must(await workspace.conversationMarks(conversation));
	const [newest] = must(await workspace.operations({ conversation }, { limit: 5 }));
	must(await workspace.operationParts(newest?.id ?? ''));
	must(await workspace.takeBackNext('undo'));
	must(await workspace.planRedaction(one));
	must(await workspace.redact(one));
}

test('with statistics of a large database no everyday statement reads a whole table', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-plans-'));
	const path = join(folder, 'plans.sqlite');
	try {
		const store = must(openBunStore({ path, nowMs: 1 }));
		const asked = new Set<string>();
		const { workspace } = await openTestWorkspace(recorded(store, asked));
		await everyday(workspace);
		await store.close();
		const database = new Database(path);
		database.run('ANALYZE');
		const roots = new Map(
			database
				.query<{ root: number; tbl: string; name: string }, []>(
					'SELECT rootpage AS root, tbl_name AS tbl, name FROM sqlite_schema WHERE rootpage > 0'
				)
				.all()
				.filter(({ tbl }) => LARGE.includes(tbl))
				.map(({ root, name }) => [root, name])
		);
		database.close();
		for (const rows of SIZES) {
			const large = new Database(path);
			large.run(
				`UPDATE sqlite_stat1 SET stat = ?1 || substr(stat, instr(stat, ' ')) WHERE tbl IN (SELECT value FROM json_each(?2))`,
				[rows, JSON.stringify(LARGE)]
			);
			large.run('ANALYZE sqlite_schema');
			const scans = [...asked].flatMap((sql) => {
				if (!/^\s*(select|with)\b/i.test(sql)) return [];
				const program = large.query<Step, []>(`EXPLAIN ${sql}`).all();
				const opened = new Map(
					program.flatMap(({ opcode, p1, p2 }) =>
						opcode === 'OpenRead' ? [[p1, roots.get(p2)] as const] : []
					)
				);
				return program.flatMap(({ opcode, p1 }) => {
					const name = opcode === 'Rewind' ? opened.get(p1) : undefined;
					return name === undefined ? [] : [`all of ${name}: ${sql.replaceAll(/\s+/g, ' ').slice(0, 300)}`];
				});
			});
			large.close();
			expect(scans, `with ${rows} rows`).toEqual([]);
		}
		expect(asked.size, 'what was looked at').toBeGreaterThan(60);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
