/** Collects a run's text: patches for the screen at a rate the eye can use, a journal that loses at most a second. */
import type { Channel } from './run-protocol.ts';
import type { Timers } from './timers.ts';

/** Ten times a second reads as a flow, and each time the whole view is laid out and drawn. */
const VISIBLE_MS = 100;
/** Text that comes ten times as fast as it can be read is only seen to grow: half as often shows that as well. */
const FAST_MS = 200;
const FAST_CHARS_PER_SECOND = 300;
const HIDDEN_MS = 500;
const JOURNAL_MS = 1000;
const JOURNAL_CHARS = 4096;

export interface Piece {
	readonly channel: Channel;
	readonly text: string;
}

export interface TokenBuffer {
	push(channel: Channel, text: string): void;
	setHidden(hidden: boolean): void;
	/** Hands out everything, whole characters or not. */
	flush(): void;
}

export function createTokenBuffer(
	timers: Timers,
	isHidden: boolean,
	onPatch: (piece: Piece) => void,
	onJournal: (piece: Piece) => void
): TokenBuffer {
	const pace = (charsPerSecond: number): number => {
		if (isHidden) return HIDDEN_MS;
		return charsPerSecond > FAST_CHARS_PER_SECOND ? FAST_MS : VISIBLE_MS;
	};
	const screen = createLane(timers, pace, Infinity, onPatch);
	const journal = createLane(timers, () => JOURNAL_MS, JOURNAL_CHARS, onJournal);
	return {
		push(channel, text) {
			screen.push(channel, text);
			journal.push(channel, text);
		},
		setHidden(hidden) {
			isHidden = hidden;
			if (!hidden) screen.drain(false);
		},
		flush() {
			screen.drain(true);
			journal.drain(true);
		}
	};
}

interface Lane {
	push(channel: Channel, text: string): void;
	drain(isLast: boolean): void;
}

function createLane(
	timers: Timers,
	/** By how fast the text came lately. */
	intervalMs: (charsPerSecond: number) => number,
	maxChars: number,
	emit: (piece: Piece) => void
): Lane {
	let pending: { channel: Channel; text: string }[] = [];
	let chars = 0;
	let stop: (() => void) | null = null;
	let lastAt = -Infinity;
	let charsPerSecond = 0;

	const drain = (isLast: boolean): void => {
		stop?.();
		stop = null;
		const pieces = pending;
		pending = [];
		if (pieces.length > 0) {
			const now = timers.now();
			charsPerSecond = (chars * 1000) / (now - lastAt);
			lastAt = now;
		}
		chars = 0;
		for (const piece of pieces) {
			// Half an emoji waits for its other half.
			const isCut = !isLast && /[\ud800-\udbff]$/.test(piece.text);
			const text = isCut ? piece.text.slice(0, -1) : piece.text;
			if (text !== '') emit({ channel: piece.channel, text });
			if (isCut) pending.push({ channel: piece.channel, text: piece.text.slice(-1) });
		}
	};

	return {
		push(channel, text) {
			const last = pending.at(-1);
			if (last?.channel === channel) last.text += text;
			else pending.push({ channel, text });
			chars += text.length;
			if (chars >= maxChars) drain(false);
			else
				stop ??= timers.after(Math.max(0, lastAt + intervalMs(charsPerSecond) - timers.now()), () => {
					stop = null;
					drain(false);
				});
		},
		drain
	};
}
