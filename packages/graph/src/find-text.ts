/** Words as a search sees them: what is indexed beside a text, what a query asks for, and where that stands. */

export interface Span {
	readonly from: number;
	readonly to: number;
}

/** A part of a query that a text must contain. */
export interface FindTerm {
	/** As typed. */
	readonly text: string;
	/** Phrases in the words of `auxWords`, all of which say the same as `text`; empty when only the text can hold it. */
	readonly aux: readonly string[];
	/** The last word may go on: "gra" finds "graph". */
	readonly isPrefix: boolean;
}

const WORD = /[\p{L}\p{N}\p{M}\p{Co}_]+/gu;
const CJK_RUN = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}]+/u;
const SEGMENT = new RegExp(`${CJK_RUN.source}|[^\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}]+`, 'gu');
const PICTURE = /\p{Extended_Pictographic}/gu;
/** Between parts of a name: find|Cut, HTTP|Server, v|2, snake|case. */
const INNER =
	/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{Nd})|(?<=\p{Nd})(?=\p{L})|_+/u;
/** Longer ones are no names: hashes, encoded data. */
const LONGEST_NAME = 64;

const partsOfName = (name: string): readonly string[] => name.split(INNER).filter((part) => part !== '');
const isCjk = (text: string): boolean => CJK_RUN.test(text);
/** A picture is no word to the tokenizer; its number is. */
const pictureWord = (picture: string): string => `u${(picture.codePointAt(0) ?? 0).toString(16)}`;

/**
 * Words inside words, in their order: parts of names, pairs of CJK characters (and each run's last one alone, so
 * that one character is found as the start of a pair), pictures as numbers. Empty for plain prose.
 */
export function auxWords(text: string): string {
	const words: string[] = [];
	for (const [word] of text.matchAll(WORD)) {
		const segments = word.match(SEGMENT) ?? [];
		for (const segment of segments) {
			if (isCjk(segment)) {
				const chars = Array.from(segment);
				words.push(...chars.map((char, i) => char + (chars[i + 1] ?? '')));
			} else {
				const parts = segment.length > LONGEST_NAME ? [] : partsOfName(segment);
				if (segments.length > 1) words.push(segment);
				if (parts.length > 1) words.push(...parts);
			}
		}
	}
	for (const [picture] of text.matchAll(PICTURE)) words.push(pictureWord(picture));
	return words.join(' ');
}

function toTerm(text: string): FindTerm {
	const words = text.match(WORD) ?? [];
	const pictures = text.match(PICTURE) ?? [];
	const hasAux = words.length === 1 || pictures.length > 0 || isCjk(text);
	const aux = words
		.flatMap((word) => word.match(SEGMENT) ?? [])
		.map((segment) => {
			if (!isCjk(segment)) return partsOfName(segment).join(' ');
			const chars = Array.from(segment);
			return chars.length === 1
				? segment
				: chars
						.slice(0, -1)
						.map((char, i) => char + (chars[i + 1] ?? ''))
						.join(' ');
		});
	return {
		text,
		aux: hasAux ? [...aux, ...pictures.map(pictureWord)].filter((phrase) => phrase !== '') : [],
		// One letter as the start of a word is nearly everything: it stands for the whole word.
		isPrefix: /[\p{L}\p{N}\p{M}]$/u.test(text) && (isCjk(text) || !/^[\p{L}\p{N}]$/u.test(text))
	};
}

/**
 * What a query asks for; nothing if it has neither letters, digits nor pictures.
 *
 * @param how `phrase`: the words next to each other, as one looks for a passage; `words`: all of them, anywhere,
 *   what stands in quotation marks in one piece
 */
export function findTerms(query: string, how: 'phrase' | 'words'): readonly FindTerm[] {
	const pieces =
		how === 'phrase'
			? [query.trim()]
			: [...query.matchAll(/"([^"]*)"?|[^\s"]+/gu)].map(([piece, quoted]) => quoted ?? piece);
	return pieces.filter((piece) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(piece)).map(toTerm);
}

const isLetter = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);

/** Where the terms stand in a text, in its order, without overlaps. Case, accents and the signs between words do not matter. */
export function occurrences(source: string, terms: readonly FindTerm[]): readonly Span[] {
	let folded = '';
	/** Where each code unit of `folded` stands in the source. */
	const at: number[] = [];
	let index = 0;
	for (const char of source) {
		const plain = char.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
		for (let unit = 0; unit < plain.length; unit++) at.push(index);
		folded += plain;
		index += char.length;
	}
	at.push(index);

	const found = terms.flatMap(({ text, isPrefix }): readonly Span[] => {
		const words =
			text
				.normalize('NFD')
				.replace(/\p{M}/gu, '')
				.toLowerCase()
				.match(/[\p{L}\p{N}]+|\p{Extended_Pictographic}/gu) ?? [];
		if (words.length === 0) return [];
		const pattern = new RegExp(words.join('[^\\p{L}\\p{N}]{1,12}'), 'gu');
		return [...folded.matchAll(pattern)]
			.map((match) => ({ from: at[match.index] ?? 0, to: at[match.index + match[0].length] ?? index }))
			.filter(({ from, to }) => {
				const goesOn = !isPrefix && isLetter(source[to - 1]) && isLetter(source[to]);
				return startsWord(source, from) && !goesOn;
			});
	});
	let end = 0;
	return found
		.toSorted((a, b) => a.from - b.from || b.to - a.to)
		.filter((span) => {
			if (span.from < end) return false;
			end = span.to;
			return true;
		});
}

/** Of a word, or of one inside it. */
function startsWord(source: string, index: number): boolean {
	const before = source.slice(Math.max(0, index - 2), index);
	const after = source.slice(index, index + 2);
	const isInside = isLetter(before.at(-1)) && isLetter(after[0]);
	return (
		!isInside ||
		isCjk(after) ||
		isCjk(before) ||
		partsOfName(before + after)
			.join('\n')
			.startsWith(`${before}\n`)
	);
}
