/** Finds what was selected on the page in the Markdown it was made of: markup has no letters of its own to compare. */
export interface SourceRange {
	readonly from: number;
	readonly to: number;
}

const LETTER = /[\p{L}\p{N}]/u;

interface Letters {
	readonly text: string;
	/** Where each code unit of `text` stands in the source. */
	readonly at: readonly number[];
}

function letters(source: string): Letters {
	let text = '';
	const at: number[] = [];
	let index = 0;
	for (const char of source) {
		if (LETTER.test(char)) {
			for (let unit = 0; unit < char.length; unit++) at.push(index + unit);
			text += char;
		}
		index += char.length;
	}
	return { text, at };
}

/** Null when the selection's letters do not stand there in this order. */
export function locate(source: string, selected: string): SourceRange | null {
	const exact = source.indexOf(selected);
	if (selected !== '' && exact >= 0) return { from: exact, to: exact + selected.length };
	const needle = letters(selected).text;
	if (needle === '') return null;
	const hay = letters(source);
	const start = hay.text.indexOf(needle);
	const from = hay.at[start];
	const last = hay.at[start + needle.length - 1];
	return start < 0 || from === undefined || last === undefined ? null : { from, to: last + 1 };
}
