/** A tag as it is stored: one spelling for what looks the same. Unlike what was said, names are normalised. */
const MOST_CHARS = 60;

/** Null when nothing is left. A leading # is how people write tags, not part of one. */
export function tagName(text: string): string | null {
	const name = Array.from(
		text.toWellFormed().normalize('NFC').replace(/\s+/gu, ' ').trim().replace(/^#\s*/u, '')
	)
		.slice(0, MOST_CHARS)
		.join('')
		.trim();
	return name === '' ? null : name;
}
