/** `bun run seed FILE [--out DB]`: puts a file of conversation trees into a Stemma database. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openBunStore } from '@stemma/store/bun/open-bun-store';
import { importOasst } from '@stemma/store/import/oasst';
import { openWorkspace } from '@stemma/store/workspace/create-workspace';

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { out: { type: 'string', default: 'seed.sqlite' } }
});
const [file] = positionals;
if (file === undefined) {
	console.error('Which file? bun run seed trees.jsonl [--out seed.sqlite]');
	process.exit(2);
}
const opened = openBunStore({ path: values.out, nowMs: Date.now() });
if (!opened.ok) {
	console.error(`${values.out}: ${opened.error.message}`);
	process.exit(1);
}
const store = opened.value;
const randomHex = (bytes: number): string =>
	Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
const workspace = await openWorkspace({ store, nowMs: () => Date.now(), randomHex }, 'seed');
if (!workspace.ok) {
	console.error(workspace.error.message);
	process.exit(1);
}
const imported = await importOasst({ store, nowMs: () => Date.now() }, readFileSync(file, 'utf8'));
await store.close();
if (!imported.ok) {
	console.error(imported.error.message);
	process.exit(1);
}
const { conversations, messages, added, problems } = imported.value;
for (const problem of problems) console.error(problem);
console.log(`${values.out}: ${added} new messages of ${messages} in ${conversations} conversations.`);
console.log('To see a file of trees in the browser: Settings, Data, Import conversation trees.');
