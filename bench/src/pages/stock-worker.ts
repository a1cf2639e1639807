/** SQLocal's stock worker. Its driver looks for a mark that SQLite no longer leaves, so it is set here. */
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import { SQLiteOpfsDriver, SQLocalProcessor } from 'sqlocal';

type Init = ConstructorParameters<typeof SQLiteOpfsDriver>[0];
const init = async (): Promise<object> => Object.assign(await sqlite3InitModule(), { opfs: {} });

const processor = new SQLocalProcessor(new SQLiteOpfsDriver(init as unknown as Init));
self.onmessage = (message): void => {
	void processor.postMessage(message);
};
processor.onmessage = (message, transfer): void => {
	self.postMessage(message, { transfer });
};
