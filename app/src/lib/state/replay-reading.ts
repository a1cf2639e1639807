/** Reads what a replay is planned from: the base, and what followed on the branch it leaves. */
import type { NodeId } from '@stemma/graph/node';
import { partsToText } from '@stemma/graph/render';
import { planReplay, type ReplayPlan } from '@stemma/graph/replay-plan';
import { err, ok, type Result } from '@stemma/graph/result';
import { estimateMessageTokens } from '@stemma/graph/tokens';
import { StoreFailure, type StoreError } from '@stemma/store/port';
import type { NodeRow, PathEntry, Workspace } from '@stemma/store/workspace/workspace';

export interface ReadReplay {
	readonly base: NodeRow;
	/** The version of the base that the old branch goes through. */
	readonly replaced: NodeRow;
	/** The old branch below it, oldest first. */
	readonly following: readonly PathEntry[];
	/** Messages of the old branch beyond what is replayed at once. */
	readonly rest: number;
	readonly plan: ReplayPlan | null;
}

/** More is no conversation one would ask again in one go. */
const MOST_MESSAGES = 400;
const OLDEST_VERSIONS = 50;
const NOT_THERE: StoreError = { code: 'sql', message: 'This message is not in the database.' };

const tokensOf = (node: NodeRow): number => estimateMessageTokens(partsToText(node.body?.parts ?? []), 1);

/** @param window tokens a model reads at most */
export async function readReplay(
	workspace: Workspace,
	from: NodeId,
	window: number
): Promise<Result<ReadReplay, StoreError>> {
	const found = await workspace.node(from);
	if (!found.ok) return found;
	const base = found.value;
	if (!base) return err(NOT_THERE);
	const source = await followed(workspace, base);
	if (!source.ok) return source;
	const { node: replaced, leaf } = source.value;

	const tip = await workspace.path(leaf, { limit: 1 });
	if (!tip.ok) return tip;
	const count = tip.value.total - replaced.pos - 1;
	const end = replaced.pos + 1 + Math.min(count, MOST_MESSAGES);
	const path = await workspace.path(leaf, { limit: Math.max(1, end - replaced.pos), before: end });
	if (!path.ok) return path;
	const following = path.value.entries.filter(({ pos }) => pos > replaced.pos);

	let tokens = 0;
	try {
		walk: for await (const nodes of workspace.ancestors(base.id)) {
			for (const node of nodes) {
				tokens += tokensOf(node);
				if (tokens > window) break walk;
			}
		}
	} catch (thrown) {
		if (thrown instanceof StoreFailure) return err(thrown.error);
		throw thrown;
	}
	const plan = planReplay(
		{ id: base.id, role: base.role, replaces: replaced.id === base.id ? null : replaced.id, tokens },
		following.map((entry) => ({
			id: entry.id,
			kind: entry.kind,
			role: entry.role,
			change: entry.change,
			tokens: tokensOf(entry),
			isRedacted: entry.body === null
		}))
	);
	return ok({ base, replaced, following, rest: count - following.length, plan });
}

/** The message itself if something follows it, else the newest of its older versions that something follows. */
async function followed(
	workspace: Workspace,
	base: NodeRow
): Promise<Result<{ readonly node: NodeRow; readonly leaf: NodeId }, StoreError>> {
	let node = base;
	for (let older = 0; older < OLDEST_VERSIONS; older++) {
		const below = await workspace.leafBelow(node.id);
		if (!below.ok) return below;
		// A branch may end at a message that others go on from.
		const { leaf } = below.value;
		if (leaf !== node.id) return ok({ node, leaf });
		const children = await workspace.children(node.conversation, node.id);
		const [child] = children.ok ? children.value : [];
		if (child) {
			const through = await workspace.leafBelow(child.id);
			return through.ok ? ok({ node, leaf: through.value.leaf }) : through;
		}
		const target = node.links.find(
			({ kind }) => kind === 'edit_of' || kind === 'regen_of' || kind === 'continues'
		)?.target;
		const version = target === undefined ? null : await workspace.node(target);
		if (version?.ok === false) return version;
		if (!version?.value) break;
		node = version.value;
	}
	return ok({ node: base, leaf: base.id });
}
