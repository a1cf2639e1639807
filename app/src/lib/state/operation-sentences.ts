/** Operations in words, by the names people know. */
import type { OperationRow, OperationSubject } from '@stemma/store/workspace/operations';

const MOST_CHARS = 60;

/** In quotes, cut where it is too long for a line. */
export function quoted(text: string): string {
	const line = text.trim().split('\n', 1)[0] ?? '';
	const chars = Array.from(line);
	return `“${
		chars.length > MOST_CHARS
			? `${chars
					.slice(0, MOST_CHARS - 1)
					.join('')
					.trimEnd()}…`
			: line
	}”`;
}

export function nameOfMessage({ node }: OperationSubject): string {
	if (node === null) return 'a message';
	return node.firstLine.trim() === '' ? 'a message without text' : quoted(node.firstLine);
}

const modelOf = (value: unknown): string =>
	typeof value === 'object' && value !== null && 'model' in value && typeof value.model === 'string'
		? `Model set to ${value.model}`
		: 'Model no longer set';

function tellSet(subject: OperationSubject, field: string, value: unknown): string {
	if (field === 'title') return typeof value === 'string' ? `Renamed to ${quoted(value)}` : 'Title removed';
	if (field === 'pinned')
		return value === true ? 'Pinned to the top of the list' : 'No longer at the top of the list';
	if (field === 'system') return value === null ? 'System prompt removed' : 'System prompt changed';
	if (field === 'model') return modelOf(value);
	if (field === 'hidden') {
		const isMessage = subject.payload.kind === 'set' && subject.payload.entity === 'node';
		const what = isMessage ? `Message ${nameOfMessage(subject)}` : 'Conversation';
		return value === true ? `${what} hidden` : `${what} brought back`;
	}
	return `Setting ${quoted(field)} changed`;
}

function tellMember(subject: OperationSubject, name: string, value: string, isAdded: boolean): string {
	const on = subject.node === null ? '' : `: ${nameOfMessage(subject)}`;
	switch (name) {
		case 'pin':
			return `${isAdded ? 'Pinned' : 'No longer pinned'}${on}`;
		case 'exclude':
			return `${isAdded ? 'Left out of requests' : 'Sent again'}${on}`;
		case 'role':
			return `${isAdded ? `Marked as ${value}` : `No longer marked as ${value}`}${on}`;
		default:
			return `${isAdded ? `Tagged ${quoted(value)}` : `Tag ${quoted(value)} removed`}${on}`;
	}
}

/** One operation, without who and when. */
export function tellOperation(subject: OperationSubject): string {
	const { payload } = subject;
	switch (payload.kind) {
		case 'set':
			return tellSet(subject, payload.field, payload.value);
		case 'ref': {
			const name = quoted(payload.name);
			if (payload.refKind === 'bookmark')
				return payload.target === null
					? `Bookmark ${name} removed`
					: `Bookmark ${name} set at ${nameOfMessage(subject)}`;
			if (payload.target === null) return `Branch ${name} taken away`;
			return payload.seen.length === 0
				? `Branch ${name} begun at ${nameOfMessage(subject)}`
				: `Branch ${name} moved to ${nameOfMessage(subject)}`;
		}
		case 'add':
		case 'remove':
			return tellMember(subject, payload.name, payload.value, payload.kind === 'add');
		case 'tombstone':
			if (payload.scope === 'body') return 'Message redacted';
			return payload.scope === 'node' ? 'Message purged, with all below it' : 'Conversation purged';
	}
}

const TURNS = { do: '', undo: 'Undone: ', redo: 'Redone: ' } as const;
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
export const tellTime = (ms: number): string => moment.format(ms);

/** A transaction: its first operation stands for it. */
export function tellTransaction(row: OperationRow): string {
	const { turn, size, restoredTo, payload } = row;
	if (restoredTo !== null) {
		const changes = size === 1 ? '1 change' : `${size.toLocaleString('en')} changes`;
		return `${TURNS[turn]}Restored the state of ${tellTime(restoredTo)} (${changes})`;
	}
	const isWhole = size === 1 || payload.kind === 'tombstone';
	return `${TURNS[turn]}${tellOperation(row)}${isWhole ? '' : `, and ${(size - 1).toLocaleString('en')} more`}`;
}
