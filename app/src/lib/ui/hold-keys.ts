/** What is typed for something that is asked for but not there yet. */

/** Until what is there has taken the focus; if it does not, the keys go where they would have gone. */
const MOST_FRAMES = 20;

/** @param until settled when it is loaded */
export function holdKeys(until: Promise<unknown>): void {
	const before = document.activeElement;
	const held: KeyboardEvent[] = [];
	const hold = (event: KeyboardEvent): void => {
		if (event.isComposing) return;
		event.preventDefault();
		event.stopImmediatePropagation();
		held.push(event);
	};
	addEventListener('keydown', hold, { capture: true });
	void until.then(async (part) => {
		let frames = part === null ? 0 : MOST_FRAMES;
		while (frames-- > 0 && document.activeElement === before) await new Promise(requestAnimationFrame);
		removeEventListener('keydown', hold, { capture: true });
		for (const event of held) type(event);
	});
}

function type(event: KeyboardEvent): void {
	const target = document.activeElement ?? document.body;
	const isUnused = target.dispatchEvent(new KeyboardEvent('keydown', event));
	const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
	const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
	if (!isUnused || !isText || !isField) return;
	target.setRangeText(event.key, target.selectionStart ?? 0, target.selectionEnd ?? 0, 'end');
	target.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: event.key }));
}
