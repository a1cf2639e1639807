/** A change to files before it is made: what it would do to a linked folder, and whether it can. */
import type { FileDiff, FileEdit, HostError } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { err, ok, type Result } from '@stemma/graph/result';
import { parsePatch, structuredPatch, type StructuredPatch } from 'diff';
import type { CodeEdit } from '#lib/markdown/code-edit.ts';
import type { CodeEdits } from './code-edits.svelte.ts';

const MOST_BYTES = 4 * 1024 * 1024;
const MODE = '100644';

interface Plan {
	readonly edit: FileEdit;
	readonly files: readonly FileDiff[];
}

export class Applying {
	files = $state.raw<readonly FileDiff[]>([]);
	/** Why it cannot be made. */
	problem = $state<string | null>(null);
	isReading = $state(false);
	isWorking = $state(false);
	#edit = $state.raw<FileEdit | null>(null);
	#root = '';
	#reading = new AbortController();
	readonly #host: Host;
	readonly #edits: CodeEdits;
	readonly #wanted: CodeEdit;

	constructor(host: Host, edits: CodeEdits, wanted: CodeEdit) {
		this.#host = host;
		this.#edits = edits;
		this.#wanted = wanted;
	}

	get canApply(): boolean {
		return this.#edit !== null && !this.isReading && !this.isWorking && this.problem === null;
	}

	/** Compares with a folder as it is now, and changes nothing. */
	async look(root: string): Promise<void> {
		this.close();
		this.#reading = new AbortController();
		const { signal } = this.#reading;
		this.#root = root;
		this.isReading = true;
		const planned = await (this.#wanted.kind === 'patch'
			? planPatch(this.#wanted.patch)
			: this.#planFile(root, this.#wanted.path, this.#wanted.text, signal));
		const checked = planned.ok
			? await this.#host.call('git.apply', { root, edit: planned.value.edit, check: true }, signal)
			: null;
		if (signal.aborted) return;
		this.isReading = false;
		this.files = planned.ok ? planned.value.files : [];
		this.#edit = planned.ok ? planned.value.edit : null;
		if (!planned.ok) this.problem = planned.error;
		else if (checked?.ok === false) this.problem = checked.error.message;
		else if (checked?.value.files.length === 0) this.problem = 'The folder is like this already.';
		else this.problem = null;
	}

	/** @returns whether it was made */
	async apply(): Promise<boolean> {
		if (!this.#edit) return false;
		this.isWorking = true;
		const applied = await this.#host.call('git.apply', { root: this.#root, edit: this.#edit });
		this.isWorking = false;
		if (applied.ok) this.#edits.noteMade(this.#wanted, this.#root, applied.value);
		else this.problem = applied.error.message;
		return applied.ok;
	}

	close(): void {
		this.#reading.abort();
		this.isReading = false;
	}

	async #planFile(
		root: string,
		path: string,
		text: string,
		signal: AbortSignal
	): Promise<Result<Plan, string>> {
		const read = await this.#host.bytes('files.read', { root, path, maxBytes: MOST_BYTES }, signal);
		const now = read.ok ? toText(read.value) : read.error.code === 'not_found' ? ok(null) : told(read.error);
		if (!now.ok) return now;
		const diff = structuredPatch(path, path, now.value ?? '', text);
		return ok({
			edit: { kind: 'write', path, text, expected: now.value },
			files: [toFileDiff(diff, now.value === null ? null : path, path)]
		});
	}
}

const told = ({ message }: HostError): Result<never, string> => err(message);

function toText(bytes: Uint8Array): Result<string, string> {
	try {
		return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
	} catch {
		return err('What is there now is no text.');
	}
}

function planPatch(patch: string): Result<Plan, string> {
	try {
		const files = parsePatch(patch).map((file) =>
			toFileDiff(file, sideOf(file.oldFileName), sideOf(file.newFileName))
		);
		return ok({ edit: { kind: 'patch', patch }, files });
	} catch (thrown) {
		const why = thrown instanceof Error ? ` ${thrown.message}.` : '';
		return err(`This is no patch that can be read.${why}`);
	}
}

const sideOf = (name: string | undefined): string | null =>
	name === undefined || name === '/dev/null' ? null : name.replace(/^[ab]\//u, '');

function toFileDiff(
	{ hunks }: Pick<StructuredPatch, 'hunks'>,
	old: string | null,
	now: string | null
): FileDiff {
	const side = (path: string | null): FileDiff['change']['old'] =>
		path === null ? null : { path, mode: MODE, id: null };
	return {
		binary: false,
		truncated: false,
		change: {
			kind: old === null ? 'added' : now === null ? 'deleted' : 'modified',
			old: side(old),
			new: side(now),
			similarity: null
		},
		hunks: hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => ({
			oldStart,
			oldLines,
			newStart,
			newLines,
			lines,
			section: null
		}))
	};
}
