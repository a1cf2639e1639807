/**
 * Watches how SQLite means to answer what is asked: nothing on the way of the user may read a whole table
 * that grows with the history. Asked of empty databases that claim to be large ones, and of one that
 * claims nothing, for the planner chooses otherwise with statistics than without.
 */
import { Database } from 'bun:sqlite';
import { migrations } from '../src/migrations/migrations.ts';
import type { Statement, Store } from '../src/port.ts';

/** Rows of every table, and rows for each value of the columns of every index, as `sqlite_stat1` has them. */
const LARGE: readonly (readonly [table: string, index: string, stat: string])[] = [
	['node', 'sqlite_autoindex_node_1', '1000000 1'],
	['node', 'node_conv_pos', '1000000 300 2'],
	['node', 'node_parent', '980000 2'],
	['node', 'node_change', '1000000 2'],
	['node', 'node_body', '1000000 1'],
	['node', 'node_jump', '980000 3'],
	['node', 'node_outline', '1000000 300 1 1 1 1 1'],
	['edge', 'edge', '990000 1 1'],
	['edge', 'edge_further', '10000 1'],
	['edge', 'edge_parent', '990000 2 1'],
	['link', 'link', '90000 1 1 1'],
	['link', 'link_dst', '90000 1 1'],
	['body', 'sqlite_autoindex_body_1', '1000000 1'],
	['conv', 'sqlite_autoindex_conv_1', '20000 1'],
	['conv', 'conv_last_at', '20000 24'],
	['ref', 'sqlite_autoindex_ref_1', '20000 1 1'],
	['ref_head', 'ref_head', '20000 1 1'],
	['ref_head', 'ref_head_node', '20000 1'],
	['op', 'sqlite_autoindex_op_1', '500000 1'],
	['op', 'sqlite_autoindex_op_2', '500000 250000 1'],
	['op', 'op_hlc', '500000 1'],
	['op', 'op_conv', '500000 25 1'],
	['op', 'op_register', '500000 20 1'],
	['op', 'op_entry', '500000 1 1']
];
/** What an import of a hundred thousand messages leaves. */
const IMPORTED: typeof LARGE = [
	['node', 'sqlite_autoindex_node_1', '100000 1'],
	['node', 'node_conv_pos', '100000 34 2'],
	['node', 'node_parent', '97882 2'],
	['node', 'node_change', '100000 2'],
	['node', 'node_body', '100000 1'],
	['node', 'node_jump', '97882 3'],
	['node', 'node_outline', '100000 34 1 1 1 1 1'],
	['edge', 'edge', '98632 1 1'],
	['edge', 'edge_further', '750 1'],
	['edge', 'edge_parent', '98632 2 1'],
	['link', 'link', '9540 1 1 1'],
	['link', 'link_dst', '9540 1 1'],
	['body', 'sqlite_autoindex_body_1', '100000 1'],
	['conv', 'sqlite_autoindex_conv_1', '2118 1'],
	['conv', 'conv_last_at', '2118 24'],
	['ref', 'sqlite_autoindex_ref_1', '2118 1 1'],
	['ref_head', 'ref_head', '2118 1 1'],
	['ref_head', 'ref_head_node', '2118 1'],
	['op', 'sqlite_autoindex_op_1', '2118 1'],
	['op', 'sqlite_autoindex_op_2', '2118 2001 1'],
	['op', 'op_hlc', '2118 1'],
	['op', 'op_conv', '2118 1 1'],
	['op', 'op_register', '2118 1 1'],
	['op', 'op_entry', '2118 1 1'],
	['op', 'op_facet', '2118 2001 1 1']
];
const GROWS = [
	'node',
	'edge',
	'link',
	'body',
	'op',
	'op_seen',
	'member',
	'ref_head',
	'attempt',
	'run_commit',
	'find_entry'
];

/** What may read much, and why. */
const ALLOWED: readonly (readonly [part: string, sql: string])[] = [
	// At most 400 of them.
	['SEARCH candidate USING AUTOMATIC', 'candidate (node_id, ref, at)'],
	// From the end, up to the first.
	['SCAN op', "SELECT id FROM op WHERE facet <> 'setting' ORDER BY id DESC LIMIT 1"],
	// A page at a time, in the order of the index.
	['SCAN op USING INDEX op_', 'AS taken_back'],
	// A state of the whole workspace is planned from all that came after it.
	['SCAN o', 'WITH late AS'],
	// What one has said about messages, once when a list of tags opens.
	['SCAN member', 'GROUP BY value ORDER BY count(*) DESC']
];

function shadow(statistics: typeof LARGE): Database {
	const database = new Database(':memory:', { strict: true });
	for (const { sql } of migrations) database.run(sql);
	if (statistics.length > 0) {
		database.run('ANALYZE');
		for (const row of statistics)
			database.run('INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)', [...row]);
		database.run('ANALYZE sqlite_schema');
	}
	return database;
}

/** Names that stand for tables, by alias. */
function tableOf(name: string, sql: string): string {
	const alias = new RegExp(`\\b(\\w+)\\s+(?:AS\\s+)?${name}\\b`, 'gi');
	const named = [...sql.matchAll(alias)]
		.map((found) => found[1] ?? '')
		.filter((table) => GROWS.includes(table));
	return GROWS.includes(name) ? name : (named[0] ?? name);
}

function createPlanWatch(): (sql: string) => readonly string[] {
	const shadows = [shadow([]), shadow(IMPORTED), shadow(LARGE)];
	const seen = new Map<string, readonly string[]>();
	return (sql) => {
		const known = seen.get(sql);
		if (known) return known;
		const found = shadows.flatMap((database) => {
			const plan = database.query(`EXPLAIN QUERY PLAN ${sql}`);
			const rows = plan.all(...Array.from({ length: plan.paramsCount }, () => null)) as { detail: string }[];
			return rows
				.map(({ detail }) => detail)
				.filter((detail) => {
					if (ALLOWED.some(([part, text]) => detail.startsWith(part) && sql.includes(text))) return false;
					const scanned = /^SCAN (\w+)/.exec(detail)?.[1];
					return /AUTOMATIC/.test(detail) || (scanned !== undefined && GROWS.includes(tableOf(scanned, sql)));
				});
		});
		seen.set(sql, found);
		return found;
	};
}

const watch = createPlanWatch();

/** The same store; whoever asks it for what reads too much is told so by an exception. */
export function watchPlans(store: Store): Store {
	const look = (sql: string): void => {
		const parts = watch(sql);
		if (parts.length > 0) throw new Error(`Reads whole tables: ${[...new Set(parts)].join('; ')}\n${sql}`);
	};
	return {
		...store,
		query(sql, params) {
			look(sql);
			return store.query(sql, params);
		},
		batch(statements: readonly Statement[], options) {
			for (const { sql } of statements) look(sql);
			return store.batch(statements, options);
		},
		stream(sql, params, options) {
			look(sql);
			return store.stream(sql, params, options);
		}
	};
}
