/**
 * Keys of a browser alone: in IndexedDB, by endpoint id, beside and never inside the database.
 * Any script of this origin could read them; that is what the settings page says.
 */
export interface KeyStore {
	/** The key, or what stands for it on the way to a transport that knows the key itself. */
	get(endpointId: string): Promise<string | null>;
	/** @param address of the endpoint: the only place the key may go to, where that can be ensured */
	set(endpointId: string, key: string, address: string): Promise<void>;
	delete(endpointId: string): Promise<void>;
	ids(): Promise<readonly string[]>;
}

const DATABASE = 'stemma-keys';
const KEYS = 'keys';

export function createKeyStore(indexedDB: IDBFactory): KeyStore {
	const open = (): Promise<IDBDatabase> =>
		new Promise((resolve, reject) => {
			const request = indexedDB.open(DATABASE, 1);
			request.onupgradeneeded = () => request.result.createObjectStore(KEYS);
			request.onsuccess = () => {
				resolve(request.result);
			};
			request.onerror = () => {
				reject(request.error ?? new Error('IndexedDB did not open'));
			};
		});

	const withStore = async <T>(
		mode: IDBTransactionMode,
		use: (store: IDBObjectStore) => IDBRequest<T>
	): Promise<T> => {
		const database = await open();
		try {
			return await new Promise<T>((resolve, reject) => {
				const transaction = database.transaction(KEYS, mode);
				const request = use(transaction.objectStore(KEYS));
				transaction.oncomplete = () => {
					resolve(request.result);
				};
				transaction.onabort = transaction.onerror = () => {
					reject(transaction.error ?? new Error('IndexedDB refused'));
				};
			});
		} finally {
			database.close();
		}
	};

	return {
		async get(endpointId) {
			const key: unknown = await withStore<unknown>('readonly', (store) => store.get(endpointId));
			return typeof key === 'string' ? key : null;
		},
		async set(endpointId, key) {
			await withStore('readwrite', (store) => store.put(key, endpointId));
		},
		async delete(endpointId) {
			await withStore('readwrite', (store) => store.delete(endpointId));
		},
		ids: async () => (await withStore('readonly', (store) => store.getAllKeys())).map(String)
	};
}
