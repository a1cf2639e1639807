/** What differs between a browser and the desktop program. One of them is built in; nothing asks which. */
import type { Result } from '@stemma/graph/result';
import type { Host } from '@stemma/host/host';
import type { KeyStore } from '@stemma/provider/key-store';
import type { FromRunWorker } from '@stemma/provider/run-protocol';
import type { RunWorker } from '@stemma/provider/start-run-worker';
import type { Transport } from '@stemma/provider/transport';
import type { StoreFiles } from '@stemma/store/backup/files';
import type { Store, StoreError } from '@stemma/store/port';

/** The database with what can be done with files beside it. */
export interface DeskStore extends Store {
	readonly files: StoreFiles;
}

export interface StoreEvents {
	readonly onRole: (role: 'owner' | 'follower') => void;
	/** The database cannot be reached any more. */
	readonly onLost: (error: StoreError) => void;
	/** Whoever holds the database does not answer, or answers again. */
	readonly onSilence: (isSilent: boolean) => void;
	/** Another window runs another build of the page. */
	readonly onOtherBuild: () => void;
}

/** A file of keys that may need its passphrase first. */
export interface KeyVault {
	/** Null when nothing has to be unlocked; else whether the file is there already. */
	locked(): Promise<{ readonly hasFile: boolean } | null>;
	/** A sentence when the passphrase does not do. */
	unlock(passphrase: string): Promise<string | null>;
}

/** Where things are, in words for the screens. */
export interface Places {
	/** "Conversations stay …" */
	readonly data: string;
	/** The database, as a place. */
	readonly file: string;
	/** "Copies kept …" */
	readonly copies: string;
	/** Under the field for a key. */
	readonly keys: string;
	/** Of an endpoint that has one. */
	readonly key: string;
}

export interface Platform {
	readonly places: Places;
	/** What a device is called in the log, until it is named. */
	readonly deviceName: string;
	openStore(nowMs: () => number, events: StoreEvents): Promise<Result<DeskStore, StoreError>>;
	readonly keys: KeyStore;
	/** Null where keys are never locked. */
	readonly vault: KeyVault | null;
	readonly transport: Transport;
	startRuns(onMessage: (message: FromRunWorker) => void, onCrash: (message: string) => void): RunWorker;
	/** @param window names this window to the host */
	openHost(window: string): Host;
	/** Settled when a server of this page knows it, if there will ever be one. */
	joinServer(): Promise<unknown>;
	/** Asked whether the data are kept and how much room there is; null where the data are a file of the user. */
	readonly storage: StorageManager | null;
}
