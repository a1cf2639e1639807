/**
 * One polite voice for screen readers: that an answer began, what it said, and how it ended, each once.
 * Words that are still being written are read by nobody but who goes there.
 */
export interface Announcement {
	readonly id: number;
	readonly text: string;
}

/** Enough for a reader that is still speaking; older ones are heard or never will be. */
const KEPT = 3;

export class Announcer {
	/** Each is an element of its own: the same words again are news again. */
	said = $state.raw<readonly Announcement[]>([]);
	#next = 0;

	say(text: string): void {
		this.said = [...this.said, { id: this.#next++, text }].slice(-KEPT);
	}
}
