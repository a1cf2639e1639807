/** Where a ref points: its heads without those that lie behind another, so a fast-forward is no conflict. */
import type { GraphIndex } from './derived.ts';

export type RefPosition =
	| { readonly kind: 'gone' }
	| { readonly kind: 'at'; readonly row: number }
	| { readonly kind: 'diverged'; readonly rows: readonly number[] };

export function refPosition(graph: GraphIndex, heads: readonly number[]): RefPosition {
	const rows = graph.maximal(heads);
	const only = rows[0];
	if (only === undefined) return { kind: 'gone' };
	return rows.length === 1 ? { kind: 'at', row: only } : { kind: 'diverged', rows };
}
