/** Restoring where the connections are at hand: what is one step here is done before anybody else gets a turn. */
import { ok } from '@stemma/graph/result';
import { unpackRows, type Connection, type PackedResult } from '../connection.ts';
import { migrate, prepareFile, type Migration } from '../migrate.ts';
import { StoreFailure, type Row, type Statement } from '../port.ts';
import { runTransaction } from '../transaction.ts';
import type { KeptCopy } from './files.ts';
import { INCOMING } from './merge.ts';
import type { Shelf, TakenIn } from './restore.ts';

const MAGIC = 'SQLite format 3\0';
const SMALLEST = 512;
const LARGEST = 8 * 1024 ** 3;
const SLICE = 500;
const STEP_MS = 50;

/** What an engine brings: places for files beside the live one. */
export interface LocalFiles {
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

export interface LocalShelfDeps {
	readonly live: Connection;
	readonly files: LocalFiles;
	readonly migrations: readonly Migration[];
	readonly nowMs: () => number;
}

const fail = (message: string, code: 'corrupt' | 'sql' = 'sql'): never => {
	throw new StoreFailure({ code, message });
};

/** Done when it is asked for; what it throws rejects. */
const atOnce = <T>(run: () => T): Promise<T> =>
	new Promise((resolve) => {
		resolve(run());
	});

export function createLocalShelf({ live, files, migrations, nowMs }: LocalShelfDeps): Shelf {
	/** Only while the file is looked through: SQLite attaches it afterwards. */
	let open: Connection | null = null;
	const opened = (): Connection => {
		if (open) return open;
		open = files.openIncoming();
		open.script('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;');
		return open;
	};
	const close = (): void => {
		open?.close();
		open = null;
	};
	const attached = <T>(connection: Connection, run: () => T): T => {
		close();
		connection.run(`ATTACH ? AS ${INCOMING}`, [files.incomingPath]);
		try {
			return run();
		} finally {
			connection.run(`DETACH ${INCOMING}`, []);
		}
	};
	const transact = (connection: Connection, statements: readonly Statement[]): readonly PackedResult[] => {
		const done = attached(connection, () => runTransaction(connection, statements));
		if (!done.ok) throw new StoreFailure(done.error);
		return done.value;
	};
	const copyOf = (name: string): KeptCopy =>
		files.copies().find((copy) => copy.name === name) ?? fail('There is no such copy.');

	return {
		async takeIn(file): Promise<TakenIn> {
			if (file === null) return fail('A file is needed.');
			const refused = await refuse(file);
			if (refused !== null) return fail(refused, 'corrupt');
			close();
			await files.takeIn(file);
			return { name: file instanceof File ? file.name : null, sizeBytes: file.size };
		},
		async takeInCopy(name) {
			const { sizeBytes } = copyOf(name);
			close();
			await files.takeInCopy(name);
			return { name: null, sizeBytes };
		},
		incoming: {
			query: (sql) => atOnce(() => opened().run(sql, [])),
			async each(sql, check) {
				const cursor = opened().open(sql, []);
				try {
					for (;;) {
						const rows: readonly Row[] = unpackRows(cursor.columns, cursor.next(SLICE, STEP_MS));
						if (rows.length === 0) return null;
						for (const row of rows) {
							const complaint = check(row);
							if (complaint !== null) return complaint;
						}
						await new Promise<void>((resolve) => setTimeout(resolve));
					}
				} finally {
					cursor.close();
				}
			},
			migrate: () => atOnce(() => migrate(opened(), migrations, nowMs(), () => ok(undefined)))
		},
		live: { query: (sql) => atOnce(() => live.run(sql, [])) },
		compare: (sql) => atOnce(() => attached(live, () => live.run(sql, []))),
		merge: (statements) =>
			atOnce(() => {
				files.keepCopy('merge');
				return transact(live, statements);
			}),
		replace: (statements) =>
			atOnce(() => {
				const copy = files.keepCopy('replace');
				const fresh = files.openFresh();
				try {
					prepareFile(fresh);
					const migrated = migrate(fresh, migrations, nowMs(), () => ok(undefined));
					if (!migrated.ok) throw new StoreFailure(migrated.error);
					transact(fresh, statements);
				} finally {
					fresh.close();
				}
				files.overwriteLive();
				return copy;
			}),
		dropIncoming: () =>
			atOnce(() => {
				close();
				files.dropIncoming();
			}),
		copies: () => atOnce(() => files.copies()),
		readCopy: (name) => atOnce(() => files.readCopy(copyOf(name).name)),
		save: () => atOnce(() => fail('The page saves its files itself.'))
	};
}

/** A sentence for what is no database at all. */
async function refuse(file: Blob): Promise<string | null> {
	if (file.size < SMALLEST) return 'This file is empty, or no database.';
	if (file.size > LARGEST) return 'This file is larger than Stemma can take in (8 GB).';
	const head = new TextDecoder('latin1').decode(await file.slice(0, MAGIC.length).arrayBuffer());
	return head === MAGIC ? null : 'This is no SQLite database.';
}
