/** Replays under way: their plan and how far they have come, so that the rest can go on after a reload. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { ReplayPlan } from '@stemma/graph/replay-plan';
import { ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import { decodeStray } from './codec.ts';
import type { WorkspaceContext } from './context.ts';
import type { Outcome } from './outcome.ts';

export interface StoredReplay {
	/** 32 lower-case hex characters. */
	readonly id: string;
	readonly conversation: ConversationId;
	readonly plan: ReplayPlan;
	/** Another model than the conversation's. */
	readonly model: { readonly endpoint: string; readonly model: string } | null;
	/** The message of each step that is done. */
	readonly made: readonly NodeId[];
	readonly createdAt: number;
}

export interface ReplayShelf {
	/** Newest first. */
	replays(conversation: ConversationId): Outcome<readonly StoredReplay[]>;
	saveReplay(
		conversation: ConversationId,
		plan: ReplayPlan,
		model: StoredReplay['model']
	): Outcome<StoredReplay>;
	/** @param made all messages so far, one more than before; `conflict` if another tab was faster */
	recordMade(id: string, made: readonly NodeId[]): Outcome<void>;
	/** What it made stays. */
	forgetReplay(id: string): Outcome<void>;
}

const MOST = 20;

const link = z.object({ kind: z.enum(['regen_of', 'cherry_of']), target: z.string() });
const planColumn = z.object({
	plan: z.object({
		base: z.string(),
		oldLeaf: z.string(),
		steps: z.array(
			z.object({
				kind: z.enum(['say', 'ask']),
				of: z.string(),
				role: z.enum(['system', 'user', 'assistant', 'tool']),
				change: z.string(),
				links: z.array(link),
				tokens: z.number(),
				promptTokens: z.number()
			})
		),
		skipped: z.array(
			z.object({ id: z.string(), reason: z.enum(['tool', 'merge', 'summary', 'redacted', 'no_question']) })
		)
	}),
	model: z.nullable(z.object({ endpoint: z.string(), model: z.string() }))
});
const row = z.object({ uid: z.string(), plan: z.string(), made: z.string(), created_at: z.number() });
const ids = z.array(z.string());

export function createReplays({ store, nowMs, randomHex }: WorkspaceContext): ReplayShelf {
	return {
		async replays(conversation) {
			const rows = await store.query(
				`SELECT lower(hex(r.uid)) AS uid, r.plan, r.made, r.created_at FROM replay r
				WHERE r.conv_id = (SELECT id FROM conv WHERE uid = unhex(?1)) ORDER BY r.created_at DESC, r.id DESC LIMIT ${MOST}`,
				[conversation]
			);
			if (!rows.ok) return rows;
			return ok(
				rows.value.flatMap((raw): StoredReplay[] => {
					const { uid, plan, made, created_at } = row.parse(raw);
					// A backup may have brought what is no plan.
					const parsed = planColumn.safeParse(decodeStray(plan));
					const parsedMade = ids.safeParse(decodeStray(made));
					if (!parsed.success || !parsedMade.success) return [];
					return [{ id: uid, conversation, ...parsed.data, made: parsedMade.data, createdAt: created_at }];
				})
			);
		},
		async saveReplay(conversation, plan, model) {
			const replay: StoredReplay = {
				id: randomHex(16),
				conversation,
				plan,
				model,
				made: [],
				createdAt: nowMs()
			};
			const written = await store.batch(
				[
					{
						sql: `INSERT INTO replay (uid, conv_id, plan, created_at) SELECT unhex(?1), conv.id, ?3, ?4 FROM conv
							WHERE conv.uid = unhex(?2) ON CONFLICT (uid) DO NOTHING`,
						params: [replay.id, conversation, JSON.stringify({ plan, model }), replay.createdAt]
					},
					{ sql: 'SELECT 1 AS one FROM replay WHERE uid = unhex(?1)', params: [replay.id], expect: 1 }
				],
				{ touched: { tables: ['replay'], conversations: [conversation] } }
			);
			return written.ok ? ok(replay) : written;
		},
		async recordMade(id, made) {
			const written = await store.batch(
				[
					{
						sql: 'UPDATE replay SET made = ?2 WHERE uid = unhex(?1) AND json_array_length(made) = ?3',
						params: [id, JSON.stringify(made), made.length - 1]
					},
					{
						sql: 'SELECT 1 AS one FROM replay WHERE uid = unhex(?1) AND made = ?2',
						params: [id, JSON.stringify(made)],
						expect: 1
					}
				],
				{ touched: { tables: ['replay'] } }
			);
			return written.ok ? ok(undefined) : written;
		},
		async forgetReplay(id) {
			const written = await store.batch([{ sql: 'DELETE FROM replay WHERE uid = unhex(?1)', params: [id] }], {
				touched: { tables: ['replay'] }
			});
			return written.ok ? ok(undefined) : written;
		}
	};
}
