/**
 * Finds what has the typed characters in their order, best first, among hundreds of thousands of paths while
 * one types. Everything is prepared once in flat arrays; a search makes nothing per candidate.
 */

export interface FuzzyMatch {
	/** Which of the texts, in the order they were added. */
	readonly index: number;
	readonly score: number;
}

const FIRST_TEXTS = 1024;
const FIRST_UNITS = 64 * FIRST_TEXTS;

const MATCH = 16;
/** For what stands right behind the one before it, or begins a word. */
const NEAR = 8;
/** All of it is in the last name of the path. */
const IN_NAME = 14;
/** The name begins like the query. */
const NAME_START = 6;
/** More than NEAR, so that pieces never score like one piece. */
const GAP = 9;
const MOST_GAP = 15;
const NO_MATCH = -1;

const SLASH = 0x2f;
const OTHER_ASCII = 28;
const NOT_ASCII = 29;

/** A bit per kind of character: what lacks one of the query's cannot match. */
function bitOf(unit: number): number {
	if (unit >= 0x61 && unit <= 0x7a) return 1 << (unit - 0x61);
	if (unit === SLASH) return 1 << 26;
	if (unit >= 0x30 && unit <= 0x39) return 1 << 27;
	return 1 << (unit < 0x80 ? OTHER_ASCII : NOT_ASCII);
}

const pairBit = (first: number, second: number): number => 1 << ((first * 7 + second * 13) & 31);

const isSeparator = (unit: number): boolean =>
	unit < 0x80 &&
	!(unit >= 0x30 && unit <= 0x39) &&
	!(unit >= 0x41 && unit <= 0x5a) &&
	!(unit >= 0x61 && unit <= 0x7a);
const isUpper = (unit: number): boolean => unit >= 0x41 && unit <= 0x5a;

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(array: T, least: number): T {
	if (array.length >= least) return array;
	const larger = new (array.constructor as new (length: number) => T)(Math.max(least, array.length * 2));
	larger.set(array);
	return larger;
}

export class FuzzyIndex {
	#count = 0;
	/** Lower-case, one text behind the other. */
	#units = new Uint16Array(FIRST_UNITS);
	/** 1 where a word begins. */
	#words = new Uint8Array(FIRST_UNITS);
	/** Where each text begins, and where the last one ends. */
	#starts = new Uint32Array(FIRST_TEXTS + 1);
	/** Where the last name of each begins. */
	#names = new Uint32Array(FIRST_TEXTS);
	#masks = new Int32Array(FIRST_TEXTS);
	/** A bit for each pair of characters that a word begins with. */
	#openings = new Int32Array(FIRST_TEXTS);

	/** What the last search found, all of it: a longer query finds nothing else among these texts. */
	#survivors = new Uint32Array(FIRST_TEXTS);
	#survived = 0;
	#searched = 0;
	#lastQuery = '';
	#query = new Uint16Array(0);
	/** The first one of the query. */
	#slash = NO_MATCH;
	/** The pair it begins with; 0 when it is too short. */
	#opening = 0;

	get count(): number {
		return this.#count;
	}

	add(text: string): void {
		const lower = text.toLowerCase();
		// Some letters become two: then the parts of names are not told by their capitals.
		const cased = lower.length === text.length ? text : lower;
		const start = this.#starts[this.#count] ?? 0;
		const end = start + lower.length;
		this.#units = grown(this.#units, end);
		this.#words = grown(this.#words, end);
		this.#starts = grown(this.#starts, this.#count + 2);
		this.#names = grown(this.#names, this.#count + 1);
		this.#masks = grown(this.#masks, this.#count + 1);
		this.#openings = grown(this.#openings, this.#count + 1);
		let mask = 0;
		let openings = 0;
		let before = SLASH;
		for (let i = 0; i < lower.length; i++) {
			const unit = lower.charCodeAt(i);
			const own = cased.charCodeAt(i);
			this.#units[start + i] = unit;
			const isStart = isSeparator(before) || (isUpper(own) && !isUpper(before));
			this.#words[start + i] = isStart ? 1 : 0;
			if (isStart) openings |= pairBit(unit, lower.charCodeAt(i + 1));
			mask |= bitOf(unit);
			before = own;
		}
		this.#starts[this.#count + 1] = end;
		// The slash at the end of a folder's name is part of it.
		this.#names[this.#count] = start + lower.lastIndexOf('/', lower.length - 2) + 1;
		this.#masks[this.#count] = mask;
		this.#openings[this.#count] = openings;
		this.#count++;
	}

	/** The best, best first; of equals the shorter one, then the one added first. */
	search(query: string, most: number): readonly FuzzyMatch[] {
		const lower = query.toLowerCase();
		if (lower === '')
			return Array.from({ length: Math.min(most, this.#count) }, (_, index) => ({ index, score: 0 }));
		this.#query = Uint16Array.from({ length: lower.length }, (_, i) => lower.charCodeAt(i));
		const isNarrower = this.#lastQuery !== '' && lower.startsWith(this.#lastQuery);
		const known = isNarrower ? this.#survived : 0;
		const unseen = isNarrower ? this.#searched : 0;
		this.#slash = this.#query.indexOf(SLASH);
		this.#opening = lower.length > 1 ? pairBit(lower.charCodeAt(0), lower.charCodeAt(1)) : 0;
		let mask = 0;
		for (const unit of this.#query) mask |= bitOf(unit);

		const best = new Best(Math.min(most, this.#count), this.#starts);
		this.#survivors = grown(this.#survivors, known + this.#count - unseen);
		const survivors = this.#survivors;
		let survived = 0;
		for (let i = 0; i < known; i++) {
			const index = survivors[i] ?? 0;
			if (((this.#masks[index] ?? 0) & mask) === mask && this.#rank(index, best))
				survivors[survived++] = index;
		}
		for (let index = unseen; index < this.#count; index++) {
			if (((this.#masks[index] ?? 0) & mask) === mask && this.#rank(index, best))
				survivors[survived++] = index;
		}
		this.#survived = survived;
		this.#searched = this.#count;
		this.#lastQuery = lower;
		return best.toMatches();
	}

	/** Whether it matches; if it does and may be among the best, it is offered with its score. */
	#rank(index: number, best: Best): boolean {
		const start = this.#starts[index] ?? 0;
		const end = this.#starts[index + 1] ?? 0;
		const name = this.#names[index] ?? start;
		let from = name;
		let bonus = this.#units[name] === this.#query[0] ? IN_NAME + NAME_START : IN_NAME;
		let ended = this.#fitsName(end) ? this.#endOf(name, end) : NO_MATCH;
		if (ended === NO_MATCH) {
			if (name === start && this.#slash === NO_MATCH) return false;
			from = start;
			bonus = 0;
			ended = this.#endOf(start, end);
			if (ended === NO_MATCH) return false;
		}
		const most = this.#query.length * (MATCH + NEAR) + bonus;
		const mayOpen = ((this.#openings[index] ?? 0) & this.#opening) === this.#opening;
		const atMost = mayOpen ? most : most - NEAR;
		// What cannot be among the best in any case is not looked at further: with short queries, almost everything.
		if (!best.mayTake(index, atMost)) return true;
		const whole = this.#wholeScore(from, end);
		if (whole !== NO_MATCH) best.take(index, whole + bonus);
		else if (best.mayTake(index, most - GAP)) best.take(index, this.#pieceScore(from, ended, end) + bonus);
		return true;
	}

	/** A name has no slash but a folder's at its end. */
	#fitsName(end: number): boolean {
		const at = this.#slash;
		return at === NO_MATCH || (at === this.#query.length - 1 && this.#units[end - 1] === SLASH);
	}

	/** Behind the first place where the query has been read in order. */
	#endOf(from: number, to: number): number {
		const query = this.#query;
		const units = this.#units;
		const { length } = query;
		let read = 0;
		let wanted = query[0];
		for (let at = from; at < to; at++) {
			if (units[at] !== wanted) continue;
			if (++read === length) return at + 1;
			wanted = query[read];
		}
		return NO_MATCH;
	}

	/** The query in one piece; at the start of a word rather than within one. */
	#wholeScore(from: number, to: number): number {
		const query = this.#query;
		const units = this.#units;
		const { length } = query;
		const first = query[0];
		const most = length * (MATCH + NEAR);
		let score = NO_MATCH;
		search: for (let at = from; at + length <= to; at++) {
			if (units[at] !== first) continue;
			for (let i = 1; i < length; i++) if (units[at + i] !== query[i]) continue search;
			if (this.#words[at] === 1) return most;
			score = most - NEAR;
		}
		return score;
	}

	/** @param ended where #endOf came to */
	#pieceScore(from: number, ended: number, to: number): number {
		return Math.max(this.#nearScore(from, ended), this.#wordScore(from, to));
	}

	/** In pieces: back from where it ended, as close together as it goes. */
	#nearScore(from: number, ended: number): number {
		const query = this.#query;
		const units = this.#units;
		let wanted = query.length - 1;
		let score = 0;
		let later = NO_MATCH;
		for (let at = ended - 1; at >= from && wanted >= 0; at--) {
			if (units[at] !== query[wanted]) continue;
			if (later !== NO_MATCH) score += this.#placeScore(later, at);
			later = at;
			wanted--;
		}
		return score + this.#placeScore(later, NO_MATCH);
	}

	/** As the beginnings of words, if it can be read so. */
	#wordScore(from: number, to: number): number {
		const query = this.#query;
		const units = this.#units;
		let score = 0;
		let before = NO_MATCH;
		for (const wanted of query) {
			let at = before === NO_MATCH ? from : before + 1;
			const goesOn = before !== NO_MATCH && at < to && units[at] === wanted;
			if (!goesOn) while (at < to && !(this.#words[at] === 1 && units[at] === wanted)) at++;
			if (at >= to) return 0;
			score += this.#placeScore(at, before);
			before = at;
		}
		return score;
	}

	#placeScore(at: number, before: number): number {
		if (before === at - 1 && before !== NO_MATCH) return MATCH + NEAR;
		const own = this.#words[at] === 1 ? MATCH + NEAR : MATCH;
		return before === NO_MATCH ? own : own - Math.min(MOST_GAP, GAP + at - before - 2);
	}
}

/** The best so far, in order. */
class Best {
	readonly #indexes: Uint32Array;
	readonly #scores: Int32Array;
	readonly #starts: Uint32Array;
	#count = 0;

	constructor(most: number, starts: Uint32Array) {
		this.#indexes = new Uint32Array(most);
		this.#scores = new Int32Array(most);
		this.#starts = starts;
	}

	mayTake(index: number, score: number): boolean {
		return this.#count < this.#indexes.length || this.#isBetter(index, score, this.#count - 1);
	}

	take(index: number, score: number): void {
		if (!this.mayTake(index, score)) return;
		let at = this.#count;
		while (at > 0 && this.#isBetter(index, score, at - 1)) at--;
		const last = Math.min(this.#count, this.#indexes.length - 1);
		this.#indexes.copyWithin(at + 1, at, last);
		this.#scores.copyWithin(at + 1, at, last);
		this.#indexes[at] = index;
		this.#scores[at] = score;
		this.#count = last + 1;
	}

	toMatches(): readonly FuzzyMatch[] {
		return Array.from({ length: this.#count }, (_, i) => ({
			index: this.#indexes[i] ?? 0,
			score: this.#scores[i] ?? 0
		}));
	}

	/** False for none. */
	#isBetter(index: number, score: number, than: number): boolean {
		if (than < 0) return false;
		const other = this.#scores[than] ?? 0;
		if (score !== other) return score > other;
		return this.#length(index) < this.#length(this.#indexes[than] ?? 0);
	}

	#length(index: number): number {
		return (this.#starts[index + 1] ?? 0) - (this.#starts[index] ?? 0);
	}
}
