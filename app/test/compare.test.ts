import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { compareTexts } from '../src/lib/compare/compare-texts.ts';
import { startComparer } from '../src/lib/compare/start-comparer.ts';
import { wordDiff } from '../src/lib/compare/word-diff.ts';

const words = fc
	.array(fc.constantFrom('red', 'blue', ' ', '\n', '.', 'tree', '  ', '😀'), { maxLength: 20 })
	.map((all) => all.join(''));

describe('word by word', () => {
	test('both texts can be read out of the difference, to the character', () => {
		fc.assert(
			fc.property(words, words, (before, after) => {
				const spans = wordDiff(before, after) ?? [];
				const without = (kind: string): string =>
					spans.flatMap((span) => (span.kind === kind ? [] : [span.text])).join('');
				expect(without('added')).toBe(before);
				expect(without('removed')).toBe(after);
			})
		);
	});
	test('changed words side by side are one change', () => {
		expect(wordDiff('the old brown dog ran', 'the new black dog ran')).toEqual([
			{ kind: 'same', text: 'the ' },
			{ kind: 'removed', text: 'old brown' },
			{ kind: 'added', text: 'new black' },
			{ kind: 'same', text: ' dog ran' }
		]);
	});
	test('texts with too little in common are not told word by word', () => {
		const many = (word: string): string => Array.from({ length: 900 }, (_, i) => `${word}${i}`).join(' ');
		expect(wordDiff(many('a'), many('b'))).toBeNull();
	});
});

describe('several texts', () => {
	test('are told against the base: what it has, what changed, what is new', () => {
		const request = {
			sections: [
				[
					['the same here', 'the old word'],
					['the same here', 'the new word', 'one more']
				]
			],
			base: 0
		};
		const [[same, changed, added] = []] = compareTexts(request);
		expect(same?.[1]).toEqual({ index: 0, diff: null });
		expect(changed?.[1]?.diff).toEqual([
			{ kind: 'same', text: 'the ' },
			{ kind: 'removed', text: 'old' },
			{ kind: 'added', text: 'new' },
			{ kind: 'same', text: ' word' }
		]);
		expect(added).toEqual([null, { index: 2, diff: 'new' }]);
		const told = compareTexts({ ...request, base: null }).flat(2);
		expect(told.every((cell) => cell === null || cell.diff === null)).toBe(true);
	});
	test('a text that is not there takes no part', () => {
		expect(compareTexts({ sections: [[[], ['a']], []], base: 1 })).toEqual([
			[[null, { index: 0, diff: null }]],
			[]
		]);
	});
});

/** A worker that answers when it is told to. */
function slowWorker() {
	const target = new EventTarget();
	const posted: unknown[] = [];
	const worker = Object.assign(target, {
		postMessage: (request: unknown) => posted.push(request),
		terminate: () => undefined
	}) as unknown as Worker;
	return {
		posted,
		worker,
		answer: (data: unknown) => target.dispatchEvent(new MessageEvent('message', { data })),
		crash: () => target.dispatchEvent(new Event('error'))
	};
}
const request = (base: number) => ({ sections: [], base });

describe('the newest request wins', () => {
	test('what was overtaken while it waited is never begun', async () => {
		const { posted, worker, answer } = slowWorker();
		const { compare } = startComparer(worker);
		const [first, second, third] = [compare(request(1)), compare(request(2)), compare(request(3))];
		expect(await second).toBeNull();
		answer([[]]);
		expect(await first, 'an answer that is no longer wanted').toBeNull();
		expect(posted).toEqual([request(1), request(3)]);
		answer([]);
		expect(await third).toEqual([]);
	});
	test('a crash and a close leave nobody waiting', async () => {
		const { worker, crash } = slowWorker();
		const comparer = startComparer(worker);
		const failed = comparer.compare(request(1));
		crash();
		expect(await failed).toBeNull();
		const [running, waiting] = [comparer.compare(request(2)), comparer.compare(request(3))];
		comparer.close();
		expect(await Promise.all([running, waiting])).toEqual([null, null]);
	});
});
