/** Opens the database once with each list of migrations it is sent, and says how that went. */
import { openDatabaseOwner } from '../src/browser/database-owner.ts';
import type { Migration } from '../src/migrate.ts';

self.addEventListener('message', async ({ data }: MessageEvent<readonly (readonly Migration[])[]>) => {
	const outcomes: string[] = [];
	for (const [i, migrations] of data.entries()) {
		const opened = await openDatabaseOwner({ migrations, nowMs: () => i + 1, onCommit: () => undefined });
		outcomes.push(opened.ok ? 'ok' : opened.error.code);
		if (opened.ok) await opened.value.close();
	}
	self.postMessage(outcomes);
});
