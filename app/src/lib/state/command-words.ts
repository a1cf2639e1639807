/** A command as one types it, and as the words a program gets. There is no shell: nothing is expanded. */
import { err, ok, type Result } from '@stemma/graph/result';

/** A quoted piece, a backslash with what it keeps, a space between words, or anything else. */
const PIECE =
	/'(?<single>[^']*)'|"(?<double>(?:\\.|[^"\\])*)"|\\(?<kept>.)|(?<space>\s+)|(?<plain>[^\s'"\\]+)|(?<rest>.)/gsu;
const PLAIN = /^[\w\-./=:,@+%]+$/u;
/** What only a shell does. */
const SHELL = /^(?:&&?|\|\|?|;|[<>]+.*|\d?>.*)$|\$[\w({]|^~|`|[*?]/u;

/** @returns the words, or a sentence for the screen */
export function splitWords(text: string): Result<readonly string[], string> {
	const words: string[] = [];
	let word: string | null = null;
	for (const { groups = {} } of text.trim().matchAll(PIECE)) {
		const { single, double, kept, space, plain, rest } = groups;
		if (rest !== undefined)
			return err(rest === '\\' ? 'The last character is missing.' : 'A quote is not closed.');
		if (space === undefined) {
			word = (word ?? '') + (single ?? double?.replaceAll(/\\(["\\])/gu, '$1') ?? kept ?? plain ?? '');
		} else if (word !== null) {
			words.push(word);
			word = null;
		}
	}
	if (word !== null) words.push(word);
	return words.length === 0 || words[0] === '' ? err('The command is empty.') : ok(words);
}

/** So that {@link splitWords} gives the same words again. */
export const joinWords = (words: readonly string[]): string =>
	words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

/** A word that looks like work for a shell, which is not there to do it. */
export const shellWord = (words: readonly string[]): string | null =>
	words.find((word) => SHELL.test(word)) ?? null;
