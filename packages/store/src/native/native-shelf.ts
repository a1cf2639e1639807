/** Restoring in the native program: the file is taken in, attached and exchanged there; what is merged is said here. */
import { ok, type Result } from '@stemma/graph/result';
import type { KeptCopy, SavedFile } from '../backup/files.ts';
import type { Shelf, TakenIn } from '../backup/restore.ts';
import type { PackedResult } from '../connection.ts';
import { EVERYTHING, StoreFailure, type Row, type Statement, type StoreError } from '../port.ts';
import type { NativeCommand } from './bridge.ts';
import { readResults, readValue, toJsonStatement, type FrameRows } from './frame.ts';

interface NativeTakenIn extends TakenIn {
	/** Which of the files that were ever taken in. */
	readonly file: number;
}

export interface NativeShelfDeps {
	ask<T>(
		command: NativeCommand,
		request: object,
		read: (frame: Uint8Array) => Result<T, StoreError>
	): Promise<Result<T, StoreError>>;
	/** After what this page has written before, and before what it writes later. */
	inTurn<T>(run: () => Promise<T>): Promise<T>;
	stream(sql: string, of: number): AsyncIterable<readonly Row[]>;
	readonly nowMs: () => number;
}

function must<T>(result: Result<T, StoreError>): T {
	if (!result.ok) throw new StoreFailure(result.error);
	return result.value;
}

function inRows({ columns, values, changes }: FrameRows): PackedResult {
	const rows = [];
	for (let at = 0; at < values.length; at += columns.length) rows.push(values.slice(at, at + columns.length));
	return { columns, rows, changes };
}

export function createNativeShelf({ ask, inTurn, stream, nowMs }: NativeShelfDeps): Shelf {
	let taken: NativeTakenIn | null = null;
	const file = (): number => {
		if (taken) return taken.file;
		throw new StoreFailure({ code: 'sql', message: 'Choose a file first.' });
	};

	/** From our own process, by the type it has there. */
	const value = async <T>(command: NativeCommand, request: object): Promise<T> =>
		must(await ask(command, request, readValue)).value as T;
	const first = async (sql: string, which: object): Promise<PackedResult> => {
		const statements = [toJsonStatement({ sql })];
		const [result] = must(await ask('read', { statements, ...which }, readResults));
		return inRows(result ?? { columns: [], values: [], changes: 0 });
	};
	const request = (statements: readonly Statement[], tables: readonly string[]): object => ({
		file: file(),
		statements: statements.map(toJsonStatement),
		touched: { tables },
		nowMs: nowMs()
	});

	return {
		async takeIn() {
			taken = await value<NativeTakenIn | null>('take_in', {});
			return taken;
		},
		async takeInCopy(copy) {
			const copied = await value<NativeTakenIn>('take_in', { copy });
			taken = copied;
			return { name: null, sizeBytes: copied.sizeBytes };
		},
		incoming: {
			query: (sql) => first(sql, { of: file() }),
			async each(sql, check) {
				for await (const rows of stream(sql, file())) {
					for (const row of rows) {
						const complaint = check(row);
						if (complaint !== null) return complaint;
					}
				}
				return null;
			},
			migrate: async () => ok(await value('migrate_incoming', { file: file() }))
		},
		live: { query: (sql) => inTurn(() => first(sql, {})) },
		compare: (sql) => inTurn(() => first(sql, { beside: file() })),
		merge: (statements) =>
			inTurn(async () => must(await ask('merge', request(statements, EVERYTHING), readResults)).map(inRows)),
		// What is replaced is another database.
		replace: (statements) => inTurn(() => value<KeptCopy>('replace', request(statements, ['database']))),
		async dropIncoming() {
			if (taken) await value('discard', { file: taken.file });
			taken = null;
		},
		copies: () => value<readonly KeptCopy[]>('copies', {}),
		readCopy: () =>
			Promise.reject(new StoreFailure({ code: 'sql', message: 'The program saves its files itself.' })),
		async save(copy, name) {
			// What was written is in the file; what is written next does not wait for a dialog.
			await inTurn(() => Promise.resolve());
			return value<SavedFile | null>('save', { copy, name });
		}
	};
}
