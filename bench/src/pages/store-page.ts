/** The store of this program in a page, for what measures it there. */
import { openBrowserStore } from '@stemma/store/browser/open-browser-store';

const ROWS_PER_BATCH = 1000;
type Opened = Extract<Awaited<ReturnType<typeof openBrowserStore>>, { ok: true }>['value'];
let store: Opened;

const must = <T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T => {
	if (!result.ok) throw new Error(result.error.message);
	return result.value;
};
const middle = (times: readonly number[]): number =>
	times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
const NEWEST = `SELECT n.id, n.hash, n.role, n.created_at, b.data FROM node n JOIN body b ON b.id = n.body_id
	ORDER BY n.id DESC LIMIT 200`;
const INSERT = 'INSERT INTO measured (hash, data) VALUES (?1, ?2)';
const row = (text: string): [Uint8Array, string] => [crypto.getRandomValues(new Uint8Array(32)), text];

const storePage = {
	async open(): Promise<void> {
		store = must(await openBrowserStore());
	},

	/** Puts a file of the rig in the place of the database. */
	async take(name: string): Promise<void> {
		const file = await (await fetch(`/data/${name}`)).blob();
		must(await store.files.run({ act: 'inspect', file }));
		must(await store.files.run({ act: 'replace' }));
	},

	/** Rows in batches of 1,000 into a fresh table. @returns rows per second */
	async insert(batches: number, textChars: number): Promise<number> {
		must(
			await store.batch([
				{ sql: 'DROP TABLE IF EXISTS measured' },
				{ sql: 'CREATE TABLE measured (id INTEGER PRIMARY KEY, hash BLOB UNIQUE, data TEXT) STRICT' }
			])
		);
		const text = 'x'.repeat(textChars);
		const start = performance.now();
		for (let i = 0; i < batches; i++) {
			must(
				await store.batch(Array.from({ length: ROWS_PER_BATCH }, () => ({ sql: INSERT, params: row(text) })))
			);
		}
		return (batches * ROWS_PER_BATCH) / ((performance.now() - start) / 1000);
	},

	/** Median of one-row commits, ms. */
	async commit(repetitions: number, textChars: number): Promise<number> {
		const text = 'x'.repeat(textChars);
		const times: number[] = [];
		for (let i = 0; i < repetitions; i++) {
			const start = performance.now();
			must(await store.batch([{ sql: INSERT, params: row(text) }]));
			times.push(performance.now() - start);
		}
		return middle(times);
	},

	/** Median, ms. */
	async newest(repetitions: number): Promise<number> {
		const times: number[] = [];
		for (let i = 0; i < repetitions; i++) {
			const start = performance.now();
			const rows = must(await store.query(NEWEST));
			times.push(performance.now() - start);
			if (rows.length !== 200) throw new Error(`${rows.length} rows`);
		}
		return middle(times);
	},

	/** A walk that gives so many rows, as a stream. Medians, ms. */
	async walk(
		repetitions: number,
		sql: string,
		from: string,
		rows: number
	): Promise<{ whole: number; first: number; cancel: number }> {
		const whole: number[] = [];
		const first: number[] = [];
		const cancel: number[] = [];
		for (let i = 0; i < repetitions; i++) {
			const start = performance.now();
			let count = 0;
			for await (const batch of store.stream(sql, [from], { batchRows: 5000 })) {
				if (count === 0) first.push(performance.now() - start);
				count += batch.length;
			}
			whole.push(performance.now() - start);
			if (count !== rows) throw new Error(`${count} ancestors`);

			const controller = new AbortController();
			let aborted = 0;
			try {
				for await (const batch of store.stream(sql, [from], { signal: controller.signal })) {
					if (batch.length === 0) continue;
					aborted = performance.now();
					controller.abort();
				}
				throw new Error('it was not cancelled');
			} catch (thrown) {
				if (aborted === 0 || !controller.signal.aborted) throw thrown;
			}
			// The answer to the next question tells that the walk has stopped.
			must(await store.query('SELECT 1 AS one'));
			cancel.push(performance.now() - aborted);
		}
		return { whole: middle(whole), first: middle(first), cancel: middle(cancel) };
	},

	close: (): Promise<void> => store.close()
};

Object.assign(globalThis, { storePage });
export type StorePage = typeof storePage;
