/** Texts that are referred to by hash instead of standing in a message: pasted logs, attached files. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { WorkspaceContext } from './context.ts';
import type { Workspace } from './workspace.ts';

const row = z.object({ hash: z.string(), data: z.instanceof(Uint8Array) });

export function createKeptTexts({ store }: WorkspaceContext): Pick<Workspace, 'keepText' | 'keptTexts'> {
	return {
		async keepText(text, mime) {
			const bytes = utf8ToBytes(text.toWellFormed());
			const hash = bytesToHex(sha256(bytes));
			const written = await store.batch(
				[
					{
						sql: 'INSERT INTO blob (sha256, size, mime, data) VALUES (unhex(?1), ?2, ?3, ?4) ON CONFLICT (sha256) DO NOTHING',
						params: [hash, bytes.length, mime, bytes]
					}
				],
				{ touched: { tables: ['blob'] } }
			);
			return written.ok ? ok(hash) : written;
		},
		async keptTexts(hashes) {
			if (hashes.length === 0) return ok(new Map());
			const rows = await store.query(
				`SELECT DISTINCT lower(hex(b.sha256)) AS hash, b.data FROM json_each(?1) h JOIN blob b ON b.sha256 = unhex(h.value)
				WHERE b.data IS NOT NULL`,
				[JSON.stringify(hashes)]
			);
			if (!rows.ok) return rows;
			const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
			return ok(
				new Map(
					rows.value.map((raw) => {
						const { hash, data } = row.parse(raw);
						return [hash, decoder.decode(data)];
					})
				)
			);
		}
	};
}
