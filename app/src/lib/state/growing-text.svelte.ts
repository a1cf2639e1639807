/** Text that only grows, in pieces: what is added costs as much as it is long, however much there is. */
export class GrowingText {
	#length = $state(0);
	#pieces: string[] = [];

	constructor(text: string) {
		this.append(text);
	}

	get length(): number {
		return this.#length;
	}

	/** The whole. Joins the pieces, so not for every piece that comes. */
	get whole(): string {
		if (this.#length > 0 && this.#pieces.length > 1) this.#pieces = [this.#pieces.join('')];
		return this.#pieces[0] ?? '';
	}

	append(more: string): void {
		if (more === '') return;
		this.#pieces.push(more);
		this.#length += more.length;
	}

	/** What came after the first `length` characters. */
	since(length: number): string {
		let start = this.#length;
		let at = this.#pieces.length;
		while (start > length && at > 0) start -= this.#pieces[--at]?.length ?? 0;
		return this.#pieces
			.slice(at)
			.join('')
			.slice(length - start);
	}
}
