/** The writer's page and its database worker, bundled; by name in an address. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface WriterPage {
	/** Of the last part of an address; null for what it does not have. */
	file(name: string): { readonly body: Buffer; readonly type: string } | null;
}

const HTML = '<!doctype html><title>Writer</title><script type="module" src="writer.js"></script>';
const resolved = (name: string): string => fileURLToPath(import.meta.resolve(name));

export async function buildWriterPage(): Promise<WriterPage> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-writer-'));
	try {
		const built = await Bun.build({
			entrypoints: [join(import.meta.dir, 'pages/writer.ts'), resolved('@stemma/store/browser/db-worker')],
			target: 'browser',
			naming: '[name].[ext]',
			outdir: folder
		});
		if (!built.success) throw new Error(built.logs.map(({ message }) => message).join('\n'));
		const script = { type: 'text/javascript' };
		const files = new Map([
			['', { body: Buffer.from(HTML), type: 'text/html' }],
			['writer.js', { body: readFileSync(join(folder, 'writer.js')), ...script }],
			// A page asks for its worker by the name it has in the source.
			['db-worker.ts', { body: readFileSync(join(folder, 'db-worker.js')), ...script }],
			[
				'sqlite3.wasm',
				{
					body: readFileSync(join(resolved('@sqlite.org/sqlite-wasm'), '../sqlite3.wasm')),
					type: 'application/wasm'
				}
			]
		]);
		return { file: (name) => files.get(name) ?? null };
	} finally {
		rmSync(folder, { recursive: true });
	}
}
