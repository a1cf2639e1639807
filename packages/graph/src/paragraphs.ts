/** Where the paragraphs of a text are: what is aligned, compared and taken over one by one. */

export interface Span {
	readonly from: number;
	readonly to: number;
}

const FENCE = /^[ \t]*(`{3,}|~{3,})/;

/**
 * Blank lines divide, except inside a fence of code and before an indented line, which goes on with the item
 * above it. Spans are in order, never empty, and leave out nothing but blank lines.
 */
export function splitParagraphs(text: string): readonly Span[] {
	const spans: Span[] = [];
	let open: { from: number; to: number } | null = null;
	let fence: string | null = null;
	for (const { 0: line, index } of text.matchAll(/[^\n]+/g)) {
		const content = line.trimEnd();
		if (content === '') continue;
		const isAfterBlank: boolean = open !== null && text.slice(open.to, index).split('\n').length > 2;
		const goesOn = fence !== null || !isAfterBlank || /^(?: {2}|\t)/.test(line);
		if (open === null || !goesOn) {
			open = { from: index, to: index };
			spans.push(open);
		}
		open.to = index + content.length;

		const marker = FENCE.exec(content)?.[1];
		if (fence === null) fence = marker ?? null;
		else if (marker !== undefined && closes(content, marker, fence)) fence = null;
	}
	return spans;
}

function closes(line: string, marker: string, fence: string): boolean {
	return marker[0] === fence[0] && marker.length >= fence.length && line.trim() === marker;
}
