/**
 * Large histories that look like real ones, the same for the same seed: many short conversations, one very
 * long chain, versions of questions and answers, a few merges. Made one by one; only the ids of the
 * conversation at hand are held in memory.
 */
import { createNode } from '@stemma/graph/hash';
import type { GraphNode, Link, NodeId, Role } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import type { Part } from '@stemma/graph/part';
import { createRandom } from '@stemma/provider/practice/generate';

export interface HistoryOptions {
	readonly seed: number;
	readonly nodes: number;
	/** Length of the one long chain; a tenth of all nodes without it. It comes first. */
	readonly longChain?: number;
	/** The long one forks and merges like the others. */
	readonly longForks?: boolean;
	/** Median characters of a message; 0 leaves a few words, for benchmarks of structure alone. */
	readonly medianChars?: number;
}

/** In the shape in which the store inserts it. */
export interface HistoryEntry {
	readonly conversation: ConversationId;
	readonly node: GraphNode;
	readonly createdAt: number;
}

const FORK_RATE = 0.12;
const MERGE_RATE = 0.01;
const FORKS_REACH_BACK = 40;
const MEDIAN_CONVERSATION = 24;
const SPREAD_OF_CONVERSATIONS = 1.1;
const SPREAD_OF_LENGTHS = 0.9;
const LONGEST_CONVERSATION = 5000;
const FIRST_MS = 1_700_000_000_000;

export function* generateHistory(options: HistoryOptions): Generator<HistoryEntry> {
	const random = createRandom(options.seed);
	const medianChars = options.medianChars ?? 420;
	const longChain = Math.min(options.nodes, options.longChain ?? Math.floor(options.nodes / 10));
	let createdAt = FIRST_MS;
	let left = options.nodes;
	for (let first = true; left > 0; first = false) {
		const isLong = first && longChain > 0;
		const drawn = Math.ceil(logNormal(random, MEDIAN_CONVERSATION, SPREAD_OF_CONVERSATIONS));
		const size = Math.min(left, isLong ? longChain : Math.min(drawn, LONGEST_CONVERSATION));
		const conversation = hex(random, 16);
		for (const node of conversationOf(random, size, isLong && options.longForks !== true, medianChars)) {
			createdAt += Math.ceil(random() * 60_000);
			yield { conversation, node, createdAt };
		}
		left -= size;
	}
}

interface Placed {
	readonly id: NodeId;
	readonly role: Role;
	readonly change: string;
	/** Index of the first parent, -1 for a root. */
	readonly parent: number;
}

function* conversationOf(
	random: () => number,
	size: number,
	isChain: boolean,
	medianChars: number
): Generator<GraphNode> {
	const placed: Placed[] = [];
	for (let i = 0; i < size; i++) {
		const latest = placed.at(-1);
		const dice = isChain ? 1 : random();
		const back = placed[placed.length - 1 - Math.floor(random() * Math.min(placed.length, FORKS_REACH_BACK))];
		let plan: Omit<Placed, 'id'> & { readonly parents: readonly NodeId[]; readonly links: readonly Link[] };
		if (latest && back && dice < FORK_RATE && back.parent >= 0) {
			// A new version of an earlier message.
			const { role, change, parent } = back;
			const kind = role === 'user' ? 'edit_of' : 'regen_of';
			plan = { role, change, parent, parents: idsOf(placed, [parent]), links: [{ kind, target: back.id }] };
		} else {
			const parent = placed.length - 1;
			const role = latest?.role === 'user' ? 'assistant' : 'user';
			const isMerge = latest && back && back !== latest && dice > 1 - MERGE_RATE && !isChain;
			const parents = isMerge ? [latest.id, back.id] : idsOf(placed, [parent]);
			plan = { role, change: hex(random, 16), parent, parents, links: [] };
		}
		const { role, change, parent, parents, links } = plan;
		const node = createNode(
			{ kind: parents.length > 1 ? 'merge' : 'message', role, parents, change, links },
			{ nonce: hex(random, 16), parts: partsFor(random, role, medianChars) }
		);
		placed.push({ id: node.id, role, change, parent });
		yield node;
	}
}

const idsOf = (placed: readonly Placed[], indexes: readonly number[]): readonly NodeId[] =>
	indexes.flatMap((index) => placed[index]?.id ?? []);

function partsFor(random: () => number, role: Role, medianChars: number): readonly Part[] {
	if (medianChars === 0) return [{ type: 'text', text: sentence(random) }];
	const wanted = logNormal(random, role === 'user' ? medianChars / 3 : medianChars, SPREAD_OF_LENGTHS);
	const blocks: string[] = [];
	for (let length = 0; length < wanted;) {
		const block = (role === 'user' ? pick(random, [paragraph, paragraph, cjk]) : pick(random, BLOCKS))(
			random
		);
		blocks.push(block);
		length += block.length;
	}
	const text: Part = { type: 'text', text: blocks.join('\n\n') };
	const thinks = role === 'assistant' && random() < 0.1;
	return thinks
		? [{ type: 'reasoning', text: paragraph(random), ms: Math.ceil(random() * 9000) }, text]
		: [text];
}

const WORDS =
	'graph branch answer question version message parent leaf merge tip path store query index model token window budget stream reply draft page commit anchor lantern harbour meadow copper violet seven river winter garden engine signal carbon letter border north quiet simple heavy early between without under every another'.split(
		' '
	);
const CJK = ['数据库', '分支', '消息', '历史', '合并', '回答', '問題', '会話', '検索', '그래프', '대화'];
const CODE = ['findLeaf', 'readPath', 'mergeHeads', 'countTokens', 'open_store', 'parse_row'];

const BLOCKS = [paragraph, paragraph, paragraph, paragraph, list, heading, code, table, cjk] as const;

function sentence(random: () => number): string {
	const words = Array.from({ length: 5 + Math.floor(random() * 12) }, () => pick(random, WORDS)).join(' ');
	return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function paragraph(random: () => number): string {
	return Array.from({ length: 1 + Math.floor(random() * 4) }, () => sentence(random)).join(' ');
}

function list(random: () => number): string {
	return Array.from(
		{ length: 3 + Math.floor(random() * 4) },
		(_, i) => `${i + 1}. **${pick(random, WORDS)}**: ${sentence(random)}`
	).join('\n');
}

function heading(random: () => number): string {
	return `## ${sentence(random)}\n\n${paragraph(random)}`;
}

function code(random: () => number): string {
	const name = pick(random, CODE);
	return `\`\`\`ts\nexport function ${name}(${pick(random, WORDS)}: string): number {\n\treturn ${Math.floor(random() * 1000)};\n}\n\`\`\``;
}

function table(random: () => number): string {
	const rows = Array.from({ length: 3 }, () => `| ${pick(random, WORDS)} | ${Math.floor(random() * 100)} |`);
	return ['| name | count |', '| --- | ---: |', ...rows].join('\n');
}

function cjk(random: () => number): string {
	return `${Array.from({ length: 6 }, () => pick(random, CJK)).join('')}。${random() < 0.2 ? ' 🌿' : ''}`;
}

function pick<T>(random: () => number, items: readonly T[]): T {
	const item = items[Math.floor(random() * items.length)];
	if (item === undefined) throw new RangeError('nothing to pick from');
	return item;
}

/** Box–Muller; the median of a log-normal distribution is e^µ. */
function logNormal(random: () => number, median: number, spread: number): number {
	const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
	return median * Math.exp(spread * normal);
}

function hex(random: () => number, bytes: number): string {
	let text = '';
	while (text.length < bytes * 2)
		text += Math.floor(random() * 2 ** 32)
			.toString(16)
			.padStart(8, '0');
	return text.slice(0, bytes * 2);
}
