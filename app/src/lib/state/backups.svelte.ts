/** Copies of the database: out of the program, into it, and those kept in it. */
import type { FileAction, FileReport, FileResults, KeptCopy, MergeReport } from '@stemma/store/backup/files';
import type { Workspace } from '@stemma/store/workspace/workspace';
import type { DeskStore } from '#lib/platform/platform.ts';
import * as z from 'zod/mini';

const LAST = 'last-backup';
const last = z.object({ at: z.number(), bytes: z.number() });
export type LastBackup = z.infer<typeof last>;

const DOWNLOAD_KEPT_MS = 60_000;

/** What stands on screen while a file is dealt with. */
export type Step =
	| { readonly kind: 'idle' }
	| { readonly kind: 'working'; readonly sentence: string }
	| { readonly kind: 'inspected'; readonly name: string; readonly report: FileReport }
	| { readonly kind: 'merged'; readonly report: MergeReport }
	| { readonly kind: 'failed'; readonly sentence: string };

interface SavePicker {
	showSaveFilePicker?: (options: object) => Promise<FileSystemFileHandle>;
}

export class Backups {
	step = $state.raw<Step>({ kind: 'idle' });
	copies = $state.raw<readonly KeptCopy[]>([]);
	last = $state.raw<LastBackup | null>(null);
	readonly #store: DeskStore;
	readonly #workspace: Workspace;
	readonly #nowMs: () => number;

	constructor(store: DeskStore, workspace: Workspace, nowMs: () => number) {
		this.#store = store;
		this.#workspace = workspace;
		this.#nowMs = nowMs;
	}

	/** A dialog of the system asks for files and places; else the page does. */
	get asks(): boolean {
		return this.#store.files.asks;
	}

	async load(): Promise<void> {
		const kept = last.safeParse(await this.#setting());
		this.last = kept.success ? kept.data : null;
		const copies = await this.#store.files.run({ act: 'copies' });
		if (copies.ok) this.copies = copies.value;
	}

	/** A consistent, compact file to wherever the user wants it. */
	async backUp(): Promise<void> {
		const now = this.#nowMs();
		const name = `stemma-${new Date(now).toISOString().slice(0, 16).replace(/[:T]/g, '-')}.sqlite`;
		if (this.asks) {
			const saved = await this.#run({ act: 'save', copy: null, name }, 'Writing the copy…');
			if (saved) await this.#remember(now, saved.sizeBytes);
			return;
		}
		// The picker wants to be opened by the click itself, before anything else is waited for.
		const place = await this.#pick(name);
		if (place === 'cancelled') return;
		this.step = { kind: 'working', sentence: 'Writing the copy…' };
		const exported = await this.#store.export();
		if (!exported.ok) {
			this.step = { kind: 'failed', sentence: exported.error.message };
			return;
		}
		const isSaved = await this.#save(exported.value, name, place);
		if (!isSaved) return;
		await this.#remember(now, exported.value.byteLength);
		this.step = { kind: 'idle' };
	}

	/** @param file null where a dialog asks for it */
	async inspect(file: File | null): Promise<void> {
		await this.#inspect({ act: 'inspect', file });
	}

	async inspectCopy(copy: KeptCopy): Promise<void> {
		await this.#inspect({ act: 'inspect_copy', name: copy.name });
	}

	async merge(): Promise<void> {
		const merged = await this.#run({ act: 'merge' }, 'Merging…');
		if (merged === null) return;
		this.step = { kind: 'merged', report: merged };
		await this.load();
	}

	/** All tabs load anew when it is done. */
	async replace(): Promise<void> {
		await this.#run({ act: 'replace' }, 'Replacing…');
	}

	async cancel(): Promise<void> {
		this.step = { kind: 'idle' };
		await this.#store.files.run({ act: 'discard' });
	}

	async saveCopy(copy: KeptCopy): Promise<void> {
		const name = copy.name.replace('/', '');
		if (this.asks) {
			await this.#run({ act: 'save', copy: copy.name, name }, 'Writing the copy…');
			return;
		}
		const bytes = await this.#run({ act: 'read_copy', name: copy.name }, 'Reading the copy…');
		if (bytes !== null) await this.#save(bytes, name, null);
	}

	async #inspect(action: FileAction & { act: 'inspect' | 'inspect_copy' }): Promise<void> {
		const report = await this.#run(action, 'Looking through the file…');
		if (report) this.step = { kind: 'inspected', name: report.name ?? 'The kept copy', report };
	}

	/** Null when it failed, which then stands on screen, and when the user chose nothing. */
	async #run<A extends FileAction>(action: A, sentence: string): Promise<FileResults[A['act']] | null> {
		this.step = { kind: 'working', sentence };
		const done = await this.#store.files.run(action);
		this.step = done.ok ? { kind: 'idle' } : { kind: 'failed', sentence: done.error.message };
		return done.ok ? done.value : null;
	}

	async #remember(at: number, bytes: number): Promise<void> {
		this.last = { at, bytes };
		await this.#workspace.saveSetting(LAST, this.last);
	}

	async #setting(): Promise<unknown> {
		const kept = await this.#workspace.setting(LAST);
		return kept.ok ? kept.value : null;
	}

	/** Null where the browser only downloads. */
	async #pick(name: string): Promise<FileSystemFileHandle | 'cancelled' | null> {
		const { showSaveFilePicker } = globalThis as SavePicker;
		if (!showSaveFilePicker) return null;
		try {
			return await showSaveFilePicker({
				suggestedName: name,
				types: [{ description: 'Stemma database', accept: { 'application/vnd.sqlite3': ['.sqlite'] } }]
			});
		} catch (thrown) {
			if (thrown instanceof DOMException && thrown.name === 'AbortError') return 'cancelled';
			return null;
		}
	}

	async #save(bytes: Uint8Array, name: string, place: FileSystemFileHandle | null): Promise<boolean> {
		const blob = new Blob([new Uint8Array(bytes)], { type: 'application/vnd.sqlite3' });
		if (place === null) {
			const url = URL.createObjectURL(blob);
			const link = document.createElement('a');
			link.href = url;
			link.download = name;
			link.click();
			setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_KEPT_MS);
			return true;
		}
		try {
			const file = await place.createWritable();
			await file.write(blob);
			await file.close();
			return true;
		} catch (thrown) {
			const reason = thrown instanceof Error ? thrown.message : String(thrown);
			this.step = { kind: 'failed', sentence: `The file could not be written: ${reason}` };
			return false;
		}
	}
}
