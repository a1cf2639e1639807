import { expect, test } from 'bun:test';
import type { Timers } from '../src/timers.ts';
import { createTokenBuffer, type Piece } from '../src/token-buffer.ts';

/** A clock that is turned by hand. */
function handTurned(): { readonly timers: Timers; turnTo(ms: number): void } {
	let now = 0;
	let waiting: { readonly at: number; readonly callback: () => void }[] = [];
	return {
		timers: {
			now: () => now,
			after(ms, callback) {
				const entry = { at: now + ms, callback };
				waiting.push(entry);
				return () => {
					waiting = waiting.filter((other) => other !== entry);
				};
			}
		},
		turnTo(ms) {
			for (;;) {
				const [next] = waiting.toSorted((a, b) => a.at - b.at);
				if (!next || next.at > ms) break;
				waiting = waiting.filter((other) => other !== next);
				now = next.at;
				next.callback();
			}
			now = ms;
		}
	};
}

/** When patches came, of a text that brings so many characters every 10 ms for a second and a half. */
function patchTimes(chars: number, isHidden = false): readonly number[] {
	const { timers, turnTo } = handTurned();
	const times: number[] = [];
	let shown = '';
	const onPatch = ({ text }: Piece): void => {
		times.push(timers.now());
		shown += text;
	};
	const buffer = createTokenBuffer(timers, isHidden, onPatch, () => undefined);
	for (let at = 10; at <= 1500; at += 10) {
		turnTo(at);
		buffer.push('content', 'x'.repeat(chars));
	}
	buffer.flush();
	expect(shown).toBe('x'.repeat(chars * 150));
	return times;
}

test('the first word is shown at once, what one can read along ten times a second', () => {
	expect(patchTimes(2).slice(0, 5)).toEqual([10, 110, 210, 310, 410]);
});

test('faster text is shown five times a second, and hidden text twice', () => {
	expect(patchTimes(4).slice(1, 6)).toEqual([110, 310, 510, 710, 910]);
	expect(patchTimes(4, true).slice(1)).toEqual([510, 1010, 1500]);
});

test('half a character waits for its other half, and the end hands out everything', () => {
	const { timers, turnTo } = handTurned();
	const patches: string[] = [];
	const journal: string[] = [];
	const buffer = createTokenBuffer(
		timers,
		false,
		({ text }) => patches.push(text),
		({ text }) => journal.push(text)
	);
	buffer.push('content', 'a\ud83d');
	turnTo(50);
	expect(patches).toEqual(['a']);
	buffer.push('content', '\ude00b\ud83d');
	turnTo(200);
	expect(patches).toEqual(['a', '😀b']);
	buffer.flush();
	expect(patches.join('')).toBe('a😀b\ud83d');
	expect(journal.join('')).toBe('a😀b\ud83d');
});
