/** Parts of the program that the first screen does without: loaded when wanted, else when there is time. */
import { holdKeys } from './hold-keys.ts';

const parts = new Set<Late<unknown>>();
let isLost = $state(false);

/** Whether a part could not be loaded: a newer build is in its place, or nothing answers. */
export const isPartLost = (): boolean => isLost;

export class Late<T> {
	readonly #import: () => Promise<T>;
	readonly #takesFocus: boolean;
	#isWanted = false;
	#loading: Promise<T | null> | null = null;
	#here = $state.raw<T | null>(null);

	/** @param options.takesFocus what is typed meanwhile is meant for it */
	constructor(load: () => Promise<T>, options: { readonly takesFocus?: boolean } = {}) {
		this.#import = load;
		this.#takesFocus = options.takesFocus ?? false;
		parts.add(this);
	}

	/** Null until it is loaded. */
	get here(): T | null {
		return this.#here;
	}

	/** The same, and asks for it. */
	get wanted(): T | null {
		if (this.#here === null && !this.#isWanted) {
			this.#isWanted = true;
			const loading = this.load().finally(() => (this.#isWanted = false));
			if (this.#takesFocus) holdKeys(loading);
		}
		return this.#here;
	}

	/** @returns null when it cannot be loaded, which the page tells */
	async load(): Promise<T | null> {
		const part = await this.prepare();
		if (part === null) isLost = true;
		return part;
	}

	/** The same for what nobody waits for: a failure is no news. */
	prepare(): Promise<T | null> {
		return (this.#loading ??= this.#import().then(
			(part) => (this.#here = part),
			() => (this.#loading = null)
		));
	}
}

const idle = (): Promise<unknown> =>
	new Promise((resolve) => {
		// Not in WebKit.
		if ('requestIdleCallback' in globalThis) requestIdleCallback(resolve);
		else setTimeout(resolve, 100);
	});

/** One after the other, so that whatever the reader does comes first. */
export async function loadWhenIdle(): Promise<void> {
	for (const part of parts) {
		await idle();
		if (part.here === null && (await part.prepare()) === null) return;
	}
}
