/**
 * The way back to an earlier state as operations of now. It is data: it is shown, then appended as one
 * transaction, and undone as one. What has been destroyed since does not come back.
 */
import { fold, refKey, scalarKey, setKey, type FoldState } from './fold.ts';
import { canonicalJson } from './jcs.ts';
import { inKeyOrder } from './key-order.ts';
import type { AddToSet, ConversationId, HashedOp, MoveRef, Op, OpId, OpPayload, SetScalar } from './op.ts';

export interface RestorePlan {
	/**
	 * What hides conversations, then values, branches and sets, each in the order of the registers' names: these hold
	 * random ids, so their order alone would say nothing. Empty when nothing differs.
	 */
	readonly payloads: readonly OpPayload[];
	/** Conversations without any branch then: they are hidden, not emptied. */
	readonly begunSince: readonly ConversationId[];
	/** Tombstones since: their text is gone for good. */
	readonly buriedSince: number;
}

/**
 * @param ops all operations on the registers that changed since, all on the refs of a conversation when one of
 * them did, and all tombstones
 * @param wasThere whether an operation belongs to the state that is to come back
 */
export function planRestore(ops: Iterable<HashedOp>, wasThere: (op: Op) => boolean): RestorePlan {
	const all = [...ops];
	const isTombstone = ({ op }: HashedOp): boolean => op.payload.kind === 'tombstone';
	const then = fold(all.filter((hashed) => isTombstone(hashed) || wasThere(hashed.op)));
	const now = fold(all);

	const scalars = new Map<string, SetScalar>();
	const refs = new Map<string, MoveRef>();
	const sets = new Map<string, AddToSet>();
	const addsByMember = new Map<string, OpId[]>();
	for (const { id, op } of all) {
		const { payload } = op;
		if (payload.kind === 'set') scalars.set(scalarKey(payload), payload);
		else if (payload.kind === 'ref') refs.set(refKey(payload), payload);
		else if (payload.kind === 'add') {
			sets.set(setKey(payload), payload);
			const member = `${setKey(payload)}/${payload.value}`;
			addsByMember.set(member, [...(addsByMember.get(member) ?? []), id]);
		}
	}

	const branchedIn = (state: FoldState): ReadonlySet<ConversationId> =>
		new Set(
			[...state.refs.values()].flatMap(({ kind, conversation }) => (kind === 'branch' ? [conversation] : []))
		);
	const branchedThen = branchedIn(then);
	const begunSince = new Set([...branchedIn(now)].filter((id) => !branchedThen.has(id)).toSorted());

	const payloads: OpPayload[] = [];
	for (const id of begunSince) {
		const hide: SetScalar = { kind: 'set', entity: 'conversation', id, field: 'hidden', value: true };
		if (now.scalars.get(scalarKey(hide)) !== true) payloads.push(hide);
	}
	for (const [key, payload] of inKeyOrder(scalars)) {
		if (begunSince.has(payload.id)) continue;
		const value = then.scalars.get(key) ?? null;
		if (canonicalJson(value) !== canonicalJson(now.scalars.get(key) ?? null))
			payloads.push({ ...payload, value });
	}
	for (const [key, payload] of inKeyOrder(refs)) {
		if (begunSince.has(payload.conversation)) continue;
		const heads = [...(now.refs.get(key)?.heads ?? [])];
		const targets = new Set(then.refs.get(key)?.heads.values());
		const stale = heads.filter(([, target]) => !targets.has(target));
		const missing = [...targets].filter((target) => !heads.some(([, head]) => head === target)).toSorted();
		// One head each, so that each has exactly one way back.
		for (let i = 0; i < Math.max(stale.length, missing.length); i++) {
			const seen = stale[i]?.[0];
			payloads.push({ ...payload, target: missing[i] ?? null, seen: seen === undefined ? [] : [seen] });
		}
	}
	for (const [key, payload] of inKeyOrder(sets)) {
		if (payload.entity === 'conversation' && begunSince.has(payload.id)) continue;
		const before = then.sets.get(key) ?? new Set<string>();
		const after = now.sets.get(key) ?? new Set<string>();
		for (const value of [...before].filter((each) => !after.has(each)).toSorted())
			payloads.push({ ...payload, value });
		for (const value of [...after].filter((each) => !before.has(each)).toSorted()) {
			const seen = addsByMember.get(`${key}/${value}`) ?? [];
			payloads.push({ ...payload, kind: 'remove', value, seen });
		}
	}
	return {
		payloads,
		begunSince: [...begunSince],
		buriedSince: all.filter((hashed) => isTombstone(hashed) && !wasThere(hashed.op)).length
	};
}
