/** Content addresses: SHA-256 over a domain prefix and the canonical JSON of the value. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './jcs.ts';
import type { Body, GraphNode, Link, NodeHeader, NodeId } from './node.ts';
import type { Op, OpId } from './op.ts';
import { parseNodeHeader } from './parse-header.ts';
import type { Hash } from './part.ts';

/** The prefix keeps a body from ever passing for a header, and lets the format change. */
type Domain = 'node/1' | 'body/1' | 'op/1' | 'prompt/1' | 'import/1';

export function hashOf(domain: Domain, value: unknown): Hash {
	return bytesToHex(sha256(utf8ToBytes(`${domain}\0${canonicalJson(value)}`)));
}

export const nodeId = (header: NodeHeader): NodeId => hashOf('node/1', header);
export const bodyHash = (body: Body): Hash => hashOf('body/1', body);
export const opId = (op: Op): OpId => hashOf('op/1', op);

/** By kind, then target: links are a set, and a set has one form. */
export const compareLinks = (a: Link, b: Link): number =>
	a.kind !== b.kind ? (a.kind < b.kind ? -1 : 1) : a.target < b.target ? -1 : Number(a.target > b.target);

/** A node with its id, from everything but the hashes. */
export function createNode(header: Omit<NodeHeader, 'v' | 'body_hash'>, body: Body): GraphNode {
	const links = header.links.toSorted(compareLinks);
	const full: NodeHeader = { v: 1, ...header, links, body_hash: bodyHash(body) };
	return { id: nodeId(full), header: full, body };
}

/** For values from elsewhere: one that has no canonical form matches no hash. */
export function matchesHash(domain: Domain, value: unknown, hash: Hash): boolean {
	try {
		return hashOf(domain, value) === hash;
	} catch {
		return false;
	}
}

export type NodeDefect = 'header' | 'id' | 'body';

/** What is wrong with a node that came from elsewhere, or null. A missing body is a redacted one. */
export function nodeDefect(node: GraphNode): NodeDefect | null {
	if (!parseNodeHeader(node.header).ok) return 'header';
	if (!matchesHash('node/1', node.header, node.id)) return 'id';
	if (node.body !== null && !matchesHash('body/1', node.body, node.header.body_hash)) return 'body';
	return null;
}
