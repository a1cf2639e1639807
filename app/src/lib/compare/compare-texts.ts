/** Several texts beside each other: paragraphs aligned, and on demand word by word against one of them. */
import { alignParagraphs, alike, RELATED } from '@stemma/graph/align';
import { wordDiff, type DiffSpan } from './word-diff.ts';

export interface CompareRequest {
	/** Aligned each for itself: a section's texts, each as its paragraphs. */
	readonly sections: readonly (readonly (readonly string[])[])[];
	/** The text that the others are told against; null for no differences. */
	readonly base: number | null;
}

/** `new`: against the base, all of it is. Null where nothing is told. */
export type CellDiff = readonly DiffSpan[] | 'new' | null;

export interface ComparedCell {
	readonly index: number;
	readonly diff: CellDiff;
}

/** For every text its paragraph in this row, or null. */
export type ComparedRow = readonly (ComparedCell | null)[];

export function compareTexts({ sections, base }: CompareRequest): readonly (readonly ComparedRow[])[] {
	return sections.map((texts) =>
		alignParagraphs(texts).map((row) => {
			const baseIndex = base === null ? null : (row[base] ?? null);
			const before = base === null || baseIndex === null ? null : (texts[base]?.[baseIndex] ?? null);
			return row.map((index, column): ComparedCell | null => {
				if (index === null) return null;
				if (base === null || column === base) return { index, diff: null };
				return { index, diff: told(before, texts[column]?.[index] ?? '') };
			});
		})
	);
}

function told(before: string | null, after: string): CellDiff {
	if (before === after) return null;
	if (before === null || alike(before, after) < RELATED) return 'new';
	return wordDiff(before, after) ?? 'new';
}
