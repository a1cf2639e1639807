import * as z from 'zod/mini';
import type { Row } from '../port.ts';
import { decodeBody, decodeLinks, decodeList } from './codec.ts';
import type { NodeRow } from './workspace.ts';

const row = z.object({
	hash: z.string(),
	conv: z.string(),
	kind: z.enum(['message', 'summary', 'merge', 'note']),
	role: z.enum(['system', 'user', 'assistant', 'tool']),
	pos: z.number(),
	gen: z.number(),
	change_id: z.string(),
	created_at: z.number(),
	nonce: z.nullable(z.string()),
	data: z.nullable(z.string()),
	parents: z.nullable(z.string()),
	links: z.string()
});

export function toNodeRow(raw: Row): NodeRow {
	const parsed = row.parse(raw);
	return {
		id: parsed.hash,
		conversation: parsed.conv,
		kind: parsed.kind,
		role: parsed.role,
		parents: decodeList(parsed.parents),
		change: parsed.change_id,
		pos: parsed.pos,
		gen: parsed.gen,
		createdAt: parsed.created_at,
		links: decodeLinks(parsed.links),
		body: decodeBody(parsed.nonce, parsed.data)
	};
}
