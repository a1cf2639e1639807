/**
 * A page that writes until it dies and says, before and after each write, that it does: what was
 * acknowledged is known outside even when the page is not there any more. Every write carries a mark.
 */
import type { Result } from '@stemma/graph/result';
import { importOasst } from '@stemma/store/import/oasst';
import { openBrowserStore, type BrowserStore } from '@stemma/store/browser/open-browser-store';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import type { StoreError } from '@stemma/store/port';
import type { Appended, Workspace } from '@stemma/store/workspace/workspace';
import { CONTENT, IMPORTED, MARKS, toContent, toMarks } from '../reading.ts';

/** Four tabs that write without any pause would keep each other from the log. */
const PAUSE_MS = 20;
/** An import is a large write and a rename a small one; appending is what is done most. */
const TURNS = ['append', 'rename', 'append', 'append', 'import'] as const;

export interface Told {
	readonly at: 'asked' | 'done' | 'refused';
	readonly mark: string;
	readonly reason?: string;
}

declare global {
	/** Given by whoever drives the page. */
	var tell: (json: string) => void;
	var writer: Writer;
}

const must = <T>(
	result: { ok: true; value: T } | { ok: false; error: { code: string; message: string } }
): T => {
	if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
	return result.value;
};
const randomHex = (bytes: number): string =>
	[...crypto.getRandomValues(new Uint8Array(bytes))]
		.map((byte) => byte.toString(16).padStart(2, '0'))
		.join('');
const nowMs = (): number => performance.timeOrigin + performance.now();
const say = (told: Told): void => {
	globalThis.tell(JSON.stringify(told));
};

let store: BrowserStore;
let workspace: Workspace;

const writer = {
	/** 'ok' or the code of the error. */
	async open(): Promise<string> {
		const opened = await openBrowserStore();
		if (!opened.ok) return opened.error.code;
		store = opened.value;
		workspace = must(await openWorkspace({ store, nowMs: () => Math.floor(nowMs()), randomHex }, 'Writer'));
		return 'ok';
	},

	/** Goes on until the page dies. Marks are the name and a number: `a-1.`, `a-2.` … */
	async write(name: string): Promise<void> {
		const conversation = must(await workspace.createConversation());
		let leaf: Appended | null = null;
		const append = async (text: string): Promise<Result<unknown, StoreError>> => {
			const appended = await workspace.append({
				conversation,
				role: 'user',
				parents: leaf ? [leaf.node] : [],
				parts: [{ type: 'text', text }],
				ref: leaf?.ref ?? null
			});
			if (appended.ok) leaf = appended.value;
			return appended;
		};
		for (let i = 1; ; i++) {
			const mark = `${name}${i}.`;
			say({ at: 'asked', mark });
			const kind = TURNS[i % TURNS.length];
			const written: Result<unknown, StoreError> =
				kind === 'rename'
					? await workspace.rename(conversation, mark)
					: kind === 'import'
						? await importOasst({ store, nowMs: () => Math.floor(nowMs()) }, treeOf(mark))
						: await append(mark);
			if (written.ok) say({ at: 'done', mark });
			else say({ at: 'refused', mark, reason: `${written.error.code}: ${written.error.message}` });
			await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
		}
	},

	async marks(prefix: string): Promise<Record<string, number>> {
		return toMarks(must(await store.query(MARKS, [prefix])));
	},

	async content(): Promise<string> {
		return String(toContent(must(await store.query(CONTENT))));
	},

	/** What SQLite says about the file: 'ok', or what is wrong. */
	async integrity(): Promise<string> {
		const checked = must(await store.query('PRAGMA integrity_check'));
		const dangling = must(await store.query('PRAGMA foreign_key_check'));
		const found = checked.map((row) => String(row['integrity_check'])).join('; ');
		return dangling.length === 0 ? found : `${found}; ${dangling.length} rows refer to nothing`;
	},

	async info(): Promise<{ role: string; epoch: number }> {
		return must(await store.info());
	},

	async inspect(address: string): Promise<void> {
		const file = await (await fetch(address)).blob();
		must(await store.files.run({ act: 'inspect', file }));
	},

	async restore(act: 'merge' | 'replace'): Promise<void> {
		must(await store.files.run({ act }));
	},

	async exported(): Promise<string> {
		return must(await store.export()).toBase64();
	},

	/** Newest first: how each ended, and the text that was kept. */
	async runs(): Promise<readonly { id: string; conversation: string; state: string; text: string }[]> {
		const rows = must(
			await store.query(
				`SELECT lower(hex(run.uid)) AS id, lower(hex(conv.uid)) AS conversation, run.state,
					(SELECT p.value ->> 'text' FROM json_each(body.data) p WHERE p.value ->> 'type' = 'text') AS text
				FROM run JOIN conv ON conv.id = run.conv_id LEFT JOIN node ON node.id = run.node_id
				LEFT JOIN body ON body.id = node.body_id ORDER BY run.id DESC LIMIT 5`
			)
		);
		return rows.map((row) => ({
			id: String(row['id']),
			conversation: String(row['conversation']),
			state: String(row['state']),
			text: String(row['text'] ?? '')
		}));
	}
};
export type Writer = typeof writer;
Object.assign(globalThis, { writer });

/** One conversation in the exchange format, a question and its answers. */
function treeOf(mark: string): string {
	const replies = Array.from({ length: IMPORTED - 1 }, (_, i) => ({
		message_id: `${mark}${i}`,
		text: `${mark}${i}.`,
		role: 'assistant',
		replies: []
	}));
	return JSON.stringify({
		message_tree_id: mark,
		prompt: { message_id: `${mark}q`, text: `${mark}q.`, role: 'prompter', replies }
	});
}
