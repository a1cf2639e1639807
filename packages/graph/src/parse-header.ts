/**
 * A header that came from elsewhere, checked member by member. Unknown members are refused: they would be
 * lost on the way through a database, and with them the id.
 */
import type { Link, LinkKind, NodeHeader, NodeKind, Role } from './node.ts';
import { err, ok, type Result } from './result.ts';

const oneOf =
	<T extends string>(...known: readonly T[]) =>
	(value: unknown): value is T =>
		known.some((each) => each === value);

const isKind = oneOf<NodeKind>('message', 'summary', 'merge', 'note');
const isRole = oneOf<Role>('system', 'user', 'assistant', 'tool');
const isLinkKind = oneOf<LinkKind>(
	'edit_of',
	'regen_of',
	'continues',
	'covers_from',
	'covers_to',
	'cherry_of',
	'quotes'
);
const isMember = oneOf<keyof NodeHeader>('v', 'kind', 'role', 'parents', 'change', 'body_hash', 'links');

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
const isHex = (value: unknown, bytes: number): value is string =>
	typeof value === 'string' && value.length === bytes * 2 && /^[0-9a-f]*$/.test(value);

export interface HeaderError {
	readonly code: 'bad_header';
	/** The first member that is wrong, missing or unknown; empty when it is no object at all. */
	readonly member: string;
}

export function parseNodeHeader(value: unknown): Result<NodeHeader, HeaderError> {
	const bad = (member: string): Result<never, HeaderError> => err({ code: 'bad_header', member });
	if (!isObject(value)) return bad('');
	const { v, kind, role, parents, change, body_hash, links } = value;
	if (v !== 1) return bad('v');
	if (!isKind(kind)) return bad('kind');
	if (!isRole(role)) return bad('role');
	if (!Array.isArray(parents) || !parents.every((parent) => isHex(parent, 32))) return bad('parents');
	if (new Set(parents).size !== parents.length) return bad('parents');
	if (!isHex(change, 16)) return bad('change');
	if (!isHex(body_hash, 32)) return bad('body_hash');
	if (!Array.isArray(links) || !links.every(isLink)) return bad('links');
	const unknown = Object.keys(value).find((member) => !isMember(member));
	if (unknown !== undefined) return bad(unknown);
	return ok({ v, kind, role, parents, change, body_hash, links });
}

function isLink(value: unknown): value is Link {
	return (
		isObject(value) &&
		Object.keys(value).length === 2 &&
		isLinkKind(value['kind']) &&
		isHex(value['target'], 32)
	);
}
