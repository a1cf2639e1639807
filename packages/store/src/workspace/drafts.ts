import { ok } from '@stemma/graph/result';
import { wellFormed } from '@stemma/graph/well-formed';
import { and, eq } from 'drizzle-orm';
import { attempt, toStatement } from '../drizzle.ts';
import { draft } from '../schema/tables.ts';
import { decodeParts } from './codec.ts';
import type { WorkspaceContext } from './context.ts';
import type { Workspace } from './workspace.ts';

export function createDrafts({ db, store, nowMs }: WorkspaceContext): Pick<Workspace, 'draft' | 'saveDraft'> {
	return {
		async draft(conversation, parent) {
			const at = and(eq(draft.conv, conversation), eq(draft.parent, parent ?? ''));
			const found = await attempt(
				db.select({ text: draft.text, attached: draft.attached }).from(draft).where(at).get()
			);
			if (!found.ok) return found;
			const row = found.value;
			return ok(row ? { text: row.text, attached: decodeParts(row.attached) } : { text: '', attached: [] });
		},
		async saveDraft(conversation, parent, { text, attached }) {
			const key = { conv: conversation, parent: parent ?? '' };
			const content = {
				text: text.toWellFormed(),
				attached: JSON.stringify(wellFormed(attached)),
				updatedAt: nowMs()
			};
			const query =
				text === '' && attached.length === 0
					? db.delete(draft).where(and(eq(draft.conv, key.conv), eq(draft.parent, key.parent)))
					: db
							.insert(draft)
							.values({ ...key, ...content })
							.onConflictDoUpdate({ target: [draft.conv, draft.parent], set: content });
			const written = await store.batch([toStatement(query)], {
				touched: { tables: ['draft'], conversations: [conversation] }
			});
			return written.ok ? ok(undefined) : written;
		}
	};
}
