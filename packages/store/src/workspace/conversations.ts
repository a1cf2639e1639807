import type { JsonValue } from '@stemma/graph/part';
import { ok } from '@stemma/graph/result';
import { toStatement } from '../drizzle.ts';
import type { Row } from '../port.ts';
import { conv } from '../schema/tables.ts';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import type { ConversationRow, Workspace } from './workspace.ts';

type Conversations = Pick<
	Workspace,
	'conversations' | 'conversation' | 'createConversation' | 'rename' | 'setPinned' | 'setHidden'
>;

/** A purged conversation has a row for the log's sake only. */
const THERE = `SELECT lower(hex(uid)) AS id, title, pinned, hidden, created_at AS createdAt, last_at AS lastAt, preview FROM conv
	WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE scope = 'conversation' AND uid = lower(hex(conv.uid)))`;

/** All of them are read at every start. The table is STRICT: to check its types here would take longer than to read it. */
const toConversationRow = (row: Row): ConversationRow => ({
	id: row['id'] as string,
	title: row['title'] as string | null,
	pinned: row['pinned'] === 1,
	hidden: row['hidden'] === 1,
	createdAt: row['createdAt'] as number,
	lastAt: row['lastAt'] as number,
	preview: row['preview'] as string | null
});

export function createConversations(context: WorkspaceContext): Conversations {
	const { db, store, nowMs, randomHex } = context;

	const setField = (id: string, field: string, value: JsonValue) =>
		commit(context, [], () =>
			ok({
				payload: { kind: 'set', entity: 'conversation', id, field, value },
				touched: { tables: ['conv'], conversations: [id] },
				value: (op) => op
			})
		);

	return {
		async conversations({ includeHidden = false } = {}) {
			const found = await store.query(
				`${THERE} AND hidden <= ?1 ORDER BY pinned DESC, last_at DESC, conv.id DESC`,
				[includeHidden ? 1 : 0]
			);
			return found.ok ? ok(found.value.map(toConversationRow)) : found;
		},
		async conversation(id) {
			const found = await store.query(`${THERE} AND conv.uid = unhex(?1)`, [id]);
			if (!found.ok) return found;
			const [row] = found.value;
			return ok(row ? toConversationRow(row) : null);
		},
		async createConversation({ title } = {}) {
			const id = randomHex(16);
			const now = nowMs();
			const insert = db
				.insert(conv)
				.values({ uid: id, pinned: false, hidden: false, createdAt: now, lastAt: now })
				.onConflictDoNothing();
			const created = await store.batch([toStatement(insert)], {
				touched: { tables: ['conv'], conversations: [id] }
			});
			if (!created.ok) return created;
			if (title === undefined || title === '') return ok(id);
			const named = await setField(id, 'title', title);
			return named.ok ? ok(id) : named;
		},
		rename: (id, title) => setField(id, 'title', title.trim() === '' ? null : title.trim()),
		setPinned: (id, pinned) => setField(id, 'pinned', pinned),
		setHidden: (id, hidden) => setField(id, 'hidden', hidden)
	};
}
