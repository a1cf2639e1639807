/** The conformance suite in a page: what the browser test calls by name. */
import { openBrowserStore } from '../../src/browser/open-browser-store.ts';
import type { Store } from '../../src/port.ts';
import { cases } from '../conformance.ts';

let store: Store | null = null;

const api = {
	names: cases.map(({ name }) => name),
	async open(): Promise<string> {
		const opened = await openBrowserStore();
		if (!opened.ok) return opened.error.code;
		store = opened.value;
		return 'ok';
	},
	async role(): Promise<string> {
		const info = await store?.info();
		return info?.ok === true ? `${info.value.role} ${info.value.journalMode} ${info.value.engine}` : 'none';
	},
	async run(name: string): Promise<string> {
		const found = cases.find((candidate) => candidate.name === name);
		if (!found || !store) return 'no such case, or no store';
		try {
			await found.run(store);
			return 'ok';
		} catch (thrown) {
			return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
		}
	},
	/** Writes numbered rows until stopped; the numbers that were acknowledged. */
	async write(prefix: string, count: number): Promise<readonly string[]> {
		const acknowledged: string[] = [];
		for (let i = 0; i < count; i++) {
			const name = `${prefix}-${i}`;
			const result = await store?.batch([
				{ sql: 'INSERT INTO meta (key, value) VALUES (?1, 1) ON CONFLICT DO NOTHING', params: [name] }
			]);
			if (result?.ok === true) acknowledged.push(name);
		}
		return acknowledged;
	},
	async keys(): Promise<readonly string[]> {
		const rows = await store?.query('SELECT key FROM meta');
		return rows?.ok === true ? rows.value.map((row) => String(row['key'])) : [];
	},
	async check(): Promise<string> {
		const rows = await store?.query('PRAGMA integrity_check');
		return rows?.ok === true ? String(Object.values(rows.value[0] ?? {})[0]) : 'no answer';
	}
};
Object.assign(globalThis, { conformance: api });
export type ConformancePage = typeof api;
