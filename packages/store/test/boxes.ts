/** A database made of a file's bytes, with a place to take others in: one for each engine that the suite can hold in hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileAction, FileResults } from '../src/backup/files.ts';
import { createLocalShelf, type LocalFiles } from '../src/backup/local-shelf.ts';
import { createRestore } from '../src/backup/restore.ts';
import { openBunConnection } from '../src/bun/bun-connection.ts';
import { migrate, prepareConnection, prepareFile } from '../src/migrate.ts';
import { migrations } from '../src/migrations/migrations.ts';
import { openNativeStore, type NativeStore } from '../src/native/open-native-store.ts';
import type { SqlValue, StoreError } from '../src/port.ts';
import type { Result } from '@stemma/graph/result';
import { must } from './fixture.ts';
import { startNativeProcess, type NativeProcess } from './native-process.ts';

export interface Box {
	query(sql: string): Promise<readonly (readonly SqlValue[])[]>;
	write(sql: string): Promise<void>;
	run<A extends FileAction>(action: A): Promise<Result<FileResults[A['act']], StoreError>>;
	close(): Promise<void>;
}

export interface NativeBox extends Box {
	readonly folder: string;
	readonly path: string;
	readonly store: NativeStore;
	readonly process: NativeProcess;
}

async function placeFor(bytes: Uint8Array): Promise<{ folder: string; path: string }> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-box-'));
	const path = join(folder, 'live.sqlite');
	await Bun.write(path, bytes);
	return { folder, path };
}

export async function openBunBox(bytes: Uint8Array): Promise<Box> {
	const { folder, path } = await placeFor(bytes);
	const live = openBunConnection(path);
	prepareFile(live);
	must(migrate(live, migrations, 1, () => ({ ok: true, value: undefined })));
	prepareConnection(live);
	const incomingPath = join(folder, 'incoming.sqlite');
	const drop = (): void => rmSync(incomingPath, { force: true });
	const files: LocalFiles = {
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
			throw new Error('bun:sqlite does not exchange the live file');
		},
		keepCopy: (why) => ({ name: 'none', takenAt: 0, sizeBytes: 0, why }),
		copies: () => [],
		readCopy: () => new Uint8Array()
	};
	const nowMs = (): number => Date.now();
	const restore = createRestore(createLocalShelf({ live, files, migrations, nowMs }), nowMs);
	return {
		query: async (sql) => live.run(sql, []).rows,
		async write(sql) {
			live.script(sql);
		},
		run: <A extends FileAction>(action: A) =>
			restore.run(action) as Promise<Result<FileResults[A['act']], StoreError>>,
		async close() {
			live.close();
			rmSync(folder, { recursive: true, force: true });
		}
	};
}

export async function openNativeBox(binary: string, bytes: Uint8Array): Promise<NativeBox> {
	const { folder, path } = await placeFor(bytes);
	const process = startNativeProcess(binary, path);
	const store = must(await openNativeStore({ bridge: process.bridge, nowMs: () => Date.now() }));
	let chosen = 0;
	return {
		folder,
		path,
		store,
		process,
		query: async (sql) => must(await store.query(sql)).map((row) => Object.values(row)),
		async write(sql) {
			must(await store.batch([{ sql }]));
		},
		async run(action) {
			if (action.act !== 'inspect' || action.file === null) return store.files.run(action);
			// What a person would choose in a dialog.
			const file = join(folder, `chosen-${++chosen}.sqlite`);
			await Bun.write(file, action.file);
			process.choose(file);
			return store.files.run({ ...action, file: null });
		},
		async close() {
			await process.stop();
			rmSync(folder, { recursive: true, force: true });
		}
	};
}
