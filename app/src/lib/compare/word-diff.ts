/** Two texts word by word. */
import { diffWordsWithSpace } from 'diff';

export interface DiffSpan {
	readonly kind: 'same' | 'removed' | 'added';
	readonly text: string;
}

/** With more changes than this, word by word says less than the two texts do (and takes its time). */
const MOST_CHANGES = 800;

/**
 * Without what is added it is the text before, without what is removed the text after, to the character.
 *
 * @returns null when they have too little in common
 */
export function wordDiff(before: string, after: string): readonly DiffSpan[] | null {
	const changes = diffWordsWithSpace(before, after, { maxEditLength: MOST_CHANGES });
	if (!changes) return null;
	const spans: DiffSpan[] = [];
	let removed = '';
	let added = '';
	const flush = (): void => {
		if (removed !== '') spans.push({ kind: 'removed', text: removed });
		if (added !== '') spans.push({ kind: 'added', text: added });
		removed = '';
		added = '';
	};
	for (const [i, change] of changes.entries()) {
		const isBetween = i > 0 && i < changes.length - 1;
		if (change.removed) removed += change.value;
		else if (change.added) added += change.value;
		else if (isBetween && change.value.trim() === '' && removed !== '' && added !== '') {
			// A space between two changed words: they are one change to the reader.
			removed += change.value;
			added += change.value;
		} else {
			flush();
			spans.push({ kind: 'same', text: change.value });
		}
	}
	flush();
	return spans;
}
