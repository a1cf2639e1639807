/** Workspaces on a fresh in-memory database with a clock and random bytes that repeat. */
import { openBunStore } from '../src/bun/open-bun-store.ts';
import type { Store } from '../src/port.ts';
import { openWorkspace } from '../src/workspace/create-workspace.ts';
import type { Workspace } from '../src/workspace/workspace.ts';
import { watchPlans } from './plans.ts';
import type { Result } from '@stemma/graph/result';

export function must<T, E>(result: Result<T, E>): T {
	if (!result.ok) throw new Error(JSON.stringify(result.error));
	return result.value;
}

let counter = 0;
let now = 1_700_000_000_000;
export const testDeps = {
	nowMs: () => (now += 5),
	randomHex: (bytes: number) => (++counter).toString(16).padStart(bytes * 2, '0')
};

export const openTestStore = (): Store => must(openBunStore({ path: ':memory:', nowMs: now }));

export async function openTestWorkspace(
	store: Store = openTestStore()
): Promise<{ store: Store; workspace: Workspace }> {
	return { store, workspace: must(await openWorkspace({ store: watchPlans(store), ...testDeps }, 'test')) };
}

export const text = (value: string) => [{ type: 'text' as const, text: value }];
