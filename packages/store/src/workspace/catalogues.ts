/** The models of each endpoint as last heard, and how their prices changed. */
import { ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { WorkspaceContext } from './context.ts';
import type { Catalogue, ModelRow, Workspace } from './workspace.ts';

type Catalogues = Pick<Workspace, 'catalogues' | 'saveCatalogue' | 'forgetCatalogue'>;

const catalogueRow = z.object({ endpoint: z.string(), fetched_at: z.number() });
const amount = z.nullable(z.number());
const modelRow = z.object({
	endpoint: z.string(),
	id: z.string(),
	name: z.string(),
	context: amount,
	inputs: z.string(),
	outputs: z.string(),
	since: amount,
	prompt: amount,
	completion: amount,
	cached: amount,
	request: amount
});
const words = z.array(z.string());

/** What the newest price row of a model says differs from what is said now. */
const NEW_PRICES = `
INSERT INTO model_price (endpoint, model, since, prompt, completion, cached, request)
SELECT ?1, m.value ->> 'id', ?2, m.value ->> '$.price.prompt', m.value ->> '$.price.completion',
	m.value ->> '$.price.cached', m.value ->> '$.price.request'
FROM json_each(?3) m WHERE m.value -> '$.price' <> 'null' AND NOT EXISTS (
	SELECT 1 FROM model_price p WHERE p.endpoint = ?1 AND p.model = m.value ->> 'id'
		AND p.since = (SELECT max(since) FROM model_price WHERE endpoint = ?1 AND model = m.value ->> 'id')
		AND p.prompt IS (m.value ->> '$.price.prompt') AND p.completion IS (m.value ->> '$.price.completion')
		AND p.cached IS (m.value ->> '$.price.cached') AND p.request IS (m.value ->> '$.price.request'))
ON CONFLICT (endpoint, model, since) DO UPDATE SET prompt = excluded.prompt, completion = excluded.completion,
	cached = excluded.cached, request = excluded.request`;

export function createCatalogues({ store }: WorkspaceContext): Catalogues {
	return {
		async catalogues() {
			const read = await store.batch([
				{ sql: 'SELECT endpoint, fetched_at FROM catalogue ORDER BY endpoint' },
				{
					sql: `SELECT m.endpoint, m.id, m.name, m.context, m.inputs, m.outputs, p.since, p.prompt, p.completion, p.cached, p.request
					FROM model m LEFT JOIN model_price p ON p.endpoint = m.endpoint AND p.model = m.id
						AND p.since = (SELECT max(since) FROM model_price WHERE endpoint = m.endpoint AND model = m.id)
					ORDER BY m.endpoint, m.ord`
				}
			]);
			if (!read.ok) return read;
			const [heads, models] = read.value.map(({ rows }) => rows);
			const modelsByEndpoint = new Map<string, ModelRow[]>();
			for (const raw of models ?? []) {
				const { endpoint, id, name, context, inputs, outputs, since, ...price } = modelRow.parse(raw);
				const list = modelsByEndpoint.get(endpoint) ?? [];
				list.push({
					id,
					name,
					contextLength: context,
					inputs: words.parse(JSON.parse(inputs)),
					outputs: words.parse(JSON.parse(outputs)),
					price: since === null ? null : price
				});
				modelsByEndpoint.set(endpoint, list);
			}
			return ok(
				(heads ?? []).map((raw): Catalogue => {
					const { endpoint, fetched_at } = catalogueRow.parse(raw);
					return { endpoint, fetchedAt: fetched_at, models: modelsByEndpoint.get(endpoint) ?? [] };
				})
			);
		},
		async saveCatalogue({ endpoint, fetchedAt, models }) {
			const listed = JSON.stringify(models);
			const written = await store.batch(
				[
					{
						sql: `INSERT INTO catalogue (endpoint, fetched_at) VALUES (?1, ?2)
						ON CONFLICT (endpoint) DO UPDATE SET fetched_at = excluded.fetched_at`,
						params: [endpoint, fetchedAt]
					},
					{ sql: 'DELETE FROM model WHERE endpoint = ?1', params: [endpoint] },
					{
						sql: `INSERT INTO model (endpoint, id, ord, name, context, inputs, outputs)
						SELECT ?1, m.value ->> 'id', m.key, m.value ->> 'name', m.value ->> 'contextLength', m.value ->> 'inputs', m.value ->> 'outputs'
						FROM json_each(?2) m WHERE true ON CONFLICT DO NOTHING`,
						params: [endpoint, listed]
					},
					{ sql: NEW_PRICES, params: [endpoint, fetchedAt, listed] }
				],
				{ touched: { tables: ['catalogue'] } }
			);
			return written.ok ? ok(undefined) : written;
		},
		async forgetCatalogue(endpoint) {
			const written = await store.batch(
				[
					{ sql: 'DELETE FROM catalogue WHERE endpoint = ?1', params: [endpoint] },
					{ sql: 'DELETE FROM model WHERE endpoint = ?1', params: [endpoint] },
					{ sql: 'DELETE FROM model_price WHERE endpoint = ?1', params: [endpoint] }
				],
				{ touched: { tables: ['catalogue'] } }
			);
			return written.ok ? ok(undefined) : written;
		}
	};
}
