/** What a model reads at a place in the graph: the path as it is, and below a merge its branches laid out. */
import { createGraphIndex } from '@stemma/graph/derived';
import { linearise, type LineStep } from '@stemma/graph/linearise';
import { StoreFailure } from '../port.ts';
import * as z from 'zod/mini';
import type { WorkspaceContext } from './context.ts';
import { toNodeRow } from './node-row.ts';
import { NODE_COLUMNS } from './node-sql.ts';
import type { LineRow, Workspace } from './workspace.ts';

const PAGE = 100;

/** All ancestors of node ?1 over every parent, as one text: a row each would cost ten times as much. */
const SKELETON = `
WITH RECURSIVE a (id) AS (
	SELECT id FROM node WHERE hash = unhex(?1)
	UNION SELECT e.parent_id FROM a CROSS JOIN edge e ON e.child_id = a.id
)
SELECT json_group_array(json_array(n.id, n.gen, (
	SELECT json_group_array(parent_id) FROM (SELECT parent_id FROM edge WHERE child_id = n.id ORDER BY ord)
))) AS skeleton FROM a CROSS JOIN node n ON n.id = a.id`;

const ROWS = `
SELECT ${NODE_COLUMNS} FROM json_each(?1) wanted CROSS JOIN node n ON n.id = wanted.value
CROSS JOIN body b ON b.id = n.body_id CROSS JOIN conv ON conv.id = n.conv_id ORDER BY wanted.key`;

const skeleton = z.array(z.tuple([z.number(), z.number(), z.string()]));
const parentIds = z.array(z.number());

export function createLines(
	{ store }: WorkspaceContext,
	{ ancestors }: Pick<Workspace, 'ancestors'>
): Pick<Workspace, 'line'> {
	/** From a merge on. */
	async function* merged(merge: string): AsyncIterable<readonly LineRow[]> {
		const packed = await store.query(SKELETON, [merge]);
		if (!packed.ok) throw new StoreFailure(packed.error);
		const nodes = skeleton
			.parse(JSON.parse(String(packed.value[0]?.['skeleton'])))
			.toSorted(([, a], [, b]) => a - b);
		const graph = createGraphIndex();
		const rowById = new Map<number, number>();
		for (const [id, , parents] of nodes) {
			const rows = parentIds.parse(JSON.parse(parents)).flatMap((parent) => rowById.get(parent) ?? []);
			rowById.set(id, graph.add(rows));
		}
		const steps: LineStep[] = [];
		const read = async (): Promise<readonly LineRow[]> => {
			const page = steps.splice(0);
			const rows = await store.query(ROWS, [JSON.stringify(page.map(({ row }) => nodes[row]?.[0] ?? 0))]);
			if (!rows.ok) throw new StoreFailure(rows.error);
			return rows.value.map((raw, i) => {
				const opens = page[i]?.opens;
				return { ...toNodeRow(raw), ...(opens ? { opens } : {}) };
			});
		};
		for (const step of linearise(graph, graph.size - 1)) {
			steps.push(step);
			if (steps.length === PAGE) yield await read();
		}
		yield await read();
	}

	return {
		async *line(leaf, signal) {
			for await (const nodes of ancestors(leaf, signal)) {
				const merge = nodes.findIndex(({ parents }) => parents.length > 1);
				if (merge < 0) {
					yield nodes;
					continue;
				}
				yield nodes.slice(0, merge);
				yield* merged(nodes[merge]?.id ?? '');
				return;
			}
		}
	};
}
