/** Messages that wait for the answer before them. They leave the queue in the transaction that makes them nodes. */
import type { Part } from '@stemma/graph/part';
import { ok } from '@stemma/graph/result';
import { wellFormed } from '@stemma/graph/well-formed';
import * as z from 'zod/mini';
import type { Statement } from '../port.ts';
import { decodeParts } from './codec.ts';
import type { WorkspaceContext } from './context.ts';
import type { Outcome } from './outcome.ts';
import type { QueuedId, Workspace } from './workspace.ts';

type Queue = Pick<Workspace, 'queue' | 'enqueue' | 'editQueued' | 'dropQueued' | 'orderQueue'>;

const row = z.object({ uid: z.string(), parts: z.string(), created_at: z.number() });
const encode = (parts: readonly Part[]): string => JSON.stringify(wellFormed(parts));

/** Fails the transaction when the message has left the queue already. */
export const leaveQueue = (id: QueuedId): Statement => ({
	sql: 'DELETE FROM queued WHERE uid = unhex(?1)',
	params: [id],
	expect: 1
});

export function createQueue({ store, nowMs, randomHex }: WorkspaceContext): Queue {
	const write = async (statement: Statement, conversation?: string): Outcome<void> => {
		const written = await store.batch([statement], {
			touched: {
				tables: ['queued'],
				...(conversation === undefined ? {} : { conversations: [conversation] })
			}
		});
		return written.ok ? ok(undefined) : written;
	};
	return {
		async queue(conversation) {
			const rows = await store.query(
				`SELECT lower(hex(q.uid)) AS uid, q.parts, q.created_at FROM queued q
				WHERE q.conv_id = (SELECT id FROM conv WHERE uid = unhex(?1)) ORDER BY q.ord, q.id`,
				[conversation]
			);
			if (!rows.ok) return rows;
			return ok(
				rows.value.map((raw) => {
					const { uid, parts, created_at } = row.parse(raw);
					return { id: uid, parts: decodeParts(parts), createdAt: created_at };
				})
			);
		},
		async enqueue(conversation, parts) {
			const id = randomHex(16);
			const written = await write(
				{
					sql: `INSERT INTO queued (uid, conv_id, ord, parts, created_at)
					SELECT unhex(?1), conv.id, (SELECT coalesce(max(ord), 0) + 1 FROM queued WHERE conv_id = conv.id), ?3, ?4
					FROM conv WHERE conv.uid = unhex(?2) ON CONFLICT (uid) DO NOTHING`,
					params: [id, conversation, encode(parts), nowMs()]
				},
				conversation
			);
			return written.ok ? ok(id) : written;
		},
		editQueued: (id, parts) =>
			write({
				sql: 'UPDATE queued SET parts = ?2 WHERE uid = unhex(?1)',
				params: [id, encode(parts)],
				expect: 1
			}),
		dropQueued: (id) => write({ sql: 'DELETE FROM queued WHERE uid = unhex(?1)', params: [id] }),
		orderQueue: (conversation, ids) =>
			write(
				{
					sql: `UPDATE queued SET ord = coalesce(
						(SELECT o.key + 1 FROM json_each(?2) o WHERE unhex(o.value) = queued.uid), ord + json_array_length(?2))
					WHERE conv_id = (SELECT id FROM conv WHERE uid = unhex(?1))`,
					params: [conversation, JSON.stringify(ids)]
				},
				conversation
			)
	};
}
