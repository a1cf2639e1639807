/** Opens the database and what lives on it; everything on screen hangs from here. */
import type { KeyStore } from '@stemma/provider/key-store';
import type { Host } from '@stemma/host/host';
import type { StoreError } from '@stemma/store/port';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { createContext } from 'svelte';
import { platform } from '#platform';
import type { DeskStore } from '#lib/platform/platform.ts';
import { Announcer } from './announcer.svelte.ts';
import { Backups } from './backups.svelte.ts';
import { ModelCatalogue } from './catalogue.svelte.ts';
import { ConversationList } from './conversation-list.svelte.ts';
import { Endpoints } from './endpoints.svelte.ts';
import { FindIndex } from './find-index.svelte.ts';
import { MessageQueue } from './message-queue.svelte.ts';
import { Preferences } from './preferences.svelte.ts';
import { Replays } from './replays.svelte.ts';
import { RunRegistry } from './run-registry.svelte.ts';
import { noteTurn } from './turn-commits.ts';
import { UndoHistory } from './undo.svelte.ts';

/** What exists once the database is open. */
export interface Desk {
	readonly store: DeskStore;
	readonly workspace: Workspace;
	readonly keys: KeyStore;
	readonly endpoints: Endpoints;
	readonly runs: RunRegistry;
	readonly queue: MessageQueue;
	readonly replays: Replays;
	readonly findIndex: FindIndex;
	readonly list: ConversationList;
	readonly preferences: Preferences;
	readonly backups: Backups;
	readonly history: UndoHistory;
	readonly announcer: Announcer;
	/** Folders, Git and jobs, as far as this page has them. */
	readonly host: Host;
	/** Lower-case hex of that many random bytes. */
	readonly randomHex: (bytes: number) => string;
}

export type Boot =
	| { readonly kind: 'opening' }
	| { readonly kind: 'blocked'; readonly error: StoreError }
	| { readonly kind: 'ready'; readonly desk: Desk };

const [useDesk, setDesk] = createContext<Desk>();
export { useDesk };
export const provideDesk = (desk: Desk): Desk => setDesk(desk);

export const randomHex = (bytes: number): string =>
	[...crypto.getRandomValues(new Uint8Array(bytes))]
		.map((byte) => byte.toString(16).padStart(2, '0'))
		.join('');

export class AppState {
	boot = $state.raw<Boot>({ kind: 'opening' });
	/** Another tab runs another build of the program. */
	isOutdated = $state(false);
	/** Another tab holds the database and does not answer. */
	isWaiting = $state(false);
	role = $state<'owner' | 'follower'>('owner');

	async open(): Promise<void> {
		const session = platform.joinServer();
		const nowMs = (): number => Date.now();
		const opened = await platform.openStore(nowMs, {
			onRole: (role) => {
				this.role = role;
			},
			onLost: (error) => {
				this.boot = { kind: 'blocked', error };
			},
			onSilence: (isSilent) => {
				this.isWaiting = isSilent;
			},
			onOtherBuild: () => {
				this.isOutdated = true;
			}
		});
		if (!opened.ok) {
			this.boot = { kind: 'blocked', error: opened.error };
			return;
		}
		const store = opened.value;
		const workspace = await openWorkspace({ store, nowMs, randomHex }, platform.deviceName);
		if (!workspace.ok) {
			this.boot = { kind: 'blocked', error: workspace.error };
			return;
		}
		store.onChange(({ tables }) => {
			// Another database is in its place: nothing on screen is true any more.
			if (tables.includes('database')) location.reload();
		});
		const { keys } = platform;
		const announcer = new Announcer();
		const catalogue = new ModelCatalogue(workspace.value, keys);
		const endpoints = new Endpoints(workspace.value, keys, catalogue, nowMs);
		const history = new UndoHistory(workspace.value, announcer);
		const list = new ConversationList(workspace.value, history);
		const runs = new RunRegistry(workspace.value, announcer, randomHex);
		const host = platform.openHost(randomHex(8));
		runs.onStarted(({ id }) => void noteTurn(host, workspace.value, id));
		const replays = new Replays({ workspace: workspace.value, endpoints, runs });
		const queue = new MessageQueue({ workspace: workspace.value, endpoints, runs, replays });
		const preferences = new Preferences(workspace.value);
		await Promise.all([list.load(), endpoints.load(session), preferences.load()]);
		void runs.recover();
		this.boot = {
			kind: 'ready',
			desk: {
				store,
				workspace: workspace.value,
				keys,
				endpoints,
				runs,
				queue,
				replays,
				findIndex: new FindIndex(workspace.value),
				list,
				preferences,
				backups: new Backups(store, workspace.value, nowMs),
				history,
				announcer,
				host,
				randomHex
			}
		};
	}
}
