/** The mention that is being typed, for as long as the caret is at its end. */
import { mentionAt, type Mention } from './mention.ts';

export class MentionTyping {
	current = $state.raw<Mention | null>(null);
	/** Where the @ is that stays a character: its picker was closed. */
	#dismissed: number | null = null;

	/** After every character. */
	typed(text: string, caret: number): void {
		const mention = mentionAt(text, caret);
		if (mention?.from !== this.#dismissed) this.#dismissed = null;
		this.current = mention && mention.from === this.#dismissed ? null : mention;
	}

	/** Going there opens nothing, going away closes. */
	moved(text: string, caret: number): void {
		if (!this.current) return;
		const mention = mentionAt(text, caret);
		if (mention?.from !== this.current.from) this.current = null;
		else if (mention.to !== this.current.to) this.current = mention;
	}

	dismiss(): void {
		this.#dismissed = this.current?.from ?? null;
		this.current = null;
	}

	close(): void {
		this.current = null;
	}
}
