import { expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { YAML } from 'bun';
import { ok } from '@stemma/graph/result';
import { createHarness, fastTimers } from './harness.ts';

const folder = fileURLToPath(new URL('../../../../shared/data/openrouter-cassettes/', import.meta.url));
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : [];

if (files.length === 0)
	process.stderr.write(`Recorded exchanges are not replayed: there are none at ${folder}.\n`);

interface Recorded {
	readonly status: number;
	readonly body: string;
	readonly isStream: boolean;
}

function recorded(file: string): readonly Recorded[] {
	const { interactions } = YAML.parse(readFileSync(folder + file, 'utf8')) as {
		interactions: {
			response: {
				status: { code: number };
				headers: Record<string, string[]>;
				body?: { string: string };
				parsed_body?: unknown;
			};
		}[];
	};
	return interactions.map(({ response }) => ({
		status: response.status.code,
		isStream: (response.headers['content-type'] ?? []).some((type) => type.includes('event-stream')),
		body: response.body?.string ?? JSON.stringify(response.parsed_body)
	}));
}

test.skipIf(files.length === 0)('recorded exchanges replay to one outcome however they are cut', async () => {
	let replayed = 0;
	for (const file of files) {
		for (const { status, body, isStream } of recorded(file)) {
			const outcomes = [];
			for (const size of [1, 7, 64, 1 << 20]) {
				const bytes = new TextEncoder().encode(body);
				const harness = await createHarness({
					timers: fastTimers(1000),
					transport: () =>
						Promise.resolve(
							ok({
								status,
								header: (name: string) =>
									name === 'content-type' ? (isStream ? 'text/event-stream' : 'application/json') : null,
								body: new ReadableStream<Uint8Array>({
									start(controller) {
										for (let at = 0; at < bytes.length; at += size)
											controller.enqueue(bytes.slice(at, at + size));
										controller.close();
									}
								})
							})
						)
				});
				const { outcome } = await harness.run('recorded');
				await harness.server.close();
				outcomes.push({ ...outcome, reasoningMs: null });
			}
			expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size, file).toBe(1);
			const outcome = outcomes[0];
			expect(outcome?.state, file).toBe(status === 200 ? 'done' : 'failed');
			if (status === 200) expect((outcome?.content ?? '') + (outcome?.reasoning ?? ''), file).not.toBe('');
			expect(JSON.stringify(outcome)).not.toMatch(/user_2w/);
			replayed++;
		}
	}
	expect(replayed).toBeGreaterThan(3);
});
