/** The baseline for inserts: SQLocal as it comes, with its stock driver, through its own client. */
import { SQLocal } from 'sqlocal';

const ROWS_PER_BATCH = 1000;

/** @returns rows per second */
async function insertWithStockDriver(batches: number, textChars: number): Promise<number> {
	const { sql, batch, getDatabaseInfo, destroy } = new SQLocal({
		databasePath: 'stock.sqlite3',
		processor: new Worker('/stock-worker.js', { type: 'module' })
	});
	await sql`CREATE TABLE measured (id INTEGER PRIMARY KEY, hash BLOB UNIQUE, data TEXT) STRICT`;
	const info = await getDatabaseInfo();
	if (info.storageType !== 'opfs')
		throw new Error(`the stock driver keeps it in ${String(info.storageType)}`);
	const text = 'x'.repeat(textChars);
	const start = performance.now();
	for (let i = 0; i < batches; i++) {
		await batch((build) =>
			Array.from({ length: ROWS_PER_BATCH }, () => {
				const hash = crypto.getRandomValues(new Uint8Array(32));
				return build`INSERT INTO measured (hash, data) VALUES (${hash}, ${text})`;
			})
		);
	}
	const perSecond = (batches * ROWS_PER_BATCH) / ((performance.now() - start) / 1000);
	await destroy();
	return perSecond;
}

Object.assign(globalThis, { insertWithStockDriver });
export type InsertWithStockDriver = typeof insertWithStockDriver;
