/** Blocks of code that say how files are to be changed: a patch, or a whole file by its name. */

export type CodeEdit =
	| { readonly kind: 'patch'; readonly patch: string }
	| { readonly kind: 'file'; readonly path: string; readonly text: string };

const PATCH_LANGUAGES = ['diff', 'patch'];
const MOST_CHARS = 1_000_000;
const MOST_PATH = 400;
/** In the place of a name: the file is made, or taken away. */
const NOWHERE = '/dev/null';
/** Old name, new name, first hunk: lines within a hunk can look like either name alone. */
const HEADERS = /^--- (?<old>\S[^\t\n]*)(?<since>.*)\n\+\+\+ (?<now>\S[^\t\n]*)(?<until>.*)(?=\n@@ -)/gmu;
const NAMED = /^(?:title|file|filename|path)=(?<path>.+)$/u;
/** A first line that is a comment with nothing but a path in it. */
const COMMENT = /^(?:\/\/|#|--|;|\/\*|<!--)\s*(?<path>[\w@.+\-/]+\/[\w@.+-]+\.\w+)\s*(?:\*\/|-->)?$/u;
const NAME_ONLY = /^(?:[\w@.+-]+\/)*[\w@+-]*\.?[\w@+-]+\.\w+$/u;

/** @param info all that stands behind the fence, the language first */
export function codeEditOf(text: string, info: string): CodeEdit | null {
	if (text.length > MOST_CHARS) return null;
	const words = info.split(/\s+/u).filter((word) => word !== '');
	const language = words[0]?.toLowerCase() ?? '';
	if (PATCH_LANGUAGES.includes(language) || text.startsWith('diff --git ') || text.startsWith('--- ')) {
		return text.search(HEADERS) === -1 ? null : { kind: 'patch', patch: withSides(`${text}\n`) };
	}
	const comment = COMMENT.exec(text.slice(0, text.search(/\n|$/u)))?.groups?.['path'];
	const path = words.map(pathOfWord).find((found) => found !== null) ?? comment ?? null;
	return path !== null && isWithin(path) ? { kind: 'file', path, text: `${text}\n` } : null;
}

function pathOfWord(word: string): string | null {
	const named = NAMED.exec(word)?.groups?.['path']?.replace(/^(["'])(.*)\1$/u, '$2');
	if (named !== undefined) return named;
	return NAME_ONLY.test(word) ? word : null;
}

/** Whoever applies it refuses other paths, too; they are not even offered. */
function isWithin(path: string): boolean {
	const steps = path.split('/');
	const isPlain = (step: string): boolean => step !== '' && step !== '.' && step !== '..';
	return path.length <= MOST_PATH && !/[\\:\p{Cc}]/u.test(path) && steps.every(isPlain);
}

/** Git's own `a/` and `b/` before the names, for those who leave them out. */
function withSides(patch: string): string {
	const has = (name: string | undefined, side: string): boolean =>
		name === NOWHERE || name?.startsWith(side) === true;
	const headers = [...patch.matchAll(HEADERS)].map(({ groups }) => groups ?? {});
	if (headers.every(({ old, now }) => has(old, 'a/') && has(now, 'b/'))) return patch;
	const named = (name: string, side: string): string => (name === NOWHERE ? name : side + name);
	return patch.replaceAll(
		HEADERS,
		(_, old: string, since: string, now: string, until: string) =>
			`--- ${named(old, 'a/')}${since}\n+++ ${named(now, 'b/')}${until}`
	);
}
