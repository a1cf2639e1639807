/** The operation log as people meet it: read page by page, taken back step by step, restored as a whole. */
import { inverseOf } from '@stemma/graph/inverse';
import { hlcToMs, type Deed } from '@stemma/graph/op-log';
import type { ConversationId, HashedOp, Hlc, Op, OpId, OpPayload } from '@stemma/graph/op';
import type { NodeId, Role } from '@stemma/graph/node';
import { planRestore } from '@stemma/graph/restore-plan';
import { err, ok, type Result } from '@stemma/graph/result';
import { nextToTakeBack, type HistoryEntry, type Turn } from '@stemma/graph/undo-history';
import * as z from 'zod/mini';
import type { Row, SqlValue, Statement, StoreError } from '../port.ts';
import type { WorkspaceContext } from './context.ts';
import { commit, conversationOf, OP_COLUMNS, subjectOf, toHashedOp, type Draft } from './log.ts';
import type { Outcome } from './outcome.ts';

export const FACETS = ['branch', 'name', 'tag', 'pin', 'hiding', 'removal', 'other'] as const;
export type Facet = (typeof FACETS)[number];

/** What an operation is about, by the names people know. */
export interface OperationSubject {
	readonly payload: OpPayload;
	readonly conversation: {
		readonly id: ConversationId;
		/** Its title or first line, null for one without words or purged. */
		readonly title: string | null;
		readonly isPurged: boolean;
	} | null;
	/** The message that a branch moved to, that was tagged, pinned and so on. */
	readonly node: { readonly id: NodeId; readonly role: Role; readonly firstLine: string } | null;
}

/** All that one transaction did. */
export interface OperationRow extends OperationSubject {
	readonly id: OpId;
	readonly at: number;
	readonly hlc: Hlc;
	/** Where the next page begins. */
	readonly row: number;
	readonly device: string;
	readonly isOwn: boolean;
	readonly turn: Turn;
	/** How many operations were written together. */
	readonly size: number;
	/** Set when an earlier state was restored: milliseconds. */
	readonly restoredTo: number | null;
	/** Whether it can be taken back as things are: an undo is taken back by a redo. */
	readonly canTakeBack: boolean;
	/** It destroyed something. */
	readonly isFinal: boolean;
}

export interface OperationFilter {
	readonly conversation?: ConversationId;
	readonly facet?: Facet;
	/** Only what has been taken back and not done again. */
	readonly isUndone?: boolean;
}

export interface TakenBack {
	readonly op: OpId;
	readonly turn: 'undo' | 'redo';
	/** What was done in the first place. */
	readonly done: OperationRow;
	/** Something newer rests on it, and stays. */
	readonly wasBuiltUpon: boolean;
}

/** What restoring would do: shown first, then applied. */
export interface RestorePreview {
	readonly op: OpId;
	readonly side: 'before' | 'after';
	readonly at: number;
	readonly changes: readonly OperationSubject[];
	readonly begunSince: number;
	readonly buriedSince: number;
	/** The end of the log that it was made for. */
	readonly asOf: number;
	readonly hlc: Hlc;
}

export interface Operations {
	/** Newest first; settings of the program are not in it. */
	operations(
		filter: OperationFilter,
		page: { readonly limit: number; readonly after?: Pick<OperationRow, 'hlc' | 'row'> }
	): Outcome<readonly OperationRow[]>;
	operation(id: OpId): Outcome<OperationRow | null>;
	/** Everything that was written together with an operation, itself included. */
	operationParts(id: OpId): Outcome<readonly OperationSubject[]>;
	/** Appends the inverse of all that was written together. Undoing an undo is redo. */
	undo(op: OpId): Outcome<OpId>;
	/** The same, and what became of it. `conflict` says that it is taken back already. */
	takeBack(op: OpId): Outcome<TakenBack>;
	/** What this device did last and has not undone, or undid last; null when there is nothing. */
	takeBackNext(direction: 'undo' | 'redo'): Outcome<TakenBack | null>;
	planRestore(op: OpId, side: 'before' | 'after'): Outcome<RestorePreview>;
	/** `conflict` when anything has changed since the plan was made. */
	restore(plan: RestorePreview): Outcome<OpId>;
}

const HISTORY_PAGE = 200;

/** The message an operation is about. Hex that is none becomes null. */
const SUBJECT_NODE = `unhex(CASE WHEN x.kind = 'ref' THEN x.payload ->> 'target'
	WHEN x.kind = 'tombstone' OR x.payload ->> 'entity' = 'node' THEN x.payload ->> 'id'
	WHEN x.facet = 'pin' AND x.kind <> 'set' THEN x.payload ->> 'value' END)`;

const FIRST_LINE = `(SELECT substr(ltrim(p.value ->> 'text'), 1, 160) FROM json_each(b.data) p WHERE p.value ->> 'type' = 'text' LIMIT 1)`;

/** From `conv`, `n` and `b`. */
const NAMES = `lower(hex(conv.uid)) AS conv, coalesce(conv.title, conv.preview) AS title,
	EXISTS (SELECT 1 FROM tombstone WHERE scope = 'conversation' AND uid = lower(hex(conv.uid))) AS purged,
	lower(hex(n.hash)) AS node, n.role, ${FIRST_LINE} AS line`;

/** Whether an entry (o, with what it undoes, t, and what was done in the first place, x) has been taken back. */
const TAKEN_BACK = `CASE WHEN o.undoes IS NOT NULL AND t.undoes IS NULL
	THEN EXISTS (SELECT 1 FROM op r WHERE r.undoes = o.hash AND r.lead IS NULL)
	ELSE EXISTS (SELECT 1 FROM op u WHERE u.undoes = x.hash AND u.lead IS NULL
		AND NOT EXISTS (SELECT 1 FROM op r WHERE r.undoes = u.hash AND r.lead IS NULL)) END`;

/** Nothing is left for it to act on, or it has no inverse. */
const IS_FINAL = `(x.kind = 'tombstone'
	OR EXISTS (SELECT 1 FROM tombstone WHERE scope = 'conversation' AND uid = lower(hex(conv.uid)))
	OR EXISTS (SELECT 1 FROM tombstone WHERE scope = 'node' AND x.payload ->> 'entity' = 'node' AND uid = x.payload ->> 'id'))`;

/** What an undo names that no redo has named since. */
const UNDONE_HASHES = `SELECT u.undoes FROM op u WHERE u.undoes IS NOT NULL AND u.lead IS NULL
	AND NOT EXISTS (SELECT 1 FROM op r WHERE r.undoes = u.hash AND r.lead IS NULL)`;

const UNDONE = `LEFT JOIN op t ON t.hash = o.undoes CROSS JOIN op x ON x.hash = coalesce(t.undoes, o.undoes, o.hash)
	LEFT JOIN conv ON conv.id = x.conv_id`;

const rowsOf = (page: string): string => `
SELECT o.id AS row, lower(hex(o.hash)) AS id, o.hlc, d.name AS device,
	d.uid = unhex((SELECT value FROM meta WHERE key = 'device')) AS own,
	CASE WHEN o.undoes IS NULL THEN 'do' WHEN t.undoes IS NULL THEN 'undo' ELSE 'redo' END AS turn,
	x.payload, x.restores, ${TAKEN_BACK} AS taken_back, ${IS_FINAL} AS final,
	1 + (SELECT count(*) FROM op f WHERE f.device_id = x.device_id AND f.lead = x.seq) AS size, ${NAMES}
FROM (${page}) p CROSS JOIN op o ON o.id = p.id CROSS JOIN device d ON d.id = o.device_id ${UNDONE}
LEFT JOIN node n ON n.hash = ${SUBJECT_NODE} LEFT JOIN body b ON b.id = n.body_id
ORDER BY o.hlc DESC, o.id DESC`;

const subjectRow = z.object({
	payload: z.string(),
	conv: z.nullable(z.string()),
	title: z.nullable(z.string()),
	purged: z.number(),
	node: z.nullable(z.string()),
	role: z.nullable(z.enum(['system', 'user', 'assistant', 'tool'])),
	line: z.nullable(z.string())
});
const operationRow = z.extend(subjectRow, {
	row: z.number(),
	id: z.string(),
	hlc: z.number(),
	device: z.string(),
	own: z.number(),
	turn: z.enum(['do', 'undo', 'redo']),
	restores: z.nullable(z.number()),
	taken_back: z.number(),
	final: z.number(),
	size: z.number()
});

function toSubject(raw: Row): OperationSubject {
	const { payload, conv, title, purged, node, role, line } = subjectRow.parse(raw);
	return {
		// Written from a typed payload; imports verify the hash before they insert.
		payload: JSON.parse(payload) as OpPayload,
		conversation: conv === null || conv === '' ? null : { id: conv, title, isPurged: purged === 1 },
		node:
			node === null || node === '' || role === null
				? null
				: { id: node, role, firstLine: line?.split('\n', 1)[0] ?? '' }
	};
}

function toOperationRow(raw: Row): OperationRow {
	const row = operationRow.parse(raw);
	return {
		...toSubject(raw),
		id: row.id,
		row: row.row,
		hlc: row.hlc,
		at: hlcToMs(row.hlc),
		device: row.device,
		isOwn: row.own === 1,
		turn: row.turn,
		size: row.size,
		restoredTo: row.restores === null ? null : hlcToMs(row.restores),
		canTakeBack: row.taken_back === 0 && row.final === 0,
		isFinal: row.final === 1
	};
}

/**
 * The newest of all that was said about what ?1 did or undid: done, undone, redone, undone again.
 * CROSS JOIN keeps the planner from starting at the other end, with the whole log.
 */
const LATEST = `
asked (hash) AS (
	SELECT coalesce(t.undoes, o.undoes, o.hash) FROM op a
	CROSS JOIN op o ON o.device_id = a.device_id AND o.seq = coalesce(a.lead, a.seq) LEFT JOIN op t ON t.hash = o.undoes
	WHERE a.hash = unhex(?1)
),
family (id, undoes, redoes) AS (
	SELECT op.id, NULL, NULL FROM asked CROSS JOIN op ON op.hash = asked.hash
	UNION ALL SELECT u.id, asked.hash, NULL FROM asked CROSS JOIN op u ON u.undoes = asked.hash WHERE u.lead IS NULL
	UNION ALL SELECT r.id, u.hash, asked.hash FROM asked CROSS JOIN op u ON u.undoes = asked.hash CROSS JOIN op r ON r.undoes = u.hash
		WHERE u.lead IS NULL AND r.lead IS NULL
),
latest (id, device_id, seq, undoes, redoes) AS (
	SELECT op.id, op.device_id, op.seq, family.undoes, family.redoes FROM family CROSS JOIN op ON op.id = family.id
	CROSS JOIN device ON device.id = op.device_id ORDER BY op.hlc DESC, device.uid DESC, op.seq DESC LIMIT 1
),
part (id, hash, device_id, seq, hlc, kind, register, payload, undoes) AS MATERIALIZED (
	SELECT op.id, hash, op.device_id, op.seq, hlc, kind, register, payload, op.undoes FROM latest CROSS JOIN op ON op.id = latest.id
	UNION ALL SELECT op.id, hash, op.device_id, op.seq, hlc, kind, register, payload, op.undoes FROM latest
		CROSS JOIN op ON op.device_id = latest.device_id AND op.lead = latest.seq
)`;

/** Its parts, and of their registers the operations that the inverses depend on: never more of the log. */
const TO_TAKE_BACK: readonly string[] = [
	`WITH ${LATEST} SELECT lower(hex(op.hash)) AS id, lower(hex(latest.undoes)) AS undoes, lower(hex(latest.redoes)) AS redoes
	FROM latest CROSS JOIN op ON op.id = latest.id`,
	`WITH ${LATEST} SELECT ${OP_COLUMNS}, lower(hex(t.undoes)) AS redoes, CASE o.kind
		WHEN 'set' THEN EXISTS (SELECT 1 FROM scalar s WHERE s.register = o.register AND s.value <> o.payload -> 'value')
		WHEN 'add' THEN NOT EXISTS (SELECT 1 FROM member m WHERE m.register = o.register AND m.value = o.payload ->> 'value')
		WHEN 'ref' THEN o.payload ->> 'target' IS NOT NULL AND NOT EXISTS (
			SELECT 1 FROM ref CROSS JOIN ref_head h ON h.ref_id = ref.id CROSS JOIN node ON node.id = h.node_id
			WHERE ref.conv_id = o.conv_id AND ref.name = o.payload ->> 'name' AND node.hash = unhex(o.payload ->> 'target'))
		ELSE 0 END AS superseded,
		EXISTS (SELECT 1 FROM tombstone WHERE (scope = 'conversation' AND uid = lower(hex(conv.uid)))
			OR (scope = 'node' AND o.payload ->> 'entity' = 'node' AND uid = o.payload ->> 'id')) AS buried
	FROM part CROSS JOIN op o ON o.id = part.id CROSS JOIN device d ON d.id = o.device_id LEFT JOIN op t ON t.hash = o.undoes
	LEFT JOIN conv ON conv.id = o.conv_id ORDER BY o.seq`,
	`WITH ${LATEST} SELECT ${OP_COLUMNS} FROM (
		SELECT op.id FROM part CROSS JOIN json_each(part.payload, '$.seen') s CROSS JOIN op ON op.hash = unhex(s.value) WHERE part.kind IN ('ref', 'remove')
		UNION SELECT h.op_id FROM part CROSS JOIN op m ON m.id = part.id CROSS JOIN ref ON ref.conv_id = m.conv_id AND ref.name = m.payload ->> 'name'
			CROSS JOIN ref_head h ON h.ref_id = ref.id WHERE part.kind = 'ref'
		UNION SELECT m.op_id FROM part CROSS JOIN member m ON m.register = part.register AND m.value = part.payload ->> 'value' WHERE part.kind = 'add'
		UNION SELECT r.id FROM part CROSS JOIN op r ON r.register = part.register AND r.kind = 'remove' AND r.hlc <= part.hlc
			WHERE part.kind = 'remove' AND r.payload ->> 'value' = part.payload ->> 'value' AND r.id <> part.id
		UNION SELECT (SELECT p.id FROM op p CROSS JOIN device pd ON pd.id = p.device_id CROSS JOIN device me ON me.id = part.device_id
			WHERE p.register = part.register AND p.hlc <= part.hlc AND (p.hlc, pd.uid, p.seq) < (part.hlc, me.uid, part.seq)
			ORDER BY p.hlc DESC, pd.uid DESC, p.seq DESC LIMIT 1) FROM part WHERE part.kind = 'set'
	) needed CROSS JOIN op o ON o.id = needed.id CROSS JOIN device d ON d.id = o.device_id`
];

const latestRow = z.object({
	id: z.string(),
	undoes: z.nullable(z.string()),
	redoes: z.nullable(z.string())
});
const partRow = z.object({
	hash: z.string(),
	redoes: z.nullable(z.string()),
	superseded: z.number(),
	buried: z.number()
});
const historyRow = z.extend(latestRow, { final: z.number(), seq: z.number() });
const orNull = (hex: string | null): string | null => (hex === '' ? null : hex);
const toEntry = ({ id, undoes, redoes }: z.infer<typeof latestRow>) => ({
	id,
	undoes: orNull(undoes),
	redoes: orNull(redoes)
});

const END_OF_LOG: Statement = {
	sql: `SELECT coalesce((SELECT id FROM op WHERE facet <> 'setting' ORDER BY id DESC LIMIT 1), 0) AS id`
};
const endRow = z.object({ id: z.number() });
const pointRow = z.object({ hlc: z.number(), device: z.string(), seq: z.number() });

/** What a screen must read again after such operations. */
function touchedBy(payloads: readonly OpPayload[]): Draft<unknown>['touched'] {
	const conversations = new Set(payloads.flatMap((payload) => conversationOf(payload) ?? []));
	const nodes = new Set(payloads.flatMap((payload) => subjectOf(payload) ?? []));
	return {
		tables: ['conv', 'ref', 'scalar', 'member', 'setting'],
		conversations: [...conversations],
		nodes: [...nodes]
	};
}

export function createOperations(context: WorkspaceContext): Operations {
	const { store } = context;

	const find = async (id: OpId): Outcome<OperationRow | null> => {
		const rows = await store.query(rowsOf('SELECT id FROM op WHERE hash = unhex(?1)'), [id]);
		if (!rows.ok) return rows;
		return ok(rows.value[0] ? toOperationRow(rows.value[0]) : null);
	};

	const takeBack = async (op: OpId): Outcome<TakenBack> => {
		const asked = await find(op);
		if (!asked.ok) return asked;
		if (!asked.value) return err({ code: 'sql', message: 'There is no such operation.' });
		const isRedo = asked.value.turn === 'undo';
		const reads = TO_TAKE_BACK.map((sql) => ({ sql, params: [op] }));
		const written = await commit(
			context,
			reads,
			({ rows }): Result<Draft<Omit<TakenBack, 'done'>>, StoreError> => {
				const [latest, parts = [], needed = []] = rows.map((result) => result.rows);
				const entry = toEntry(latestRow.parse(latest?.[0]));
				if ((entry.undoes !== null && entry.redoes === null) !== isRedo)
					return err({ code: 'conflict', message: `This is ${isRedo ? 'redone' : 'undone'} already.` });
				const known = parts.map((raw) => ({ hashed: toHashedOp(raw), ...partRow.parse(raw) }));
				if (known.some(({ hashed }) => hashed.op.payload.kind === 'tombstone'))
					return err({ code: 'constraint', message: 'What was destroyed cannot be brought back.' });
				if (known.some(({ buried }) => buried === 1))
					return err({ code: 'constraint', message: 'What this was about has been purged since.' });
				const others = needed.map(toHashedOp);
				const deeds = known.flatMap(({ hashed, redoes }): Deed[] => {
					const inverse = inverseOf(hashed.id, [hashed, ...others]);
					if (!inverse.ok) throw new Error(`no inverse of ${hashed.op.payload.kind}`);
					// What was redone is undone by its first name: names make no chains.
					const undoes = orNull(redoes) ?? hashed.id;
					return inverse.value.map((payload) => ({ payload, undoes }));
				});
				const [first, ...also] = deeds;
				if (!first) throw new Error('an operation without parts');
				return ok({
					...first,
					also,
					touched: touchedBy(deeds.map(({ payload }) => payload)),
					value: (id) => ({
						op: id,
						turn: isRedo ? 'redo' : 'undo',
						wasBuiltUpon: known.some(({ superseded }) => superseded === 1)
					})
				});
			}
		);
		if (!written.ok) return written;
		return ok({ ...written.value, done: asked.value });
	};

	/** Operations in reach of a change of state after a point, without the program's settings. */
	const changedSince = async (
		at: z.infer<typeof pointRow>,
		side: 'before' | 'after'
	): Promise<Result<{ ops: readonly HashedOp[]; wasThere: (op: Op) => boolean }, StoreError>> => {
		const rows = await store.query(
			`WITH late AS (SELECT register, kind, conv_id FROM op WHERE hlc >= ?1 AND facet <> 'setting')
			SELECT ${OP_COLUMNS} FROM op o JOIN device d ON d.id = o.device_id
			WHERE o.register IN (SELECT register FROM late) OR o.kind = 'tombstone'
				OR (o.kind = 'ref' AND o.conv_id IN (SELECT conv_id FROM late WHERE kind = 'ref'))`,
			[at.hlc]
		);
		if (!rows.ok) return rows;
		const wasThere = ({ hlc, device, seq }: Op): boolean => {
			if (hlc !== at.hlc) return hlc < at.hlc;
			if (device !== at.device) return device < at.device;
			return side === 'after' ? seq <= at.seq : seq < at.seq;
		};
		return ok({ ops: rows.value.map(toHashedOp), wasThere });
	};

	const name = async (payloads: readonly OpPayload[]): Outcome<readonly OperationSubject[]> => {
		const rows = await store.query(
			`WITH x AS (SELECT p.key AS ord, p.value AS payload, p.value ->> 'kind' AS kind,
				CASE WHEN p.value ->> 'name' IN ('pin', 'exclude') THEN 'pin' END AS facet FROM json_each(?1) p)
			SELECT x.payload, ${NAMES} FROM x LEFT JOIN node n ON n.hash = ${SUBJECT_NODE} LEFT JOIN body b ON b.id = n.body_id
			LEFT JOIN conv ON conv.id = coalesce(
				(SELECT id FROM conv WHERE uid = unhex(coalesce(x.payload ->> 'conversation', x.payload ->> 'id'))), n.conv_id)
			ORDER BY x.ord`,
			[JSON.stringify(payloads)]
		);
		return rows.ok ? ok(rows.value.map(toSubject)) : rows;
	};

	return {
		async operations({ conversation, facet, isUndone = false }, { limit, after }) {
			const params: SqlValue[] = [limit];
			const where: string[] = [];
			const bind = (value: SqlValue): string => `?${params.push(value)}`;
			if (conversation !== undefined)
				where.push(`conv_id = (SELECT id FROM conv WHERE uid = unhex(${bind(conversation)}))`);
			where.push(facet === undefined ? `facet <> 'setting'` : `facet = ${bind(facet)}`);
			if (isUndone) where.push(`undoes IS NULL AND hash IN (${UNDONE_HASHES})`);
			if (after) where.push(`(hlc, id) < (${bind(after.hlc)}, ${bind(after.row)})`);
			const rows = await store.query(
				rowsOf(
					`SELECT id FROM op WHERE lead IS NULL AND ${where.join(' AND ')} ORDER BY hlc DESC, id DESC LIMIT ?1`
				),
				params
			);
			return rows.ok ? ok(rows.value.map(toOperationRow)) : rows;
		},
		operation: find,
		async operationParts(id) {
			const rows = await store.query(
				`SELECT x.payload, ${NAMES} FROM op a CROSS JOIN op x ON x.device_id = a.device_id AND x.id IN (
					SELECT a.id UNION ALL SELECT f.id FROM op f WHERE f.device_id = a.device_id AND f.lead = a.seq)
				LEFT JOIN conv ON conv.id = x.conv_id LEFT JOIN node n ON n.hash = ${SUBJECT_NODE} LEFT JOIN body b ON b.id = n.body_id
				WHERE a.hash = unhex(?1) ORDER BY x.seq`,
				[id]
			);
			return rows.ok ? ok(rows.value.map(toSubject)) : rows;
		},
		takeBack,
		async undo(op) {
			const taken = await takeBack(op);
			return taken.ok ? ok(taken.value.op) : taken;
		},
		async takeBackNext(direction) {
			const entries: HistoryEntry[] = [];
			for (let before = Number.MAX_SAFE_INTEGER; ;) {
				const rows = await store.query(
					`SELECT lower(hex(o.hash)) AS id, lower(hex(o.undoes)) AS undoes, lower(hex(t.undoes)) AS redoes, o.seq, ${IS_FINAL} AS final
					FROM op o ${UNDONE}
					WHERE o.device_id = (SELECT id FROM device WHERE uid = unhex((SELECT value FROM meta WHERE key = 'device')))
						AND o.seq < ?1 AND o.lead IS NULL AND o.facet <> 'setting' ORDER BY o.seq DESC LIMIT ?2`,
					[before, HISTORY_PAGE]
				);
				if (!rows.ok) return rows;
				const page = rows.value.map((raw) => historyRow.parse(raw));
				entries.push(...page.map((row) => ({ ...toEntry(row), isFinal: row.final === 1 })));
				const next = nextToTakeBack(entries, direction);
				if (next !== null) return takeBack(next);
				const last = page.at(-1);
				if (!last || page.length < HISTORY_PAGE) return ok(null);
				before = last.seq;
			}
		},
		async planRestore(op, side) {
			// A transaction is before or after as a whole.
			const read = await store.batch([
				END_OF_LOG,
				{
					sql: `SELECT o.hlc, lower(hex(d.uid)) AS device, o.seq FROM op a CROSS JOIN op o ON o.id IN (
							SELECT a.id UNION ALL SELECT f.id FROM op f WHERE f.device_id = a.device_id AND f.lead = a.seq) CROSS JOIN device d ON d.id = o.device_id
						WHERE a.hash = unhex(?1) ORDER BY o.seq ${side === 'after' ? 'DESC' : 'ASC'} LIMIT 1`,
					params: [op]
				}
			]);
			if (!read.ok) return read;
			const end = endRow.parse(read.value[0]?.rows[0]);
			const at = pointRow.safeParse(read.value[1]?.rows[0]);
			if (!at.success) return err({ code: 'sql', message: 'There is no such operation.' });
			const changed = await changedSince(at.data, side);
			if (!changed.ok) return changed;
			const plan = planRestore(changed.value.ops, changed.value.wasThere);
			const changes = await name(plan.payloads);
			if (!changes.ok) return changes;
			return ok({
				op,
				side,
				at: hlcToMs(at.data.hlc),
				hlc: at.data.hlc,
				changes: changes.value,
				begunSince: plan.begunSince.length,
				buriedSince: plan.buriedSince,
				asOf: end.id
			});
		},
		restore: ({ changes, asOf, hlc }) =>
			commit(context, [END_OF_LOG], ({ rows }) => {
				if (endRow.parse(rows[0]?.rows[0]).id !== asOf)
					return err({ code: 'conflict', message: 'Something has changed since: look at the plan again.' });
				const payloads = changes.map(({ payload }) => payload);
				const [first, ...rest] = payloads;
				if (!first) return err({ code: 'constraint', message: 'There is nothing to restore.' });
				return ok({
					payload: first,
					restores: hlc,
					also: rest.map((payload) => ({ payload })),
					touched: touchedBy(payloads),
					value: (id) => id
				});
			})
	};
}
