/** Reads where the words of a message come from: the messages they may come from, then what the graph says of them. */
import { blame, blameSources, type BlameNode } from '@stemma/graph/blame';
import type { NodeId, Role } from '@stemma/graph/node';
import { partsToText } from '@stemma/graph/render';
import { err, ok, type Result } from '@stemma/graph/result';
import type { StoreError } from '@stemma/store/port';
import type { NodeRow, Workspace } from '@stemma/store/workspace/workspace';

export interface Origin {
	readonly node: NodeId;
	/** Null when the message is not there. */
	readonly role: Role | null;
	readonly createdAt: number;
	readonly model: string | null;
	/** Its place among the versions under its parent, from 1. */
	readonly version: number;
	readonly versions: number;
	readonly branch: string | null;
	/** What it answers. */
	readonly prompt: { readonly node: NodeId; readonly line: string } | null;
	/** Older words cannot be followed further: the message they came from is redacted or not there. */
	readonly isCut: boolean;
	/** Of all characters asked about, 0–1. */
	readonly share: number;
}

export interface Provenance {
	readonly pieces: readonly { readonly text: string; readonly origin: number }[];
	readonly origins: readonly Origin[];
	/** The message itself has no text any more. */
	readonly isRedacted: boolean;
}

/** Further back nobody looks; what lies there counts as not there. */
const MOST_NODES = 300;

const toBlameNode = ({ id, kind, parents, links, body }: NodeRow): BlameNode => ({
	id,
	kind,
	parents,
	links,
	parts: body?.parts ?? null
});

/** @param range characters of the message's text; all of it without one */
export async function readProvenance(
	workspace: Workspace,
	id: NodeId,
	range: { readonly from: number; readonly to: number } | null
): Promise<Result<Provenance, StoreError>> {
	const nodes = new Map<NodeId, BlameNode>();
	const pending: NodeId[] = [id];
	for (let next = pending.shift(); next !== undefined && nodes.size < MOST_NODES; next = pending.shift()) {
		if (nodes.has(next)) continue;
		const row = await workspace.node(next);
		if (!row.ok) return row;
		if (!row.value) continue;
		const node = toBlameNode(row.value);
		nodes.set(next, node);
		pending.push(...blameSources(node));
	}
	const node = nodes.get(id);
	if (!node) return err({ code: 'sql', message: 'This message is not in the database.' });
	const text = partsToText(node.parts ?? []);
	const { from, to } = range ?? { from: 0, to: text.length };
	const pieces = blame(id, (known) => nodes.get(known) ?? null).flatMap((piece) => {
		const start = Math.max(from, piece.from);
		const end = Math.min(to, piece.to);
		return start < end ? [{ ...piece, from: start, to: end }] : [];
	});
	const keys = [...new Set(pieces.map(({ origin }) => origin))];
	const origins: Origin[] = [];
	for (const origin of keys) {
		const own = pieces.filter((piece) => piece.origin === origin);
		const chars = own.reduce((sum, piece) => sum + piece.to - piece.from, 0);
		origins.push({
			...(await readOrigin(workspace, origin)),
			isCut: own.some(({ isCut }) => isCut),
			share: to > from ? chars / (to - from) : 0
		});
	}
	return ok({
		pieces: pieces.map((piece) => ({
			text: text.slice(piece.from, piece.to),
			origin: keys.indexOf(piece.origin)
		})),
		origins,
		isRedacted: node.parts === null
	});
}

async function readOrigin(workspace: Workspace, node: NodeId): Promise<Omit<Origin, 'isCut' | 'share'>> {
	const path = await workspace.path(node, { limit: 2 });
	const entry = path.ok ? path.value.entries.at(-1) : undefined;
	const before = path.ok && path.value.entries.length > 1 ? path.value.entries[0] : undefined;
	const below = entry ? await workspace.leafBelow(node) : null;
	const line =
		partsToText(before?.body?.parts ?? [])
			.trim()
			.split('\n', 1)[0] ?? '';
	return {
		node,
		role: entry?.role ?? null,
		createdAt: entry?.createdAt ?? 0,
		model: entry?.run?.attempts.at(-1)?.servedModel ?? entry?.run?.model ?? null,
		version: (entry?.versions.indexOf(node) ?? 0) + 1,
		versions: entry?.versions.length ?? 1,
		branch: below?.ok === true ? below.value.ref : null,
		prompt: before ? { node: before.id, line: line === '' ? 'Without text' : line } : null
	};
}
