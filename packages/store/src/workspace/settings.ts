/** Settings are scalars of the operation log: they merge and undo like everything else. Never a secret. */
import { ok } from '@stemma/graph/result';
import { and, eq } from 'drizzle-orm';
import { attempt } from '../drizzle.ts';
import { scalar } from '../schema/tables.ts';
import { decodeJson } from './codec.ts';
import type { WorkspaceContext } from './context.ts';
import { commit } from './log.ts';
import type { Workspace } from './workspace.ts';

const SCOPE = 'app';

export function createSettings(
	context: WorkspaceContext
): Pick<Workspace, 'setting' | 'settings' | 'saveSetting'> {
	const { db } = context;
	const inScope = and(eq(scalar.entity, 'setting'), eq(scalar.uid, SCOPE));
	return {
		async setting(key) {
			const where = and(inScope, eq(scalar.field, key));
			const found = await attempt(db.select({ value: scalar.value }).from(scalar).where(where).get());
			return found.ok ? ok(found.value ? decodeJson(found.value.value) : null) : found;
		},
		async settings() {
			const found = await attempt(
				db.select({ field: scalar.field, value: scalar.value }).from(scalar).where(inScope)
			);
			return found.ok ? ok(new Map(found.value.map((row) => [row.field, decodeJson(row.value)]))) : found;
		},
		saveSetting: (key, value) =>
			commit(context, [], () =>
				ok({
					payload: { kind: 'set', entity: 'setting', id: SCOPE, field: key, value },
					touched: { tables: ['setting'] },
					value: (op) => op
				})
			)
	};
}
