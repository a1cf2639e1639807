import { expect, test } from 'bun:test';
import { eq } from 'drizzle-orm';
import { attempt, createDb, toStatement } from '../src/drizzle.ts';
import { device } from '../src/schema/tables.ts';
import { must, openTestStore } from './fixture.ts';

const UID = '00ff'.repeat(8);

test('a query is typed, becomes a statement of a batch, and hex is a blob in the file', async () => {
	const store = openTestStore();
	const db = createDb(store);
	const insert = db.insert(device).values({ uid: UID, name: 'one', createdAt: 5 }).onConflictDoNothing();
	must(await store.batch([toStatement(insert, 1), toStatement(insert, 0)]));
	expect(await db.select().from(device).where(eq(device.uid, UID))).toMatchObject([
		{ uid: UID, name: 'one' }
	]);
	expect(must(await store.query('SELECT typeof(uid) AS t, length(uid) AS n FROM device'))).toEqual([
		{ t: 'blob', n: 16 }
	]);
});

test('a row that is missing is undefined', async () => {
	const db = createDb(openTestStore());
	expect(await db.select().from(device).where(eq(device.uid, UID)).get()).toBeUndefined();
	expect(await db.select().from(device).all()).toEqual([]);
});

test('what the store refuses comes back as a value', async () => {
	const store = openTestStore();
	const db = createDb(store);
	const insert = db.insert(device).values({ uid: UID, name: 'one', createdAt: 5 });
	expect(await attempt(insert.run())).toMatchObject({ ok: true });
	expect(await attempt(insert.run())).toMatchObject({ ok: false, error: { code: 'constraint' } });
});

test('a transaction of its own is refused and leaves none open', async () => {
	const store = openTestStore();
	const db = createDb(store) as unknown as { transaction(run: () => Promise<void>): Promise<void> };
	let ran = false;
	const begun = db.transaction(async () => {
		ran = true;
	});
	await begun.then(
		() => expect.unreachable(),
		(thrown: unknown) => expect(String((thrown as Error).cause)).toContain('a transaction is a batch')
	);
	expect(ran).toBe(false);
	must(await store.batch([{ sql: `INSERT INTO meta (key, value) VALUES ('after', 1)`, expect: 1 }]));
});
