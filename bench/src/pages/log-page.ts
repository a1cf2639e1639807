/** The workspace in a page, for what measures its log there. */
import { openBrowserStore } from '@stemma/store/browser/open-browser-store';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import type { Workspace } from '@stemma/store/workspace/workspace';

let workspace: Workspace;

const must = <T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T => {
	if (!result.ok) throw new Error(result.error.message);
	return result.value;
};
const randomHex = (bytes: number): string =>
	[...crypto.getRandomValues(new Uint8Array(bytes))]
		.map((byte) => byte.toString(16).padStart(2, '0'))
		.join('');

const logPage = {
	/** Puts a file of the rig in the place of the database. */
	async open(name: string): Promise<void> {
		const store = must(await openBrowserStore());
		const file = await (await fetch(`/data/${name}`)).blob();
		must(await store.files.run({ act: 'inspect', file }));
		must(await store.files.run({ act: 'replace' }));
		workspace = must(await openWorkspace({ store, nowMs: () => Date.now(), randomHex }, 'bench'));
	},

	/** How long each took, ms. */
	async undo(ops: readonly string[]): Promise<number[]> {
		const times: number[] = [];
		for (const op of ops) {
			const start = performance.now();
			must(await workspace.undo(op));
			times.push(performance.now() - start);
		}
		return times;
	}
};

Object.assign(globalThis, { logPage });
export type LogPage = typeof logPage;
