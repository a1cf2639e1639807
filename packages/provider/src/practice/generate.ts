/**
 * The practice model's words: plausible Markdown from a seed, no understanding at all.
 * The same request gives the same answer, so it serves to try the program and to test it.
 */

export interface PracticeAnswer {
	readonly reasoning: string;
	readonly content: string;
}

/** mulberry32: small, fast and the same everywhere. */
export function createRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** FNV-1a over UTF-16 units. */
export function seedOf(text: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	return hash >>> 0;
}

const OPENINGS = [
	'This is the practice model speaking: it strings sentences together and understands nothing.',
	'A practice answer, made on this page without any network or knowledge.',
	'The practice model has no idea what you mean, but it can show how an answer looks.'
];
const SUBJECTS = [
	'A branch',
	'The first version',
	'An edited question',
	'Every answer',
	'A second opinion',
	'The path'
];
const VERBS = ['keeps', 'shows', 'carries', 'leaves behind', 'makes visible', 'leads back to'];
const OBJECTS = [
	'what was said before it',
	'the words you left',
	'a trace in the margin',
	'its own history',
	'the point where the text forks',
	'more than the last message'
];
const TAILS = [
	'and nothing is written over',
	'whichever way you turn',
	'until you come back to it',
	'even when two tabs are open',
	'which is the point of a graph',
	'so that comparing costs one key'
];
const CODE = [
	[
		'ts',
		'function ancestors(node: Node): Node[] {\n\tconst path = [node];\n\twhile (path[0].parent) path.unshift(path[0].parent);\n\treturn path;\n}'
	],
	[
		'python',
		'def leaves(tree):\n    if not tree.children:\n        yield tree\n    for child in tree.children:\n        yield from leaves(child)'
	],
	[
		'sql',
		'WITH RECURSIVE path(id) AS (\n  SELECT 42\n  UNION ALL\n  SELECT parent_id FROM node JOIN path USING (id)\n)\nSELECT * FROM path;'
	]
] as const;
const MATHS = ['$e^{i\\pi} + 1 = 0$', '$\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}$', '$2^{10} = 1024$'];

export function generateAnswer(prompt: string, seed: number): PracticeAnswer {
	const random = createRandom(seedOf(prompt) ^ seed);
	const pick = <T>(items: readonly T[]): T => {
		const item = items[Math.floor(random() * items.length)];
		if (item === undefined) throw new Error('nothing to pick from');
		return item;
	};
	const sentence = (): string => `${pick(SUBJECTS)} ${pick(VERBS)} ${pick(OBJECTS)}, ${pick(TAILS)}.`;
	const paragraph = (): string => Array.from({ length: 2 + Math.floor(random() * 3) }, sentence).join(' ');
	const list = (): string =>
		Array.from({ length: 3 }, () => `- **${pick(SUBJECTS)}** ${pick(VERBS)} ${pick(OBJECTS)}`).join('\n');
	const code = (): string => {
		const [language, text] = pick(CODE);
		return `\`\`\`${language}\n${text}\n\`\`\``;
	};
	const table = (): string =>
		[
			'| Part | Does |',
			'| --- | --- |',
			...Array.from({ length: 3 }, () => `| ${pick(SUBJECTS)} | ${pick(VERBS)} ${pick(OBJECTS)} |`)
		].join('\n');
	const maths = (): string => `Figures look like this: ${pick(MATHS)}.`;

	const topic = prompt.trim().split('\n', 1)[0]?.slice(0, 80) ?? '';
	const asked = prompt.toLowerCase();
	const sections = [pick(OPENINGS)];
	if (topic !== '') sections.push(`You wrote: “${topic.replace(/([\\`*_[\]<>|#$])/g, '\\$1')}”.`);
	if (asked.includes('code')) sections.push(code());
	if (asked.includes('table')) sections.push(table());
	if (asked.includes('list')) sections.push(list());
	if (asked.includes('math')) sections.push(maths());
	const blocks = asked.includes('long') ? 40 : 2 + Math.floor(random() * 3);
	for (let i = 0; i < blocks; i++)
		sections.push(pick([paragraph, paragraph, paragraph, list, code, table, maths])());
	return {
		reasoning: `The question has ${prompt.length} characters. ${sentence()} No thought was needed for this.`,
		content: sections.join('\n\n')
	};
}

/** Pieces of about a token each; joined they give the text again. */
export const toTokens = (text: string): readonly string[] => text.match(/\s*\S{1,5}|\s+$/gu) ?? [];
