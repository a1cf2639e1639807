/** Changes to files that a message proposes: whether they can be made here, which is asked about, which were made. */
import type { Applied, Root } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { createContext } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { toast } from '#lib/toast.ts';
import type { CodeEdit } from '#lib/markdown/code-edit.ts';

interface Made {
	readonly root: string;
	readonly undo: string;
}

const keyOf = (edit: CodeEdit): string => JSON.stringify(edit);

export class CodeEdits {
	/** Linked folders that can be written to. */
	roots = $state.raw<readonly Root[]>([]);
	/** The one a reader looks at. */
	asked = $state.raw<CodeEdit | null>(null);
	readonly #made = new SvelteMap<string, Made>();
	readonly #host: Host;
	#looking: Promise<void> | null = null;

	constructor(host: Host) {
		this.#host = host;
	}

	/** Once a page, when the first block is there that could be applied. */
	look(): Promise<void> {
		this.#looking ??= this.refresh();
		return this.#looking;
	}

	async refresh(): Promise<void> {
		const info = await this.#host.info();
		if (!info.ok || !info.value.commands.includes('git.apply')) return;
		const listed = await this.#host.call('roots.list', {});
		if (listed.ok) this.roots = listed.value.roots.filter(({ state }) => state === 'linked');
	}

	isMade(edit: CodeEdit): boolean {
		return this.#made.has(keyOf(edit));
	}

	noteMade(edit: CodeEdit, root: string, applied: Applied): void {
		this.#made.set(keyOf(edit), { root, undo: applied.undo });
		const { length } = applied.files;
		toast(length === 1 ? 'Applied to 1 file.' : `Applied to ${length} files.`, {
			id: 'code-edit',
			action: { label: 'Undo', onClick: () => void this.undo(edit) }
		});
	}

	/** Refused by the host where a file was changed since. */
	async undo(edit: CodeEdit): Promise<void> {
		const made = this.#made.get(keyOf(edit));
		if (!made) return;
		const undone = await this.#host.call('git.undo', made);
		if (!undone.ok) {
			toast.error('It was not taken back.', { id: 'code-edit', description: undone.error.message });
			return;
		}
		this.#made.delete(keyOf(edit));
		toast('Taken back.', { id: 'code-edit' });
	}
}

const [useCodeEdits, provideCodeEdits] = createContext<CodeEdits>();
export { provideCodeEdits, useCodeEdits };
