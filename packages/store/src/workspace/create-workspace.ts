/** Puts the parts of the workspace together over one store. */
import type { DeviceId } from '@stemma/graph/op';
import { err, ok, type Result } from '@stemma/graph/result';
import { createDb } from '../drizzle.ts';
import type { Store, StoreError } from '../port.ts';
import type { WorkspaceContext, WorkspaceDeps } from './context.ts';
import { createBookmarks } from './bookmarks.ts';
import { createCatalogues } from './catalogues.ts';
import { createConversations } from './conversations.ts';
import { createDrafts } from './drafts.ts';
import { createFinding } from './finding.ts';
import { createKeptTexts } from './kept-texts.ts';
import { createMarks } from './marks.ts';
import { createOutline } from './create-outline.ts';
import { createNodes } from './nodes.ts';
import { createLines } from './lines.ts';
import { createOperations } from './operations.ts';
import { createQueue } from './queue.ts';
import { createReading } from './reading.ts';
import { createRefs } from './refs.ts';
import { createRemoval } from './removal.ts';
import { createReplays } from './replays.ts';
import { createRuns } from './runs.ts';
import { createSettings } from './settings.ts';
import { createTurnCommits } from './turn-commits.ts';
import { createUnfinished } from './unfinished.ts';
import { createVersions } from './versions.ts';
import type { Workspace } from './workspace.ts';

/** The device is the database file's first; a fresh file gets one. Tabs on one file share it. */
export async function openWorkspace(
	deps: Omit<WorkspaceDeps, 'device'>,
	deviceName: string
): Promise<Result<Workspace, StoreError>> {
	const device = await registerDevice(deps.store, deps.randomHex(16), deviceName, deps.nowMs());
	return device.ok ? ok(createWorkspace({ ...deps, device: device.value })) : device;
}

export function createWorkspace(deps: WorkspaceDeps): Workspace {
	const context: WorkspaceContext = { ...deps, db: createDb(deps.store) };
	const nodes = createNodes(context);
	return {
		...createConversations(context),
		...nodes,
		...createLines(context, nodes),
		...createRefs(context),
		...createVersions(context),
		...createReading(context),
		...createOutline(context),
		...createBookmarks(context),
		...createRuns(context),
		...createDrafts(context),
		...createQueue(context),
		...createKeptTexts(context),
		...createCatalogues(context),
		...createFinding(context),
		...createReplays(context),
		...createUnfinished(context),
		...createTurnCommits(context),
		...createSettings(context),
		...createOperations(context),
		...createMarks(context),
		...createRemoval(context),
		onChange: (listener) => deps.store.onChange(listener)
	};
}

async function registerDevice(
	store: Store,
	uid: DeviceId,
	name: string,
	nowMs: number
): Promise<Result<DeviceId, StoreError>> {
	const result = await store.batch([
		{
			sql: `INSERT INTO device (uid, name, created_at) SELECT unhex(?1), ?2, ?3
			WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key = 'device')`,
			params: [uid, name, nowMs]
		},
		{
			sql: `INSERT INTO meta (key, value) VALUES ('device', ?1) ON CONFLICT (key) DO NOTHING`,
			params: [uid]
		},
		{ sql: `SELECT value FROM meta WHERE key = 'device'` }
	]);
	if (!result.ok) return result;
	const device = result.value[2]?.rows[0]?.['value'];
	return typeof device === 'string'
		? ok(device)
		: err({ code: 'corrupt', message: 'The database has no device.' });
}
