/** The folders and files of a commit, one at a time; what is no text is told and not read. */
import type { FileAtInfo, HostError, TreeEntry } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { ok, type Result } from '@stemma/graph/result';
import { NewestRead } from './newest-read.svelte.ts';
import { parentOf } from './repository-place.ts';

/** As much as the host tells the authors of. */
const MOST_BYTES = 4 * 1024 * 1024;
/** A list of more is higher than a browser can draw. */
const MOST_LINES = 200_000;
const LINK_MODE = '120000';

export type AtCommit =
	| { readonly kind: 'folder'; readonly entries: readonly TreeEntry[]; readonly isCut: boolean }
	| {
			readonly kind: 'text';
			readonly lines: readonly string[];
			readonly size: number;
			readonly isCut: boolean;
	  }
	| { readonly kind: 'binary' | 'large' | 'lfs'; readonly size: number }
	| { readonly kind: 'link'; readonly target: string }
	| { readonly kind: 'submodule'; readonly id: string };

/** What was found at a place, until something is found at another. */
export interface ShownAtCommit {
	readonly commit: string;
	readonly path: string;
	readonly found: AtCommit;
}

type Read = Promise<Result<AtCommit, HostError>>;

export class FilesAtCommit {
	shown = $state.raw<ShownAtCommit | null>(null);
	problem = $state<string | null>(null);
	readonly #host: Host;
	readonly #root: string;
	readonly #newest = new NewestRead();

	constructor(host: Host, root: string) {
		this.#host = host;
		this.#root = root;
	}

	get isSlow(): boolean {
		return this.#newest.isSlow;
	}

	/** @param path of a folder when it is empty or ends in a slash */
	async open(commit: string, path: string): Promise<void> {
		const isFolder = path === '' || path.endsWith('/');
		const read = await this.#newest.run((signal) =>
			isFolder ? this.#readFolder(commit, path, signal) : this.#readFile(commit, path, signal)
		);
		if (read === null) return;
		this.shown = read.ok ? { commit, path, found: read.value } : null;
		this.problem = read.ok ? null : read.error.message;
	}

	close(): void {
		this.#newest.stop();
	}

	async #readFolder(commit: string, path: string, signal: AbortSignal): Read {
		const of = { root: this.#root, commit, path: path.replace(/\/$/, '') };
		const folder = await this.#host.call('git.tree', of, signal);
		if (!folder.ok) return folder;
		const isFolder = ({ kind }: TreeEntry): boolean => kind === 'folder';
		const { entries, truncated } = folder.value;
		const sorted = [...entries.filter(isFolder), ...entries.filter((entry) => !isFolder(entry))];
		return ok({ kind: 'folder', entries: sorted, isCut: truncated });
	}

	async #readFile(commit: string, path: string, signal: AbortSignal): Read {
		const of = { root: this.#root, commit, path };
		const info = await this.#host.call('git.file_info', of, signal);
		if (!info.ok) {
			return info.error.code === 'not_found' ? this.#readOther(commit, path, info, signal) : info;
		}
		const unread = toUnread(info.value);
		if (unread) return ok(unread);
		const bytes = await this.#host.bytes('git.file', { ...of, maxBytes: MOST_BYTES }, signal);
		if (!bytes.ok) return bytes;
		// A mark of byte order is a character one cannot see: it is told like the others.
		const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.value);
		return ok(
			info.value.mode === LINK_MODE
				? { kind: 'link', target: text }
				: { kind: 'text', size: info.value.size, ...textToLines(text) }
		);
	}

	/** What is called so and no file: the folder around it knows. */
	async #readOther(
		commit: string,
		path: string,
		missing: Result<never, HostError>,
		signal: AbortSignal
	): Read {
		const around = await this.#readFolder(commit, parentOf(path), signal);
		if (!around.ok || around.value.kind !== 'folder') return missing;
		const entry = around.value.entries.find((one) => one.path === path);
		if (entry?.kind === 'submodule') return ok({ kind: 'submodule', id: entry.id });
		return entry?.kind === 'folder' ? this.#readFolder(commit, path, signal) : missing;
	}
}

function toUnread({ size, lfs, binary, mode }: FileAtInfo): AtCommit | null {
	if (size > MOST_BYTES) return { kind: 'large', size };
	if (mode === LINK_MODE) return null;
	if (lfs) return { kind: 'lfs', size: lfs.size };
	return binary ? { kind: 'binary', size } : null;
}

function textToLines(text: string): { readonly lines: readonly string[]; readonly isCut: boolean } {
	const lines = text.split('\n', MOST_LINES + 1);
	if (lines.length > MOST_LINES) return { lines: lines.slice(0, MOST_LINES), isCut: true };
	if (lines.at(-1) === '') lines.pop();
	return { lines, isCut: false };
}
