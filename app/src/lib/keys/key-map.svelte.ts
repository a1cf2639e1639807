/** All commands of the page in one list: keys, palette, key sheet and tooltips read from it. */

import { createContext, untrack } from 'svelte';

export interface Command {
	readonly id: string;
	readonly title: string;
	readonly group: 'Go' | 'Conversation' | 'View';
	/** "Mod" is Ctrl, or Cmd on a Mac. Parts are joined by "+": "Mod+Shift+O". */
	readonly keys?: string;
	/** Another way to press it. */
	readonly also?: string;
	/** Also while a text field has the focus. Only sensible with a modifier. */
	readonly inText?: boolean;
	/** The key is left to the browser, for now. */
	readonly isOff?: () => boolean;
	readonly run: () => void;
}

const isMac = (): boolean => navigator.platform.startsWith('Mac');

const ARROWS: Readonly<Record<string, string>> = { ArrowUp: '↑', ArrowDown: '↓' };

/** As shown on the key sheet, parts separated by spaces. */
export function keyLabel(keys: string): string {
	return keys
		.split('+')
		.map((key) => (key === 'Mod' ? (isMac() ? '⌘' : 'Ctrl') : (ARROWS[key] ?? key)))
		.join(' ');
}

const [useKeyMap, setKeyMap] = createContext<KeyMap>();
export { useKeyMap };

export class KeyMap {
	/** The page's one, for everything below. */
	static provide(): KeyMap {
		return setKeyMap(new KeyMap());
	}

	#commands = $state.raw<readonly Command[]>([]);

	get commands(): readonly Command[] {
		return this.#commands;
	}

	/** Adds commands for as long as something is on screen. */
	add(commands: readonly Command[]): () => void {
		// Whoever adds does so in an effect, which must not run again because it added.
		this.#commands = [...untrack(() => this.#commands), ...commands];
		return () => {
			this.#commands = this.#commands.filter((command) => !commands.includes(command));
		};
	}

	handle(event: KeyboardEvent): void {
		if (event.isComposing || event.defaultPrevented) return;
		const isText =
			event.target instanceof HTMLElement &&
			event.target.matches('input, textarea, select, [contenteditable]');
		// The newest fits first: what is on top of the page wins.
		const command = this.#commands.findLast(
			({ keys, also, inText }) =>
				(!isText || inText === true) &&
				[keys, also].some((pressed) => pressed !== undefined && matches(pressed, event))
		);
		if (!command || command.isOff?.() === true) return;
		event.preventDefault();
		command.run();
	}
}

export function matches(
	keys: string,
	event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>
): boolean {
	const parts = keys.split('+');
	const key = parts.at(-1) ?? '';
	const mod = event.ctrlKey || event.metaKey;
	if (parts.includes('Mod') !== mod || parts.includes('Alt') !== event.altKey) return false;
	// A key such as "?" needs Shift on some keyboards and not on others.
	const isLetter = /^[a-z]$/i.test(key) || key.length > 1;
	if (isLetter && parts.includes('Shift') !== event.shiftKey) return false;
	return event.key.toLowerCase() === key.toLowerCase();
}
