/** Tags, role tags, pins, exclusions and hidden messages: what one says about messages, beside them. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId, OpId } from '@stemma/graph/op';
import { ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { Row } from '../port.ts';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import type { Outcome } from './outcome.ts';

/** Tags and roles of a message or a conversation; pins and exclusions hold message ids. */
export type MarkSet =
	| { readonly entity: 'node'; readonly id: NodeId; readonly name: 'tag' | 'role' }
	| {
			readonly entity: 'conversation';
			readonly id: ConversationId;
			readonly name: 'tag' | 'pin' | 'exclude';
	  };

export interface NodeMarks {
	readonly tags: readonly string[];
	readonly roles: readonly string[];
	readonly isHidden: boolean;
}

export interface ConversationMarks {
	readonly tags: readonly string[];
	/** In the order in which they were pinned. */
	readonly pins: readonly NodeId[];
	readonly excluded: readonly NodeId[];
}

export interface Marks {
	/** Null when it is there already. */
	mark(set: MarkSet, value: string): Outcome<OpId | null>;
	/** Null when it is not there. */
	unmark(set: MarkSet, value: string): Outcome<OpId | null>;
	/** From view only: it is still sent. */
	hideNode(node: NodeId, isHidden: boolean): Outcome<OpId>;
	/** Of those that have any. */
	nodeMarks(nodes: readonly NodeId[]): Outcome<ReadonlyMap<NodeId, NodeMarks>>;
	conversationMarks(id: ConversationId): Outcome<ConversationMarks>;
	conversationTags(): Outcome<ReadonlyMap<ConversationId, readonly string[]>>;
	/** Role tags of the messages in each conversation. */
	conversationRoles(): Outcome<ReadonlyMap<ConversationId, readonly string[]>>;
	/** All there are, most used first. */
	marksInUse(name: 'tag' | 'role'): Outcome<readonly string[]>;
}

const register = ({ entity, id, name }: MarkSet): string => `set/${entity}/${id}/${name}`;

const memberRow = z.object({ op: z.string() });
const nodeMarkRow = z.object({ node: z.string(), name: z.string(), value: z.string() });
const markRow = z.object({ name: z.string(), value: z.string() });
const tagRow = z.object({ conv: z.string(), value: z.string() });

function byConversation(rows: readonly Row[]): ReadonlyMap<ConversationId, readonly string[]> {
	const values = new Map<ConversationId, string[]>();
	for (const raw of rows) {
		const { conv, value } = tagRow.parse(raw);
		const known = values.get(conv);
		if (known) known.push(value);
		else values.set(conv, [value]);
	}
	return values;
}

export function createMarks(context: WorkspaceContext): Marks {
	const { store } = context;

	const change = async (kind: 'add' | 'remove', set: MarkSet, value: string): Outcome<OpId | null> => {
		const members = {
			sql: `SELECT lower(hex(op.hash)) AS op FROM member JOIN op ON op.id = member.op_id
				WHERE member.register = ?1 AND member.value = ?2`,
			params: [register(set), value]
		};
		// Looking first keeps the log free of what changes nothing.
		const there = await store.query(members.sql, members.params);
		if (!there.ok) return there;
		if (there.value.length > 0 === (kind === 'add')) return ok(null);
		return commit(context, [members], ({ rows }) => {
			const seen = (rows[0]?.rows ?? []).map((row: Row) => memberRow.parse(row).op);
			const payload = { ...set, value };
			return ok({
				payload: kind === 'add' ? { ...payload, kind } : { ...payload, kind, seen },
				touched: {
					tables: ['member'],
					...(set.entity === 'conversation' ? { conversations: [set.id] } : { nodes: [set.id] })
				},
				value: (id) => id
			});
		});
	};

	return {
		mark: (set, value) => change('add', set, value),
		unmark: (set, value) => change('remove', set, value),
		hideNode: (id, isHidden) =>
			commit(context, [], () =>
				ok({
					payload: { kind: 'set', entity: 'node', id, field: 'hidden', value: isHidden ? true : null },
					touched: { tables: ['scalar', 'member'], nodes: [id] },
					value: (op) => op
				})
			),
		async nodeMarks(nodes) {
			const rows = await store.query(
				`SELECT n.value AS node, s.value AS name, m.value FROM json_each(?1) n CROSS JOIN json_each('["tag","role"]') s
				CROSS JOIN member m ON m.register = 'set/node/' || n.value || '/' || s.value
				UNION
				SELECT n.value, 'hidden', '' FROM json_each(?1) n CROSS JOIN scalar ON register = 'node/' || n.value || '/hidden'
				WHERE scalar.value = 'true' ORDER BY 3`,
				[JSON.stringify(nodes)]
			);
			if (!rows.ok) return rows;
			const marks = new Map<NodeId, NodeMarks>();
			for (const raw of rows.value) {
				const { node, name, value } = nodeMarkRow.parse(raw);
				const { tags, roles, isHidden } = marks.get(node) ?? { tags: [], roles: [], isHidden: false };
				marks.set(node, {
					tags: name === 'tag' ? [...tags, value] : tags,
					roles: name === 'role' ? [...roles, value] : roles,
					isHidden: isHidden || name === 'hidden'
				});
			}
			return ok(marks);
		},
		async conversationMarks(id) {
			const rows = await store.query(
				`SELECT s.value AS name, m.value FROM json_each('["tag","pin","exclude"]') s
				CROSS JOIN member m ON m.register = 'set/conversation/' || ?1 || '/' || s.value JOIN op ON op.id = m.op_id
				GROUP BY s.value, m.value ORDER BY min(op.hlc)`,
				[id]
			);
			if (!rows.ok) return rows;
			const marks = rows.value.map((raw) => markRow.parse(raw));
			const of = (name: string): readonly string[] =>
				marks.flatMap((mark) => (mark.name === name ? [mark.value] : []));
			return ok({ tags: of('tag').toSorted(), pins: of('pin'), excluded: of('exclude') });
		},
		async conversationTags() {
			const rows = await store.query(
				`SELECT DISTINCT substr(register, 18, 32) AS conv, value FROM member
				WHERE register > 'set/conversation/' AND register < 'set/conversation0' AND register GLOB '*/tag' ORDER BY value`
			);
			return rows.ok ? ok(byConversation(rows.value)) : rows;
		},
		async conversationRoles() {
			const rows = await store.query(
				`SELECT DISTINCT lower(hex(conv.uid)) AS conv, m.value FROM member m CROSS JOIN node n ON n.hash = unhex(substr(m.register, 10, 64))
				CROSS JOIN conv ON conv.id = n.conv_id
				WHERE m.register > 'set/node/' AND m.register < 'set/node0' AND m.register GLOB '*/role' ORDER BY m.value`
			);
			return rows.ok ? ok(byConversation(rows.value)) : rows;
		},
		async marksInUse(name) {
			const rows = await store.query(
				`SELECT ?1 AS name, value FROM member WHERE register GLOB 'set/*/' || ?1 GROUP BY value ORDER BY count(*) DESC, value`,
				[name]
			);
			return rows.ok ? ok(rows.value.map((raw) => markRow.parse(raw).value)) : rows;
		}
	};
}
