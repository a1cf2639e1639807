/** The SQL of the store against the pure graph: derived integers, and the fold of operations in any order. */
import { expect, test } from 'bun:test';
import { createGraphIndex } from '@stemma/graph/derived';
import { fold } from '@stemma/graph/fold';
import {
	CONVERSATION,
	DEVICES,
	randomOps,
	randomTopologies,
	topologyToNodes
} from '@stemma/testkit/graph-arbitrary';
import fc from 'fast-check';
import { insertNodes } from '../src/import/insert-nodes.ts';
import type { Store } from '../src/port.ts';
import { createWorkspace } from '../src/workspace/create-workspace.ts';
import { insertOpStatements } from '../src/workspace/log.ts';
import { must, openTestStore, testDeps } from './fixture.ts';

const DEVICE = '00'.repeat(16);

const graphs = randomTopologies(60).map((topology) => ({ topology, nodes: topologyToNodes(topology) }));
const insert = async (store: Store, nodes: ReturnType<typeof topologyToNodes>): Promise<void> => {
	must(
		await insertNodes(
			store,
			DEVICE,
			nodes.map((node, i) => ({ conversation: CONVERSATION, node, createdAt: i }))
		)
	);
};

test('generation, position and jump are those of the graph, inserted once or twice', async () => {
	await fc.assert(
		fc.asyncProperty(graphs, async ({ topology, nodes }) => {
			const store = openTestStore();
			await insert(store, nodes);
			await insert(store, nodes);
			const index = createGraphIndex();
			for (const parents of topology) index.add(parents);
			const rows = must(
				await store.query(
					`SELECT lower(hex(n.hash)) AS hash, n.gen, n.pos, lower(hex(j.hash)) AS jump FROM node n LEFT JOIN node j ON j.id = n.jump_id`
				)
			);
			expect(rows).toHaveLength(nodes.length);
			const byHash = new Map(rows.map((row) => [row['hash'], row]));
			for (const [row, node] of nodes.entries()) {
				const { gen, pos, jump } = index.derived(row);
				const stored = byHash.get(node.id);
				expect([stored?.['gen'], stored?.['pos']]).toEqual([gen, pos]);
				expect(stored?.['jump'] ?? '').toBe(jump === null ? '' : (nodes[jump]?.id ?? 'missing'));
			}
			await store.close();
		}),
		{ numRuns: 60 }
	);
});

test('a window anywhere on a path is what walking would give', async () => {
	await fc.assert(
		fc.asyncProperty(
			graphs,
			fc.nat(),
			fc.nat(),
			fc.integer({ min: 1, max: 9 }),
			fc.nat(9),
			async ({ topology, nodes }, pick, cut, limit, from) => {
				const store = openTestStore();
				await insert(store, nodes);
				const workspace = createWorkspace({ store, ...testDeps, device: DEVICE });
				const leaf = pick % nodes.length;
				const walked: string[] = [];
				for (let row: number | undefined = leaf; row !== undefined; row = topology[row]?.[0])
					walked.unshift(nodes[row]?.id ?? '');
				const before = (cut % walked.length) + 1;
				const window = must(await workspace.path(nodes[leaf]?.id ?? '', { limit, before, from }));
				const start = Math.max(0, before - limit, from);
				expect(window.entries.map(({ id }) => id)).toEqual(walked.slice(start, Math.max(start, before)));
				expect(window.total).toBe(walked.length);
				await store.close();
			}
		),
		{ numRuns: 60 }
	);
});

test('the triggers fold operations as the graph does, in whatever order they arrive', async () => {
	const nodes = topologyToNodes([[], [0], [0], [1, 2], [3]]);
	const targets = nodes.map(({ id }) => id);
	await fc.assert(
		fc.asyncProperty(
			randomOps(targets, 40, { buries: true }).chain((ops) =>
				fc.tuple(
					fc.constant(ops),
					fc.shuffledSubarray([...ops], { minLength: ops.length, maxLength: ops.length })
				)
			),
			async ([ops, arriving]) => {
				const store = openTestStore();
				must(
					await store.batch(
						DEVICES.map((uid) => ({
							sql: 'INSERT INTO device (uid, name, created_at) VALUES (unhex(?1), ?1, 0)',
							params: [uid]
						}))
					)
				);
				await insert(store, nodes);
				for (const op of arriving) must(await store.batch(insertOpStatements(op)));
				// Arriving again changes nothing.
				for (const op of arriving) must(await store.batch(insertOpStatements(op)));
				const state = fold(ops);

				const scalars = must(await store.query('SELECT entity, uid, field, value FROM scalar'));
				const stored = new Map(
					scalars
						.filter((row) => row['value'] !== 'null')
						.map((row) => [
							`${String(row['entity'])}/${String(row['uid'])}/${String(row['field'])}`,
							JSON.parse(String(row['value'])) as unknown
						])
				);
				expect(stored).toEqual(new Map(state.scalars));

				const workspace = createWorkspace({ store, ...testDeps, device: DEVICE });
				const refs = must(await workspace.refs(CONVERSATION));
				expect(
					new Map(refs.map((ref) => [ref.name, new Map(ref.heads.map(({ op, node }) => [op, node]))]))
				).toEqual(new Map([...state.refs.values()].map((ref) => [ref.name, new Map(ref.heads)])));

				const members = must(await store.query('SELECT DISTINCT value FROM member ORDER BY value'));
				const tags = [...(state.sets.get(`conversation/${CONVERSATION}/tags`) ?? [])].toSorted();
				expect(members.map((row) => row['value'])).toEqual(tags);
				await store.close();
			}
		),
		{ numRuns: 80 }
	);
}, 60_000);
