/** Keys while the rows of a graph have the focus. */
export const GRAPH_KEYS = [
	['↑', 'Row above'],
	['↓', 'Row below'],
	['←', 'Parent'],
	['→', 'First child'],
	['Alt+←', 'Older version'],
	['Alt+→', 'Newer version'],
	['Enter', 'Open the conversation here'],
	['F', 'Fork here'],
	['Space', 'Mark for comparing or merging'],
	['D', 'Compare with what is marked'],
	['M', 'Merge with what is marked'],
	['B', 'Bookmark, or take it away'],
	['H', 'Only what follows, or all again']
] as const;
