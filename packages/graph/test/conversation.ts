/** Short conversations for prompt tests, written one message per line. */
import type { ContextNode, ContextOptions } from '../src/context.ts';
import type { NodeKind, Role } from '../src/node.ts';
import type { Part } from '../src/part.ts';

/** Ids are the name, padded: readable in failures. */
export const idOf = (name: string): string => name.padEnd(64, '0');

export interface Said {
	readonly name: string;
	readonly role: Role;
	readonly parts: readonly Part[] | null;
	readonly kind?: NodeKind;
}

export const say = (name: string, role: Role, text: string): Said => ({
	name,
	role,
	parts: [{ type: 'text', text }]
});

/** Oldest first. */
export function path(...said: readonly Said[]): readonly ContextNode[] {
	return said.map(({ name, role, parts, kind = 'message' }, pos) => ({
		id: idOf(name),
		kind,
		role,
		pos,
		body: parts && { nonce: '00'.repeat(16), parts }
	}));
}

export function options(given: Partial<ContextOptions> = {}): ContextOptions {
	return {
		instructions: [],
		fixed: [],
		volatile: [],
		excluded: new Set(),
		budget: null,
		factor: 1,
		...given
	};
}
