/** Settings are scalars of the operation log: they merge and undo like everything else. Never a secret. */
import type { JsonValue } from '@stemma/graph/part';
import { ok } from '@stemma/graph/result';
import { and, eq } from 'drizzle-orm';
import { attempt } from '../drizzle.ts';
import type { Touched } from '../port.ts';
import { scalar } from '../schema/tables.ts';
import { decodeJson } from './codec.ts';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import type { Workspace } from './workspace.ts';

const SCOPE = 'app';

type Settings = Pick<
	Workspace,
	'setting' | 'settings' | 'saveSetting' | 'conversationSettings' | 'saveConversationSetting'
>;

export function createSettings(context: WorkspaceContext): Settings {
	const { db } = context;
	const scope = (entity: 'setting' | 'conversation', id: string) =>
		and(eq(scalar.entity, entity), eq(scalar.uid, id));

	const read = async (entity: 'setting' | 'conversation', id: string) => {
		const found = await attempt(
			db.select({ field: scalar.field, value: scalar.value }).from(scalar).where(scope(entity, id))
		);
		return found.ok ? ok(new Map(found.value.map((row) => [row.field, decodeJson(row.value)]))) : found;
	};
	const save = (
		entity: 'setting' | 'conversation',
		id: string,
		field: string,
		value: JsonValue,
		touched: Touched
	) =>
		commit(context, [], () =>
			ok({ payload: { kind: 'set', entity, id, field, value }, touched, value: (op) => op })
		);

	return {
		async setting(key) {
			const where = and(scope('setting', SCOPE), eq(scalar.field, key));
			const found = await attempt(db.select({ value: scalar.value }).from(scalar).where(where).get());
			return found.ok ? ok(found.value ? decodeJson(found.value.value) : null) : found;
		},
		settings: () => read('setting', SCOPE),
		saveSetting: (key, value) => save('setting', SCOPE, key, value, { tables: ['setting'] }),
		conversationSettings: (id) => read('conversation', id),
		saveConversationSetting: (id, key, value) =>
			save('conversation', id, key, value, { tables: ['conv', 'setting'], conversations: [id] })
	};
}
