/** What columns are called where they are chosen: a number, and who wrote it. */
import type { Column } from '#lib/state/columns.ts';

export function columnNames(columns: readonly Column[]): readonly string[] {
	return columns.map(({ run, tip }, i) => {
		const author = run?.model ?? (tip?.role === 'user' ? 'You' : 'By hand');
		return `${i + 1} · ${author}`;
	});
}
