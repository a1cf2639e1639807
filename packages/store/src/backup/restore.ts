/** Takes a file in, looks at it, and merges it or puts it in the place of the live one. */
import { err, ok, type Result } from '@stemma/graph/result';
import type { Connection } from '../connection.ts';
import { migrate, prepareFile, type Migration } from '../migrate.ts';
import type { StoreError } from '../port.ts';
import { toStoreError } from '../sql-error.ts';
import type { FileAction, FileReport, FileResults, KeptCopy } from './files.ts';
import { checkFile } from './inspect.ts';
import { attach, compareFiles, detach, mergeFiles } from './merge.ts';

const MAGIC = 'SQLite format 3\0';
const SMALLEST = 512;
const LARGEST = 8 * 1024 ** 3;

/** What an engine brings: places for files beside the live one. */
export interface Shelf {
	/** Puts a file down under the name of the incoming one. */
	takeIn(file: Blob): Promise<void>;
	takeInCopy(name: string): Promise<void>;
	/** A connection of its own to the incoming file. */
	openIncoming(): Connection;
	/** For ATTACH. */
	readonly incomingPath: string;
	dropIncoming(): void;
	/** A connection to a new, empty file, from which the live one can be overwritten. */
	openFresh(): Connection;
	/** The pages of the fresh file become the live ones, all or none. */
	overwriteLive(): void;
	keepCopy(why: KeptCopy['why']): KeptCopy;
	copies(): readonly KeptCopy[];
	readCopy(name: string): Uint8Array;
}

export interface RestoreDeps {
	readonly live: Connection;
	readonly shelf: Shelf;
	readonly migrations: readonly Migration[];
	readonly nowMs: () => number;
}

type Outcome<A extends FileAction['act']> = Promise<Result<FileResults[A], StoreError>>;

const NOT_INSPECTED: StoreError = { code: 'sql', message: 'Choose a file first.' };

export interface Restore {
	run(action: FileAction): Outcome<FileAction['act']>;
}

export function createRestore({ live, shelf, migrations, nowMs }: RestoreDeps): Restore {
	let inspected: FileReport | null = null;

	const discard = (): void => {
		inspected = null;
		shelf.dropIncoming();
	};

	const inspect = async (sizeBytes: number): Outcome<'inspect'> => {
		const incoming = shelf.openIncoming();
		const checked = await checkFile(incoming, live, migrations, nowMs());
		incoming.close();
		if (!checked.ok) {
			discard();
			return checked;
		}
		attach(live, shelf.incomingPath);
		try {
			inspected = { sizeBytes, schemaVersion: checked.value, ...compareFiles(live) };
			return ok(inspected);
		} finally {
			detach(live);
		}
	};

	const merge = (): Result<FileResults['merge'], StoreError> => {
		shelf.keepCopy('merge');
		attach(live, shelf.incomingPath);
		const merged = ((): ReturnType<typeof mergeFiles> => {
			try {
				return mergeFiles(live);
			} finally {
				detach(live);
			}
		})();
		if (merged.ok) discard();
		return merged;
	};

	const replace = (): Result<FileResults['replace'], StoreError> => {
		const copy = shelf.keepCopy('replace');
		const epoch = live.run(`SELECT value FROM meta WHERE key = 'epoch'`, []).rows[0]?.[0] ?? 1;
		// A new file with the union of nothing and the incoming one: what is derived is derived here, and it goes
		// on as a device of its own, because two files must not continue one device's log.
		const fresh = shelf.openFresh();
		const filled = ((): Result<unknown, StoreError> => {
			try {
				prepareFile(fresh);
				const migrated = migrate(fresh, migrations, nowMs(), () => ok(undefined));
				if (!migrated.ok) return migrated;
				fresh.run(`INSERT INTO meta (key, value) VALUES ('epoch', ?1)`, [epoch]);
				attach(fresh, shelf.incomingPath);
				const merged = mergeFiles(fresh);
				detach(fresh);
				return merged;
			} finally {
				fresh.close();
			}
		})();
		if (!filled.ok) return filled;
		shelf.overwriteLive();
		discard();
		return ok(copy);
	};

	const carryOut = async (action: FileAction): Outcome<FileAction['act']> => {
		switch (action.act) {
			case 'inspect': {
				const refused = await refuse(action.file);
				if (refused !== null) return err({ code: 'corrupt', message: refused });
				await shelf.takeIn(action.file);
				return inspect(action.file.size);
			}
			case 'inspect_copy': {
				const copy = shelf.copies().find(({ name }) => name === action.name);
				if (!copy) return err({ code: 'sql', message: 'There is no such copy.' });
				await shelf.takeInCopy(copy.name);
				return inspect(copy.sizeBytes);
			}
			case 'merge':
				return inspected ? merge() : err(NOT_INSPECTED);
			case 'replace':
				return inspected ? replace() : err(NOT_INSPECTED);
			case 'discard':
				discard();
				return ok(null);
			case 'copies':
				return ok(shelf.copies());
			case 'read_copy':
				return shelf.copies().some(({ name }) => name === action.name)
					? ok(shelf.readCopy(action.name))
					: err({ code: 'sql', message: 'There is no such copy.' });
		}
	};

	// One after the other: there is one place for an incoming file.
	let last: Promise<unknown> = Promise.resolve();
	return {
		run(action) {
			const done = last.then(async () => {
				try {
					return await carryOut(action);
				} catch (thrown) {
					return err(toStoreError(thrown));
				}
			});
			last = done;
			return done;
		}
	};
}

/** A sentence for what is no database at all. */
async function refuse(file: Blob): Promise<string | null> {
	if (file.size < SMALLEST) return 'This file is empty, or no database.';
	if (file.size > LARGEST) return 'This file is larger than Stemma can take in (8 GB).';
	const head = new TextDecoder('latin1').decode(await file.slice(0, MAGIC.length).arrayBuffer());
	return head === MAGIC ? null : 'This is no SQLite database.';
}
