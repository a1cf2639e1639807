/** What every part of the workspace is given. */
import type { DeviceId } from '@stemma/graph/op';
import type { Db } from '../drizzle.ts';
import type { Store } from '../port.ts';

export interface WorkspaceDeps {
	readonly store: Store;
	readonly nowMs: () => number;
	/** Lower-case hex of that many random bytes. */
	readonly randomHex: (bytes: number) => string;
	readonly device: DeviceId;
}

export interface WorkspaceContext extends WorkspaceDeps {
	readonly db: Db;
}
