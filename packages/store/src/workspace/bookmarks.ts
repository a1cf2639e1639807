/** Bookmarks: refs that stay where they are put. They never name a branch, nor a branch them. */
import type { MoveRef } from '@stemma/graph/op';
import { err, ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import type { Outline } from './outline.ts';

const NAME_CHARS = 48;
/** Names that branches get by themselves. */
const OF_BRANCHES = /^(main|branch-\d+)$/;

const headRow = z.object({ name: z.string(), op: z.string() });
const nameRow = z.object({ name: z.string() });

/** The newest bookmark of ?2 in conversation ?1. */
const BOOKMARK_AT = `SELECT ref.name, lower(hex(op.hash)) AS op FROM conv JOIN ref ON ref.conv_id = conv.id AND ref.kind = 'bookmark'
JOIN ref_head h ON h.ref_id = ref.id JOIN op ON op.id = h.op_id JOIN node n ON n.id = h.node_id
WHERE conv.uid = unhex(?1) AND n.hash = unhex(?2) ORDER BY h.op_id DESC LIMIT 1`;

function nameLike(wanted: string, taken: ReadonlySet<string>): string {
	const line = wanted.normalize('NFC').trim().split('\n', 1)[0] ?? '';
	const short = Array.from(line === '' ? 'Bookmark' : line)
		.slice(0, NAME_CHARS)
		.join('')
		.trim();
	for (let n = 1; ; n++) {
		const name = n === 1 ? short : `${short} (${n})`;
		if (!taken.has(name) && !OF_BRANCHES.test(name)) return name;
	}
}

export function createBookmarks(
	context: WorkspaceContext
): Pick<Outline, 'toggleBookmark' | 'renameBookmark'> {
	return {
		toggleBookmark: (conversation, node, wanted) =>
			commit(
				context,
				[
					{ sql: BOOKMARK_AT, params: [conversation, node] },
					// Names once used belong to their ref, even when it points nowhere any more.
					{
						sql: 'SELECT ref.name FROM ref JOIN conv ON conv.id = ref.conv_id WHERE conv.uid = unhex(?1)',
						params: [conversation]
					}
				],
				({ rows }) => {
					const [there] = (rows[0]?.rows ?? []).map((row) => headRow.parse(row));
					const taken = new Set((rows[1]?.rows ?? []).map((row) => nameRow.parse(row).name));
					const payload: MoveRef = {
						kind: 'ref',
						conversation,
						name: there?.name ?? nameLike(wanted, taken),
						refKind: 'bookmark',
						target: there ? null : node,
						seen: there ? [there.op] : []
					};
					return ok({
						payload,
						after: [
							{
								sql: `SELECT 1 AS one FROM node JOIN conv ON conv.id = node.conv_id WHERE node.hash = unhex(?1) AND conv.uid = unhex(?2)`,
								params: [node, conversation],
								expect: 1
							}
						],
						touched: { tables: ['ref'], conversations: [conversation], nodes: [node] },
						value: (op) => ({ isBookmarked: !there, op })
					});
				}
			),

		renameBookmark: (conversation, node, wanted) =>
			commit(
				context,
				[
					{ sql: BOOKMARK_AT, params: [conversation, node] },
					// A name that a bookmark has had is free again when it points nowhere.
					{
						sql: `SELECT ref.name FROM ref JOIN conv ON conv.id = ref.conv_id WHERE conv.uid = unhex(?1)
							AND (ref.kind <> 'bookmark' OR EXISTS (SELECT 1 FROM ref_head h WHERE h.ref_id = ref.id))`,
						params: [conversation]
					}
				],
				({ rows }) => {
					const [there] = (rows[0]?.rows ?? []).map((row) => headRow.parse(row));
					if (!there) return err({ code: 'conflict', message: 'This message has no bookmark any more.' });
					const taken = new Set((rows[1]?.rows ?? []).map((row) => nameRow.parse(row).name));
					taken.delete(there.name);
					const name = nameLike(wanted, taken);
					if (name === there.name)
						return err({ code: 'constraint', message: 'The bookmark is called that.' });
					const move = { kind: 'ref', conversation, refKind: 'bookmark' } as const;
					return ok({
						payload: { ...move, name, target: node, seen: [] },
						also: [{ payload: { ...move, name: there.name, target: null, seen: [there.op] } }],
						touched: { tables: ['ref'], conversations: [conversation], nodes: [node] },
						value: (op) => ({ name, op })
					});
				}
			)
	};
}
