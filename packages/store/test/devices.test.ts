/** Two devices that each do as they please and then hear of each other end in the same state: that of the pure fold. */
import { expect, test } from 'bun:test';
import { fold } from '@stemma/graph/fold';
import { createNode } from '@stemma/graph/hash';
import type { GraphNode } from '@stemma/graph/node';
import type { HashedOp } from '@stemma/graph/op';
import fc from 'fast-check';
import { insertNodes } from '../src/import/insert-nodes.ts';
import type { Store } from '../src/port.ts';
import { openWorkspace } from '../src/workspace/create-workspace.ts';
import { insertOpStatements, OP_COLUMNS, toHashedOp } from '../src/workspace/log.ts';
import type { Workspace } from '../src/workspace/workspace.ts';
import { must, openTestStore, testDeps, text } from './fixture.ts';

const CONVERSATION = 'c0'.repeat(16);
const ROOT = createNode(
	{ kind: 'message', role: 'user', parents: [], change: '01'.repeat(16), links: [] },
	{ nonce: '02'.repeat(16), parts: text('root') }
);

interface Device {
	readonly store: Store;
	readonly workspace: Workspace;
}
interface Step {
	readonly device: 0 | 1;
	readonly act:
		| 'write'
		| 'merge'
		| 'rename'
		| 'tag'
		| 'untag'
		| 'pin'
		| 'hide'
		| 'undo'
		| 'redo'
		| 'redact'
		| 'purge'
		| 'hear';
	readonly pick: number;
}

const steps = fc.array(
	fc.record({
		device: fc.constantFrom(0, 1),
		act: fc.constantFrom(
			...(['write', 'write', 'write', 'merge', 'rename', 'tag', 'untag', 'pin', 'hide'] as const),
			...(['undo', 'undo', 'undo', 'redo', 'redact', 'purge', 'hear'] as const)
		),
		pick: fc.nat({ max: 1000 })
	}),
	{ minLength: 4, maxLength: 30 }
) as fc.Arbitrary<readonly Step[]>;

const opsOf = async ({ store }: Device): Promise<readonly HashedOp[]> =>
	must(
		await store.query(`SELECT ${OP_COLUMNS} FROM op o JOIN device d ON d.id = o.device_id ORDER BY o.id`)
	).map(toHashedOp);

/** What one device tells another: nodes, then operations, those in an order of their own. */
async function hear(
	from: Device,
	to: Device,
	order: (ops: readonly HashedOp[]) => readonly HashedOp[]
): Promise<void> {
	const nodes: { conversation: string; node: GraphNode; createdAt: number }[] = [];
	const rows = must(
		await from.store.query(
			'SELECT lower(hex(n.hash)) AS id, lower(hex(b.hash)) AS body FROM node n JOIN body b ON b.id = n.body_id ORDER BY n.gen, n.id'
		)
	);
	for (const { id, body } of rows) {
		const row = must(await from.workspace.node(String(id)));
		if (!row) continue;
		const { kind, role, parents, change, links } = row;
		nodes.push({
			conversation: CONVERSATION,
			createdAt: row.createdAt,
			node: {
				id: row.id,
				header: { v: 1, kind, role, parents, change, body_hash: String(body), links },
				body: row.body
			}
		});
	}
	const known = new Set(
		must(await to.store.query('SELECT lower(hex(hash)) AS id FROM node')).map((row) => row['id'])
	);
	const buried = new Set(
		(await opsOf(to)).flatMap(({ op }) => (op.payload.kind === 'tombstone' ? [op.payload.id] : []))
	);
	const arriving = nodes.filter(({ node }) => !known.has(node.id));
	// Below what is buried here, what comes rests on nothing: its parents come again, without their text.
	must(await insertNodes(to.store, '00'.repeat(16), arriving));
	for (const { node } of arriving)
		if (buried.has(node.id)) expect(must(await to.workspace.node(node.id))?.body ?? null).toBeNull();
	const devices = must(await from.store.query('SELECT lower(hex(uid)) AS uid FROM device'));
	must(
		await to.store.batch(
			devices.map(({ uid }) => ({
				sql: `INSERT INTO device (uid, name, created_at) VALUES (unhex(?1), 'other', 0) ON CONFLICT (uid) DO NOTHING`,
				params: [uid ?? null]
			}))
		)
	);
	for (const op of order(await opsOf(from))) must(await to.store.batch(insertOpStatements(op)));
}

async function take({ workspace }: Device, act: Step['act'], pick: number): Promise<void> {
	const refs = must(await workspace.refs(CONVERSATION));
	const ends = refs.flatMap(({ name, heads }) => heads.map((head) => ({ name, ...head })));
	const end = ends[pick % Math.max(1, ends.length)];
	const node = end?.node ?? ROOT.id;
	const input = { conversation: CONVERSATION, role: 'user' as const, parts: text(`words ${pick}`) };
	if (act === 'write') must(await workspace.append({ ...input, parents: [node], ref: end?.name ?? null }));
	else if (act === 'merge') {
		const parents = [...new Set(ends.map((each) => each.node))].slice(0, 3);
		if (parents.length > 1)
			must(await workspace.append({ ...input, kind: 'merge', parents, ref: ends[0]?.name ?? null }));
	} else if (act === 'rename') must(await workspace.rename(CONVERSATION, `title ${pick % 5}`));
	else if (act === 'tag')
		must(await workspace.mark({ entity: 'node', id: node, name: 'tag' }, `tag ${pick % 3}`));
	else if (act === 'untag')
		must(await workspace.unmark({ entity: 'node', id: node, name: 'tag' }, `tag ${pick % 3}`));
	else if (act === 'pin')
		must(await workspace.mark({ entity: 'conversation', id: CONVERSATION, name: 'pin' }, node));
	else if (act === 'hide') must(await workspace.hideNode(node, pick % 2 === 0));
	else if (act === 'undo' || act === 'redo') must(await workspace.takeBackNext(act));
	else if (act === 'redact') await workspace.redact(node);
	else if (act === 'purge' && node !== ROOT.id && pick % 3 === 0) must(await workspace.purge({ node }));
}

/** The state as the tables hold it, in the words of the fold. */
async function stateOf({ store, workspace }: Device): Promise<unknown> {
	const scalars = must(
		await store.query(`SELECT register, value FROM scalar WHERE value <> 'null' ORDER BY register`)
	);
	const members = must(
		await store.query('SELECT DISTINCT register, value FROM member ORDER BY register, value')
	);
	const refs = must(await workspace.refs(CONVERSATION));
	const texts = must(
		await store.query(
			'SELECT lower(hex(n.hash)) AS id FROM node n JOIN body b ON b.id = n.body_id WHERE b.data IS NOT NULL ORDER BY n.hash'
		)
	);
	return {
		scalars: scalars.map((row) => [row['register'], JSON.parse(String(row['value'])) as unknown]),
		members: members.map((row) => [row['register'], row['value']]),
		heads: refs.flatMap(({ name, heads }) => heads.map(({ op, node }) => [name, op, node])).toSorted(),
		ends: refs.map(({ name, ends }) => [name, ends.toSorted()]).toSorted(),
		texts: texts.map((row) => row['id'])
	};
}

test('[G19] [G29] two devices converge, whatever they did and in whatever order they hear of it', async () => {
	await fc.assert(
		fc.asyncProperty(steps, fc.nat(), async (taken, seed) => {
			const devices: readonly [Device, Device] = [await openDevice(), await openDevice()];
			/** Any order that repeats with the seed. */
			const shuffled = (ops: readonly HashedOp[]): readonly HashedOp[] =>
				ops.toSorted(
					(a, b) =>
						Number.parseInt(a.id.slice(seed % 40, (seed % 40) + 8), 16) -
						Number.parseInt(b.id.slice(seed % 40, (seed % 40) + 8), 16)
				);
			for (const { device, act, pick } of taken) {
				const other = devices[device === 0 ? 1 : 0];
				if (act === 'hear') await hear(other, devices[device], (ops) => ops);
				else await take(devices[device], act, pick);
			}
			const [a, b] = devices;
			await hear(a, b, shuffled);
			await hear(b, a, (ops) => ops);
			expect(await stateOf(b)).toEqual(await stateOf(a));

			const pure = fold([...(await opsOf(a)), ...(await opsOf(b))]);
			expect(await stateOf(a)).toMatchObject({
				scalars: [...pure.scalars].toSorted(([x], [y]) => (x < y ? -1 : 1)),
				members: [...pure.sets]
					.flatMap(([key, values]) => [...values].map((value) => [`set/${key}`, value]))
					.toSorted(),
				heads: [...pure.refs.values()]
					.flatMap(({ name, heads }) => [...heads].map(([op, node]) => [name, op, node]))
					.toSorted()
			});
			for (const { store } of devices) {
				expect(must(await store.query('PRAGMA foreign_key_check'))).toEqual([]);
				await store.close();
			}
		}),
		{ numRuns: 60 }
	);
}, 120_000);

async function openDevice(): Promise<Device> {
	const store = openTestStore();
	const workspace = must(await openWorkspace({ store, ...testDeps }, 'device'));
	must(await insertNodes(store, '00'.repeat(16), [{ conversation: CONVERSATION, node: ROOT, createdAt: 1 }]));
	return { store, workspace };
}
