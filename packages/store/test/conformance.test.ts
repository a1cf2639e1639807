import { afterAll, test } from 'bun:test';
import { cases } from './conformance.ts';
import { openTestStore } from './fixture.ts';

const store = openTestStore();
afterAll(() => store.close());

for (const { name, run } of cases) test(`bun: ${name}`, () => run(store));
