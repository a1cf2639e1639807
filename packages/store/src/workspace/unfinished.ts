/** Work under way on a screen, kept where a reload, another tab and a backup find it. Never texts: those can be redacted. */
import type { ConversationId } from '@stemma/graph/op';
import type { JsonValue } from '@stemma/graph/part';
import { ok } from '@stemma/graph/result';
import { decodeStray } from './codec.ts';
import type { WorkspaceContext } from './context.ts';
import type { Outcome } from './outcome.ts';

/** The marks of a bisect, the passages picked for a merge. */
export type UnfinishedKind = 'bisect' | 'merge';

export interface UnfinishedShelf {
	/**
	 * @param key the ids of the messages it is about, with commas between them
	 * @returns what was kept, to be parsed: a backup may have brought it; null for nothing
	 */
	unfinished(kind: UnfinishedKind, conversation: ConversationId, key: string): Outcome<JsonValue>;
	/** @param data null forgets it */
	saveUnfinished(
		kind: UnfinishedKind,
		conversation: ConversationId,
		key: string,
		data: JsonValue
	): Outcome<void>;
}

export function createUnfinished({ store, nowMs }: WorkspaceContext): UnfinishedShelf {
	return {
		async unfinished(kind, conversation, key) {
			const rows = await store.query(
				'SELECT data FROM unfinished WHERE conv = ?1 AND kind = ?2 AND key = ?3',
				[conversation, kind, key]
			);
			if (!rows.ok) return rows;
			const [row] = rows.value;
			return ok(row ? decodeStray(String(row['data'])) : null);
		},
		async saveUnfinished(kind, conversation, key, data) {
			const place = [conversation, kind, key];
			const written = await store.batch(
				[
					data === null
						? { sql: 'DELETE FROM unfinished WHERE conv = ?1 AND kind = ?2 AND key = ?3', params: place }
						: {
								sql: `INSERT INTO unfinished (conv, kind, key, data, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
									ON CONFLICT (conv, kind, key) DO UPDATE SET data = excluded.data, updated_at = excluded.updated_at`,
								params: [...place, JSON.stringify(data), nowMs()]
							}
				],
				{ touched: { tables: ['unfinished'], conversations: [conversation] } }
			);
			return written.ok ? ok(undefined) : written;
		}
	};
}
