/** Takes a file in, looks at it, and merges it or puts it in the place of the live one. */
import { err, ok, type Result } from '@stemma/graph/result';
import type { PackedResult } from '../connection.ts';
import type { Statement, StoreError } from '../port.ts';
import { toStoreError } from '../sql-error.ts';
import type { FileAction, FileReport, FileResults, KeptCopy, SavedFile } from './files.ts';
import { checkFile, type Incoming } from './inspect.ts';
import { COMPARE, MERGE, toComparison, toMergeReport } from './merge.ts';

export interface TakenIn {
	readonly name: string | null;
	readonly sizeBytes: number;
}

/** What an engine does with files beside the live one. It throws what `toStoreError` understands. */
export interface Shelf {
	/** Puts a file down as the incoming one. Without a file it asks for one; null when none was chosen. */
	takeIn(file: Blob | null): Promise<TakenIn | null>;
	takeInCopy(name: string): Promise<TakenIn>;
	readonly incoming: Incoming;
	readonly live: Pick<Incoming, 'query'>;
	/** A statement that only reads, with the incoming file attached beside the live one. */
	compare(sql: string): Promise<PackedResult>;
	/** One transaction of the live database with the incoming file attached, after a copy was kept. */
	merge(statements: readonly Statement[]): Promise<readonly PackedResult[]>;
	/**
	 * The same transaction in a new database, which then takes the place of the live one in one transaction.
	 * Nothing is written between the copy and that.
	 */
	replace(statements: readonly Statement[]): Promise<KeptCopy>;
	dropIncoming(): Promise<void>;
	copies(): Promise<readonly KeptCopy[]>;
	readCopy(name: string): Promise<Uint8Array>;
	/** Asks for a place. */
	save(copy: string | null, name: string): Promise<SavedFile | null>;
}

type Outcome<A extends FileAction['act']> = Promise<Result<FileResults[A], StoreError>>;

const NOT_INSPECTED: StoreError = { code: 'sql', message: 'Choose a file first.' };
const FORKED: StoreError = {
	code: 'conflict',
	message:
		'This file and the present database are copies of one another that both went on. They cannot be merged; the file can be opened in another browser, or replace what is here.'
};

export interface Restore {
	run(action: FileAction): Outcome<FileAction['act']>;
}

export function createRestore(shelf: Shelf, nowMs: () => number): Restore {
	let isInspected = false;

	const discard = async (): Promise<void> => {
		isInspected = false;
		await shelf.dropIncoming();
	};

	const inspect = async ({ name, sizeBytes }: TakenIn): Outcome<'inspect'> => {
		const checked = await checkFile(shelf.incoming, shelf.live, nowMs());
		if (!checked.ok) {
			await discard();
			return checked;
		}
		const report: FileReport = {
			name,
			sizeBytes,
			schemaVersion: checked.value,
			...toComparison(await shelf.compare(COMPARE))
		};
		isInspected = true;
		return ok(report);
	};

	const merge = async (): Outcome<'merge'> => {
		try {
			const report = toMergeReport(await shelf.merge(MERGE));
			await discard();
			return ok(report);
		} catch (thrown) {
			const error = toStoreError(thrown);
			return err(error.code === 'conflict' ? FORKED : error);
		}
	};

	const replace = async (): Outcome<'replace'> => {
		const epoch = await shelf.live.query(`SELECT value FROM meta WHERE key = 'epoch'`);
		// The union of nothing and the incoming file: what is derived is derived here, and it goes on as a
		// device of its own, because two files must not continue one device's log.
		const copy = await shelf.replace([
			...MERGE,
			{
				sql: `INSERT INTO meta (key, value) VALUES ('epoch', ?1)`,
				params: [epoch.rows[0]?.[0] ?? 1]
			}
		]);
		await discard();
		return ok(copy);
	};

	const carryOut = async (action: FileAction): Outcome<FileAction['act']> => {
		switch (action.act) {
			case 'inspect': {
				isInspected = false;
				const taken = await shelf.takeIn(action.file);
				return taken === null ? ok(null) : inspect(taken);
			}
			case 'inspect_copy':
				isInspected = false;
				return inspect(await shelf.takeInCopy(action.name));
			case 'merge':
				return isInspected ? merge() : err(NOT_INSPECTED);
			case 'replace':
				return isInspected ? replace() : err(NOT_INSPECTED);
			case 'discard':
				await discard();
				return ok(null);
			case 'copies':
				return ok(await shelf.copies());
			case 'read_copy':
				return ok(await shelf.readCopy(action.name));
			case 'save':
				return ok(await shelf.save(action.copy, action.name));
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
