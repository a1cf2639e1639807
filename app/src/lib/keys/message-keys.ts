/** Keys while a message has the focus: each presses the button of the message that has the same name. */
export const MESSAGE_KEYS = [
	['C', 'Copy'],
	['E', 'Edit'],
	['R', 'Regenerate'],
	['O', 'Continue'],
	['F', 'Fork'],
	['S', 'What was sent'],
	['T', 'Tags'],
	['P', 'Pin'],
	['X', 'Leave out'],
	['H', 'Hide'],
	['V', 'Versions'],
	['[', 'Previous version'],
	[']', 'Next version']
] as const;

export const buttonOfKey = (key: string): string | null =>
	MESSAGE_KEYS.find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1] ?? null;
