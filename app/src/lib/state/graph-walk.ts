/** Where the arrow keys lead in a graph: from the node one looks at to another that is shown. */
import { foldedRows } from '@stemma/graph/folding';
import { childRows, versionRows } from '@stemma/graph/graph-rows';
import type { NodeKey } from '@stemma/store/workspace/workspace';
import { keyOf, lineOf, type Sheet } from './graph-sheet.ts';

export type Step =
	'up' | 'down' | 'pageUp' | 'pageDown' | 'first' | 'last' | 'parent' | 'child' | 'older' | 'newer';

/** @returns the node of the line one gets to; the same one when there is nothing that way */
export function walk(sheet: Sheet, from: NodeKey, step: Step, page: number): NodeKey {
	const { rows, counts, lines } = sheet.shown;
	const line = Math.max(0, lineOf(sheet, from));
	const row = rows[line] ?? -1;
	if (row < 0) return from;
	const atLine = (to: number): NodeKey =>
		keyOf(sheet, rows[Math.max(0, Math.min(rows.length - 1, to))] ?? row);
	const atRow = (to: number | undefined): NodeKey =>
		to === undefined || to < 0 ? from : atLine(lines[to] ?? line);
	switch (step) {
		case 'up':
			return atLine(line - 1);
		case 'down':
			return atLine(line + 1);
		case 'pageUp':
			return atLine(line - page);
		case 'pageDown':
			return atLine(line + page);
		case 'first':
			return atLine(0);
		case 'last':
			return atLine(rows.length - 1);
		case 'parent': {
			const oldest = foldedRows(sheet.graph, row, counts[line] ?? 1).at(-1) ?? row;
			return atRow(sheet.graph.first[oldest]);
		}
		case 'child': {
			const children = childRows(sheet.graph, row);
			return atRow(children.find((child) => sheet.path?.[child] === 1) ?? children[0]);
		}
		case 'older':
		case 'newer': {
			const versions = versionRows(sheet.graph, row);
			return atRow(versions[versions.indexOf(row) + (step === 'older' ? -1 : 1)]);
		}
	}
}
