import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
	createContextBuilder,
	GO_ON,
	type BuiltContext,
	type ContextNode,
	type ContextOptions
} from '../src/context.ts';
import type { Part } from '../src/part.ts';
import { partsToText, textHashes } from '../src/render.ts';
import { idOf, options, path, say, type Said } from './conversation.ts';

function build(nodes: readonly ContextNode[], given: Partial<ContextOptions> = {}): BuiltContext {
	const builder = createContextBuilder(options(given));
	for (const node of nodes.toReversed()) if (builder.offer(node) === 'full') break;
	return builder.finish();
}

/** `user: text`, one line per message. */
const drawn = ({ messages }: BuiltContext): readonly string[] =>
	messages.map(({ role, content, tool_calls = [], tool_call_id }) =>
		[
			role,
			tool_call_id === undefined ? '' : `(${tool_call_id})`,
			`: ${content}`,
			...tool_calls.map(({ id }) => ` →${id}`)
		].join('')
	);

const leftOut = ({ receipt }: BuiltContext): readonly string[] =>
	receipt.leftOut.map(({ reason, newest, count }) => `${reason} ${newest.replace(/0+$/, '')} ${count}`);

const budgetOf = (contextTokens: number): Pick<ContextOptions, 'budget'> => ({
	budget: { contextTokens, reservedOutput: 0, margin: 0 }
});

const call = (name: string, ...ids: readonly string[]): Said => ({
	name,
	role: 'assistant',
	parts: ids.map((id) => ({ type: 'tool_call', id, name: 'look', arguments: '{}' }))
});
const result = (name: string, ...ids: readonly string[]): Said => ({
	name,
	role: 'tool',
	parts: ids.map((id) => ({ type: 'tool_result', id, text: `found ${id}` }))
});

const talk = path(say('u1', 'user', 'One?'), say('a1', 'assistant', 'One.'), say('u2', 'user', 'Two?'));
/** 'aaaa…' of 40 characters: ten tokens and four for the message. */
const long = path(
	...Array.from({ length: 100 }, (_, i) => say(`m${i}-`, i % 2 === 0 ? 'user' : 'assistant', 'a'.repeat(40)))
);

describe('order', () => {
	test('[G37] instructions, pins, system messages on the way, summaries, tail; volatile in the last question', () => {
		const nodes = path(
			say('s', 'system', 'Be brief.'),
			say('u1', 'user', 'Old?'),
			say('a1', 'assistant', 'Old.'),
			say('u2', 'user', 'My name is Ada.'),
			say('a2', 'assistant', 'Noted.'),
			say('u3', 'user', 'Who am I?')
		);
		const [, oldest, , pin] = nodes;
		const [summary] = path({ ...say('sum', 'assistant', 'They greeted.'), kind: 'summary' });
		if (!oldest || !pin || !summary) throw new Error('the path has these nodes');
		const built = build(nodes, {
			instructions: ['You are Stemma.', '', 'Project rules.'],
			fixed: [pin],
			summaries: new Map([[idOf('a1'), { node: summary, from: oldest.id }]]),
			volatile: ['Status: clean']
		});
		expect(drawn(built)).toEqual([
			'system: You are Stemma.\n\nProject rules.\n\nPinned, from the user:\nMy name is Ada.\n\nBe brief.\n\nSummary of what was said before:\nThey greeted.',
			'assistant: Noted.',
			'user: Who am I?\n\nStatus: clean'
		]);
		expect(leftOut(built)).toEqual(['summarised a1 2']);
		expect(built.receipt.messages.map(({ nodes: ids }) => ids)).toEqual([
			[idOf('u2'), idOf('s'), idOf('sum')],
			[idOf('a2')],
			[idOf('u3')]
		]);
	});

	test('[G37] what is volatile without any question becomes one', () => {
		expect(drawn(build([], { volatile: ['Status: clean'] }))).toEqual(['user: Status: clean']);
	});

	test('[G37] [G46] the front stays the same from turn to turn', () => {
		const more = path(
			...['u1', 'a1', 'u2', 'a2', 'u3'].map((name) =>
				say(name, name.startsWith('u') ? 'user' : 'assistant', name)
			)
		);
		const given = { instructions: ['Be brief.'] };
		const before = build(more.slice(0, 3), given).receipt.messages;
		const after = build(more, given).receipt.messages;
		expect(after.slice(0, before.length).map(({ prefix }) => prefix)).toEqual(
			before.map(({ prefix }) => prefix)
		);
		const other = build(more.slice(0, 3), { instructions: ['Be long.'] }).receipt.messages;
		for (const [i, { prefix }] of other.entries()) expect(prefix).not.toBe(before[i]?.prefix ?? '');
	});
});

describe('budget', () => {
	test('[G38] the newest messages that fit, and one entry for all that does not', () => {
		const built = build(long, budgetOf(5 * 14));
		expect(built.messages).toHaveLength(4);
		expect(built.receipt.tokens).toBe(4 * 14);
		expect(built.receipt.budget).toBe(70);
		expect(leftOut(built)).toEqual(['budget m94- 95', 'leading_answer m95- 1']);
	});

	test('[G38] margin and reserved output are kept free', () => {
		const built = build(long, { budget: { contextTokens: 200, reservedOutput: 60, margin: 0.1 } });
		expect(built.receipt.budget).toBe(120);
		expect(built.receipt.tokens).toBeLessThanOrEqual(120);
	});

	test('[G38] the newest message is sent, fit or not', () => {
		expect(build(long, budgetOf(1)).messages).toHaveLength(1);
	});

	test('[G38] never more than the budget, never less than possible', () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }),
				fc.integer({ min: 1, max: 2000 }),
				(sizes, window) => {
					const nodes = path(
						...sizes.map((size, i) =>
							say(`m${i}-`, i % 2 === sizes.length % 2 ? 'assistant' : 'user', 'a'.repeat(size))
						)
					);
					const costs = sizes.map((size) => 4 + Math.ceil(size / 4)).toReversed();
					let taken = 0;
					let total = 0;
					for (const cost of costs) {
						if (taken > 0 && total + cost > window) break;
						total += cost;
						taken++;
					}
					const built = build(nodes, budgetOf(window));
					const leading = leftOut(built).some((line) => line.startsWith('leading')) ? 1 : 0;
					expect(built.messages.length).toBe(taken - leading);
					if (taken > 1) expect(built.receipt.tokens).toBeLessThanOrEqual(window);
				}
			)
		);
	});

	test('[G38] nothing is taken after the window was full', () => {
		const builder = createContextBuilder(options(budgetOf(20)));
		const [first, second, third] = path(
			say('u', 'user', 'x'),
			say('big', 'assistant', 'x'.repeat(999)),
			say('v', 'user', 'y')
		);
		if (!first || !second || !third) throw new Error('three messages');
		expect([builder.offer(third), builder.offer(second), builder.offer(first)]).toEqual([
			'more',
			'full',
			'full'
		]);
		expect(drawn(builder.finish())).toEqual(['user: y']);
	});

	test('[G42] a cut history opens with a question, not with an answer or a tool result', () => {
		const nodes = path(
			say('u1', 'user', 'a'.repeat(400)),
			call('c', 'x'),
			result('r', 'x'),
			say('a1', 'assistant', 'Found.'),
			say('u2', 'user', 'So?')
		);
		const built = build(nodes, budgetOf(60));
		expect(drawn(built)).toEqual(['user: So?']);
		expect(leftOut(built)).toEqual([
			'budget u1 1',
			'leading_answer c 1',
			'leading_answer r 1',
			'leading_answer a1 1'
		]);
	});

	test('[G42] a conversation that begins with an answer keeps it', () => {
		expect(drawn(build(path(say('a', 'assistant', 'Hello.'), say('u', 'user', 'Hi.'))))).toEqual([
			'assistant: Hello.',
			'user: Hi.'
		]);
		expect(drawn(build(path(say('a', 'assistant', 'Hello.')), { cut: true }))).toEqual(['assistant: Hello.']);
	});

	test('[G43] a summary that does not fit is left out with all it covers', () => {
		const [summary] = path({ ...say('sum', 'assistant', 'a'.repeat(4000)), kind: 'summary' });
		if (!summary) throw new Error('one summary');
		const built = build(talk, {
			...budgetOf(50),
			summaries: new Map([[idOf('a1'), { node: summary, from: idOf('u1') }]])
		});
		expect(drawn(built)).toEqual(['user: Two?']);
		expect(leftOut(built)).toEqual(['budget a1 2']);
	});

	test('[G43] a redacted summary stands for nothing', () => {
		const [summary] = path({ name: 'sum', role: 'assistant', parts: null, kind: 'summary' });
		if (!summary) throw new Error('one summary');
		const built = build(talk, { summaries: new Map([[idOf('a1'), { node: summary, from: idOf('u1') }]]) });
		expect(built.messages).toHaveLength(3);
	});
});

describe('repairs', () => {
	test('[G39] neighbours of one role become one message', () => {
		const built = build(
			path(
				say('u1', 'user', 'One.'),
				say('u2', 'user', 'Two.'),
				say('a1', 'assistant', 'Yes.'),
				say('a2', 'assistant', 'No.')
			)
		);
		expect(drawn(built)).toEqual(['user: One.\n\nTwo.', 'assistant: Yes.\n\nNo.']);
		expect(built.receipt.messages[0]?.nodes).toEqual([idOf('u1'), idOf('u2')]);
	});

	test('[G40] calls and results that belong together stay, in the order of the calls', () => {
		const nodes = path(
			say('u', 'user', 'Look.'),
			call('c', 'x', 'y'),
			result('r', 'y'),
			result('s', 'x'),
			say('a', 'assistant', 'Found.')
		);
		expect(drawn(build(nodes))).toEqual([
			'user: Look.',
			'assistant:  →x →y',
			'tool(x): found x',
			'tool(y): found y',
			'assistant: Found.'
		]);
	});

	test.each<[string, readonly Said[], readonly string[], readonly string[]]>([
		[
			'a call nobody answered',
			[call('c', 'x'), say('v', 'user', 'Well?')],
			['user: Look.\n\nWell?'],
			['tool_pairing c 1']
		],
		[
			'a result nobody asked for',
			[result('r', 'x'), say('v', 'user', 'Well?')],
			['user: Look.\n\nWell?'],
			['tool_pairing r 1']
		],
		[
			'a result that comes too late',
			[call('c', 'x'), say('v', 'user', 'Well?'), result('r', 'x')],
			['user: Look.\n\nWell?'],
			['tool_pairing c 1', 'tool_pairing r 1']
		],
		[
			'one of two calls',
			[call('c', 'x', 'y'), result('r', 'x')],
			['user: Look.', 'assistant:  →x', 'tool(x): found x'],
			['tool_pairing c 1']
		],
		[
			'the same result twice',
			[call('c', 'x'), result('r', 'x'), result('s', 'x')],
			['user: Look.', 'assistant:  →x', 'tool(x): found x'],
			['tool_pairing s 1']
		],
		[
			'an id used again in the next turn',
			[call('c', 'x'), result('r', 'x'), call('d', 'x'), say('v', 'user', 'Well?')],
			['user: Look.', 'assistant:  →x', 'tool(x): found x', 'user: Well?'],
			['tool_pairing d 1']
		]
	])('[G40] %s', (_, said, expected, missing) => {
		const built = build(path(say('u', 'user', 'Look.'), ...said));
		expect(drawn(built)).toEqual([...expected]);
		expect(leftOut(built)).toEqual([...missing]);
	});

	test('[G39] [G40] whatever is stored, roles alternate and tools pair up', () => {
		const said = fc.record({
			kind: fc.constantFrom('user', 'assistant', 'system', 'call', 'result', 'both'),
			id: fc.constantFrom('x', 'y'),
			text: fc.constantFrom('', 'text')
		});
		fc.assert(
			fc.property(
				fc.array(said, { maxLength: 14 }),
				fc.option(fc.integer({ min: 1, max: 80 })),
				(all, window) => {
					const nodes = path(
						...all.map(({ kind, id, text }, i): Said => {
							const name = `m${i}-`;
							if (kind === 'call') return call(name, id);
							if (kind === 'result') return result(name, id);
							if (kind === 'both') return call(name, 'x', 'y');
							return say(name, kind, text);
						})
					);
					const { messages, receipt } = build(nodes, window === null ? {} : budgetOf(window));
					let open = new Set<string>();
					let last = '';
					for (const [i, message] of messages.entries()) {
						if (message.role === 'system') expect(i).toBe(0);
						if (message.role === 'tool') expect(open.delete(message.tool_call_id ?? '')).toBe(true);
						else {
							expect(open.size).toBe(0);
							if (message.role !== 'assistant') expect<string>(message.role).not.toBe(last);
							else if (last === 'assistant') expect(messages[i - 1]?.tool_calls).toBeDefined();
							open = new Set(message.tool_calls?.map((each) => each.id));
						}
						last = message.role;
					}
					expect(open.size).toBe(0);
					expect(receipt.messages.map(({ role }) => role)).toEqual(messages.map(({ role }) => role));
				}
			),
			{ numRuns: 500 }
		);
	});
});

describe('what is left out', () => {
	test('[G44] excluded, redacted and empty messages, neighbours in one entry', () => {
		const nodes = path(
			say('u1', 'user', 'One?'),
			say('a1', 'assistant', 'One.'),
			{ name: 'u2', role: 'user', parts: null },
			{ name: 'a2', role: 'assistant', parts: null },
			say('u3', 'user', ''),
			say('u4', 'user', 'Four?')
		);
		const built = build(nodes, { excluded: new Set([idOf('a1')]) });
		expect(drawn(built)).toEqual(['user: One?\n\nFour?']);
		expect(leftOut(built)).toEqual(['empty u3 1', 'redacted a2 2', 'excluded a1 1']);
	});

	test('[G44] ten thousand messages behind the window are one entry', () => {
		const nodes = path(
			...Array.from({ length: 10_000 }, (_, i) => say(`m${i}-`, i % 2 === 0 ? 'user' : 'assistant', 'word'))
		);
		const builder = createContextBuilder(options(budgetOf(40)));
		let offered = 0;
		for (const node of nodes.toReversed()) {
			offered++;
			if (builder.offer(node) === 'full') break;
		}
		expect(offered).toBeLessThan(12);
		const count = builder.finish().receipt.leftOut.find(({ reason }) => reason === 'budget')?.count ?? 0;
		expect(count).toBe(10_000 - offered + 1);
	});

	test('[G43] a pin is sent once, but never taken from the last place', () => {
		const [first, , last] = talk;
		if (!first || !last) throw new Error('three messages');
		expect(drawn(build(talk, { fixed: [first] }))).toEqual([
			'system: Pinned, from the user:\nOne?',
			'assistant: One.',
			'user: Two?'
		]);
		expect(drawn(build(talk, { fixed: [last] })).at(-1)).toBe('user: Two?');
	});
});

describe('text', () => {
	test('[G41] reasoning stays home, quotes and references are written out', () => {
		expect(
			partsToText([
				{ type: 'reasoning', text: 'secret' },
				{ type: 'quote', source: idOf('q'), from: 0, to: 9, text: 'one\r\ntwo\n\nthree' },
				{ type: 'text', text: 'Why?' },
				{ type: 'text', text: '' },
				{ type: 'file', hash: idOf('f'), name: 'notes.md', mime: 'text/markdown' }
			])
		).toBe('> one\n> two\n> \n> three\n\nWhy?\n\n[file: notes.md]');
	});

	test('[G41] a text that is given follows its name, in a fence it cannot end', () => {
		const file = { type: 'file' as const, hash: idOf('f'), name: 'log.md', mime: 'text/markdown' };
		expect(partsToText([file], new Map([[file.hash, 'a\n````\nb']]))).toBe(
			'[file: log.md]\n`````\na\n````\nb\n`````'
		);
	});

	test('[G41] commits and diffs are read like files, images are only named', () => {
		const mime = 'text/plain';
		const parts: readonly Part[] = [
			{ type: 'commit', hash: idOf('c'), name: '1a2b3c4 Fix it', mime },
			{ type: 'text', text: 'Why?' },
			{ type: 'diff', hash: idOf('d'), name: 'changes not committed', mime },
			{ type: 'image', hash: idOf('i'), name: 'tree.png', mime: 'image/png' },
			{ type: 'file', hash: idOf('f'), name: 'a.ts:1-2', mime }
		];
		expect(textHashes(parts)).toEqual([idOf('c'), idOf('d'), idOf('f')]);
		const texts = new Map([
			[idOf('c'), 'Fix it\n'],
			[idOf('d'), '+```\n'],
			[idOf('f'), 'a']
		]);
		expect(partsToText(parts, texts)).toBe(
			[
				'[commit: 1a2b3c4 Fix it]\n```\nFix it\n```',
				'Why?',
				'[diff: changes not committed]\n````\n+```\n````',
				'[image: tree.png]',
				'[file: a.ts:1-2]\n```\na\n```'
			].join('\n\n')
		);
	});

	test('[G35] branches are labelled', () => {
		const nodes = path(say('a', 'user', 'Left.'), say('b', 'assistant', 'Right.')).map((node, i) => ({
			...node,
			opens: [{ branch: i + 1, of: 2 }]
		}));
		expect(drawn(build(nodes))).toEqual([
			'user: [Branch 1 of 2]\nLeft.',
			'assistant: [Branch 2 of 2]\nRight.'
		]);
	});

	test('[G4] instructions cut inside an emoji do no harm', () => {
		expect(drawn(build([], { instructions: ['leaf \ud83c'], volatile: ['\udf3f'] }))).toEqual([
			'system: leaf \ufffd',
			'user: \ufffd'
		]);
	});
});

describe('going on', () => {
	const unfinished = path(say('u', 'user', 'Count.'), say('a', 'assistant', 'One, two,'));

	test('[G45] as it stands', () => {
		expect(drawn(build(unfinished, { goOn: 'prefill' })).at(-1)).toBe('assistant: One, two,');
	});

	test('[G45] with a turn that asks for it, which counts against the budget', () => {
		const built = build(unfinished, { goOn: 'ask', volatile: ['Status: clean'] });
		expect(drawn(built)).toEqual(['user: Count.', 'assistant: One, two,', `user: ${GO_ON}\n\nStatus: clean`]);
		expect(drawn(build(unfinished, { goOn: 'ask', ...budgetOf(30) }))).toEqual([
			'assistant: One, two,',
			`user: ${GO_ON}`
		]);
	});

	test('[G66] a request of its own stands last, behind an answer or with the question', () => {
		const built = build(unfinished, { request: 'Make one of these.' });
		expect(drawn(built)).toEqual(['user: Count.', 'assistant: One, two,', 'user: Make one of these.']);
		expect(drawn(build(unfinished.slice(0, 1), { request: 'Make one of these.' }))).toEqual([
			'user: Count.\n\nMake one of these.'
		]);
		expect(drawn(build([], { request: 'Make one of these.' }))).toEqual(['user: Make one of these.']);
	});
});
