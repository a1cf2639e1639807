import { expect, test } from 'bun:test';
import type { OpPayload } from '@stemma/graph/op';
import type { OperationRow, OperationSubject } from '@stemma/store/workspace/operations';
import { quoted, tellOperation, tellTransaction } from '../src/lib/state/operation-sentences.ts';

const ID = 'c0'.repeat(16);
const NODE = 'ab'.repeat(32);
const about = (payload: OpPayload, firstLine: string | null = 'How do trees drink?'): OperationSubject => ({
	payload,
	conversation: { id: ID, title: 'Trees', isPurged: false },
	node: firstLine === null ? null : { id: NODE, role: 'user', firstLine }
});
const row = (subject: OperationSubject, part: Partial<OperationRow> = {}): OperationRow => ({
	...subject,
	id: '1',
	at: 0,
	hlc: 0,
	row: 1,
	device: 'This browser',
	isOwn: true,
	turn: 'do',
	size: 1,
	restoredTo: null,
	canTakeBack: true,
	isFinal: false,
	...part
});
const set = (
	field: string,
	value: string | boolean | null,
	entity: 'conversation' | 'node' = 'conversation'
) => about({ kind: 'set', entity, id: entity === 'node' ? NODE : ID, field, value });
const move = (target: string | null, seen: readonly string[]) =>
	about({ kind: 'ref', conversation: ID, name: 'main', refKind: 'branch', target, seen });
const member = (kind: 'add' | 'remove', name: string, value: string) =>
	about(
		kind === 'add'
			? { kind, entity: 'node', id: NODE, name, value }
			: { kind, entity: 'node', id: NODE, name, value, seen: [] }
	);

test('operations are told by names, never by ids', () => {
	const told = [
		set('title', 'Roots'),
		set('title', null),
		set('hidden', true),
		set('hidden', null, 'node'),
		set('system', 'x'),
		set('someday', true),
		move(NODE, []),
		move(NODE, [NODE]),
		move(null, [NODE]),
		member('add', 'tag', 'later'),
		member('remove', 'tag', 'later'),
		member('add', 'role', 'plan'),
		member('add', 'pin', NODE),
		member('remove', 'exclude', NODE),
		about({ kind: 'tombstone', scope: 'body', id: NODE }, null),
		about({ kind: 'tombstone', scope: 'conversation', id: ID }, null)
	].map(tellOperation);
	expect(told).toEqual([
		'Renamed to “Roots”',
		'Title removed',
		'Conversation hidden',
		'Message “How do trees drink?” brought back',
		'System prompt changed',
		'Setting “someday” changed',
		'Branch “main” begun at “How do trees drink?”',
		'Branch “main” moved to “How do trees drink?”',
		'Branch “main” taken away',
		'Tagged “later”: “How do trees drink?”',
		'Tag “later” removed: “How do trees drink?”',
		'Marked as plan: “How do trees drink?”',
		'Pinned: “How do trees drink?”',
		'Sent again: “How do trees drink?”',
		'Message redacted',
		'Conversation purged'
	]);
	for (const sentence of told) expect(sentence).not.toMatch(/[0-9a-f]{32}/);
});

test('what was written together is told by its first, with how much more there is', () => {
	const subject = set('title', 'Roots');
	expect(tellTransaction(row(subject, { turn: 'undo', size: 3 }))).toBe(
		'Undone: Renamed to “Roots”, and 2 more'
	);
	expect(tellTransaction(row(subject, { turn: 'redo' }))).toBe('Redone: Renamed to “Roots”');
	expect(tellTransaction(row(subject, { size: 2, restoredTo: 0 }))).toMatch(
		/^Restored the state of .*1970.* \(2 changes\)$/
	);
	const purge = about({ kind: 'tombstone', scope: 'node', id: NODE }, null);
	expect(tellTransaction(row(purge, { size: 9 }))).toBe('Message purged, with all below it');
});

test('long and strange lines stay one short line', () => {
	expect(quoted('a\nb')).toBe('“a”');
	expect(Array.from(quoted('😀'.repeat(200)))).toHaveLength(62);
	expect(
		tellOperation(
			about({ kind: 'ref', conversation: ID, name: 'main', refKind: 'bookmark', target: NODE, seen: [] }, ' ')
		)
	).toBe('Bookmark “main” set at a message without text');
});
