/** Code to coloured pieces. Each grammar is a chunk of its own, loaded when first met. */
import type { Parser } from '@lezer/common';

export interface CodePiece {
	readonly text: string;
	readonly classes: string;
}

const MAX_CHARS = 50_000;

type Load = () => Promise<Parser>;
const js =
	(dialect: string): Load =>
	async () =>
		(await import('@lezer/javascript')).parser.configure({ dialect });
const json: Load = async () => (await import('@lezer/json')).parser;
const python: Load = async () => (await import('@lezer/python')).parser;
const rust: Load = async () => (await import('@lezer/rust')).parser;
const cpp: Load = async () => (await import('@lezer/cpp')).parser;
const java: Load = async () => (await import('@lezer/java')).parser;
const go: Load = async () => (await import('@lezer/go')).parser;
const css: Load = async () => (await import('@lezer/css')).parser;
const html: Load = async () => (await import('@lezer/html')).parser;
const xml: Load = async () => (await import('@lezer/xml')).parser;
const yaml: Load = async () => (await import('@lezer/yaml')).parser;
const php: Load = async () => (await import('@lezer/php')).parser;
const markdown: Load = async () => (await import('@lezer/markdown')).parser;

const loaders: Readonly<Record<string, Load>> = {
	js: js('jsx'),
	javascript: js('jsx'),
	jsx: js('jsx'),
	ts: js('ts'),
	typescript: js('ts'),
	tsx: js('ts jsx'),
	json,
	jsonc: json,
	py: python,
	python,
	rs: rust,
	rust,
	c: cpp,
	h: cpp,
	cpp,
	'c++': cpp,
	java,
	kotlin: java,
	go,
	golang: go,
	css,
	scss: css,
	html,
	svelte: html,
	vue: html,
	xml,
	svg: xml,
	yaml,
	yml: yaml,
	php,
	md: markdown,
	markdown
};

/** Null for a language without a grammar, or code too long to be worth it. */
export async function highlight(code: string, language: string): Promise<readonly CodePiece[] | null> {
	const name = language.toLowerCase();
	const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
	if (!load || code.length > MAX_CHARS) return null;
	const [parser, { classHighlighter, highlightCode }] = await Promise.all([
		load(),
		import('@lezer/highlight')
	]);
	const pieces: CodePiece[] = [];
	highlightCode(
		code,
		parser.parse(code),
		classHighlighter,
		(text, classes) => pieces.push({ text, classes }),
		() => pieces.push({ text: '\n', classes: '' })
	);
	return pieces;
}
