/** Files beside a database of bun:sqlite, in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBunConnection } from '../src/bun/bun-connection.ts';
import { createRestore, type Restore, type Shelf } from '../src/backup/restore.ts';
import type { Connection } from '../src/connection.ts';
import { migrate, prepareConnection, prepareFile } from '../src/migrate.ts';
import { migrations } from '../src/migrations/migrations.ts';
import { must } from './fixture.ts';

export interface Box {
	readonly live: Connection;
	readonly restore: Restore;
	close(): void;
}

/** A database made of a file's bytes, with a place to take others in. */
export async function openBox(bytes: Uint8Array): Promise<Box> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-box-'));
	const path = join(folder, 'live.sqlite');
	await Bun.write(path, bytes);
	const live = openBunConnection(path);
	prepareFile(live);
	must(migrate(live, migrations, 1, () => ({ ok: true, value: undefined })));
	prepareConnection(live);
	const incomingPath = join(folder, 'incoming.sqlite');
	const drop = (): void => rmSync(incomingPath, { force: true });
	const shelf: Shelf = {
		incomingPath,
		async takeIn(file) {
			drop();
			await Bun.write(incomingPath, file);
		},
		takeInCopy: () => Promise.reject(new Error('no copies here')),
		openIncoming: () => openBunConnection(incomingPath),
		dropIncoming: drop,
		openFresh: () => openBunConnection(':memory:'),
		overwriteLive: () => {
			throw new Error('only the browser exchanges the live file');
		},
		keepCopy: (why) => ({ name: 'none', takenAt: 0, sizeBytes: 0, why }),
		copies: () => [],
		readCopy: () => new Uint8Array()
	};
	return {
		live,
		restore: createRestore({ live, shelf, migrations, nowMs: () => Date.now() }),
		close() {
			live.close();
			rmSync(folder, { recursive: true, force: true });
		}
	};
}
