import { ok } from '@stemma/graph/result';
import { and, eq } from 'drizzle-orm';
import { attempt, toStatement } from '../drizzle.ts';
import { draft } from '../schema/tables.ts';
import type { WorkspaceContext } from './context.ts';
import type { Workspace } from './workspace.ts';

export function createDrafts({ db, store, nowMs }: WorkspaceContext): Pick<Workspace, 'draft' | 'saveDraft'> {
	return {
		async draft(conversation, parent) {
			const at = and(eq(draft.conv, conversation), eq(draft.parent, parent ?? ''));
			const found = await attempt(db.select({ text: draft.text }).from(draft).where(at).get());
			return found.ok ? ok(found.value?.text ?? '') : found;
		},
		async saveDraft(conversation, parent, text) {
			const key = { conv: conversation, parent: parent ?? '' };
			const query =
				text === ''
					? db.delete(draft).where(and(eq(draft.conv, key.conv), eq(draft.parent, key.parent)))
					: db
							.insert(draft)
							.values({ ...key, text: text.toWellFormed(), updatedAt: nowMs() })
							.onConflictDoUpdate({
								target: [draft.conv, draft.parent],
								set: { text: text.toWellFormed(), updatedAt: nowMs() }
							});
			const written = await store.batch([toStatement(query)], {
				touched: { tables: ['draft'], conversations: [conversation] }
			});
			return written.ok ? ok(undefined) : written;
		}
	};
}
