/** Undo as an operation: what to append so that the effect of an earlier operation is taken back. */
import { refKey, scalarKey, setKey } from './fold.ts';
import { compareOps } from './op-log.ts';
import type { HashedOp, OpId, OpPayload } from './op.ts';
import { err, ok, type Result } from './result.ts';

export type InverseError =
	/** Tombstones are for ever. */
	{ readonly code: 'irreversible' } | { readonly code: 'unknown_op' };

/**
 * The payloads that together undo `target`, given the operations on the same register (more do no harm).
 * What others did to the register since stays visible for refs (both heads) and is overwritten for scalars.
 */
export function inverseOf(
	target: OpId,
	ops: Iterable<HashedOp>
): Result<readonly [OpPayload, ...OpPayload[]], InverseError> {
	const log = [...ops].sort((a, b) => compareOps(a.op, b.op));
	const index = log.findIndex((hashed) => hashed.id === target);
	const undone = log[index];
	if (!undone) return err({ code: 'unknown_op' });
	const { payload } = undone.op;
	const before = log.slice(0, index);
	/** What undo and redo have put in its place since: where it is now, as far as it is still there. */
	const standIns = (isSame: (other: OpPayload) => boolean): readonly OpId[] => {
		const others = log.filter(({ op }) => op.undoes !== undefined && isSame(op.payload));
		if (others.length === 0) return [];
		const gone = new Set(log.flatMap(({ op }) => ('seen' in op.payload ? op.payload.seen : [])));
		return others.flatMap(({ id }) => (id === target || gone.has(id) ? [] : [id]));
	};
	switch (payload.kind) {
		case 'set': {
			const previous = before.findLast(
				({ op }) => op.payload.kind === 'set' && scalarKey(op.payload) === scalarKey(payload)
			);
			const value = previous?.op.payload.kind === 'set' ? previous.op.payload.value : null;
			return ok([{ ...payload, value }]);
		}
		case 'ref': {
			const replaced = log.flatMap(({ id, op }) =>
				op.payload.kind === 'ref' &&
				op.payload.target !== null &&
				refKey(op.payload) === refKey(payload) &&
				payload.seen.includes(id)
					? [op.payload.target]
					: []
			);
			const now = standIns(
				(other) =>
					other.kind === 'ref' && refKey(other) === refKey(payload) && other.target === payload.target
			);
			// A head each, the newest first: one operation has one target.
			const [newest = null, ...others] = new Set(replaced.toReversed());
			return ok([
				{ ...payload, target: newest, seen: [undone.id, ...now] },
				...others.map((head) => ({ ...payload, target: head, seen: [] }))
			]);
		}
		case 'add':
			return ok([
				{
					...payload,
					kind: 'remove',
					seen: [
						undone.id,
						...standIns(
							(other) =>
								other.kind === 'add' && setKey(other) === setKey(payload) && other.value === payload.value
						)
					]
				}
			]);
		case 'remove': {
			const { seen: _seen, ...rest } = payload;
			const gone = new Set(before.flatMap(({ op }) => (op.payload.kind === 'remove' ? op.payload.seen : [])));
			const wasThere = before.some(
				({ id, op }) =>
					op.payload.kind === 'add' &&
					setKey(op.payload) === setKey(payload) &&
					payload.seen.includes(id) &&
					!gone.has(id)
			);
			// Taking back the removal of nothing changes nothing.
			return ok([wasThere ? { ...rest, kind: 'add' } : { ...payload, seen: [] }]);
		}
		case 'tombstone':
			return err({ code: 'irreversible' });
	}
}
