/** A large file into place: resumed where it broke off, checked by its hash, renamed only when right. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { err, ok, type Result } from '@stemma/graph/result';

export interface FileToFetch {
	readonly url: string;
	readonly to: string;
	readonly bytes: number;
	readonly sha256: string;
}

export interface FetchFailure {
	readonly code: 'unreachable' | 'status' | 'hash' | 'aborted' | 'disk';
	readonly sentence: string;
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export async function fetchFile(
	fetch: Fetch,
	file: FileToFetch,
	signal: AbortSignal,
	onProgress: (received: number) => void
): Promise<Result<void, FetchFailure>> {
	const part = `${file.to}.part`;
	await mkdir(dirname(file.to), { recursive: true, mode: 0o700 });
	const had = existsSync(part) ? (await stat(part)).size : 0;
	const from = had < file.bytes ? had : 0;
	let response: Response;
	try {
		response = await fetch(file.url, { signal, headers: from > 0 ? { range: `bytes=${from}-` } : {} });
	} catch (thrown) {
		if (signal.aborted) return err({ code: 'aborted', sentence: 'Stopped.' });
		const cause = thrown instanceof Error ? thrown.message : String(thrown);
		return err({ code: 'unreachable', sentence: `${new URL(file.url).host} could not be reached: ${cause}` });
	}
	if (!response.ok || !response.body) {
		return err({
			code: 'status',
			sentence: `${new URL(file.url).host} answered with status ${response.status}.`
		});
	}
	// A server that does not resume sends everything again.
	const resumes = response.status === 206 && from > 0;
	const handle = await open(part, resumes ? 'a' : 'w', 0o600);
	let received = resumes ? from : 0;
	try {
		for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
			await handle.write(chunk);
			received += chunk.byteLength;
			onProgress(received);
			if (received > file.bytes) break;
		}
	} catch (thrown) {
		if (signal.aborted) return err({ code: 'aborted', sentence: 'Stopped. What was fetched is kept.' });
		const cause = thrown instanceof Error ? thrown.message : String(thrown);
		return err({
			code: 'unreachable',
			sentence: `The download broke off (${cause}). Trying again goes on from there.`
		});
	} finally {
		await handle.close();
	}
	return keepIfRight(part, file);
}

/** Moves a complete file into place, or throws the wrong one away. */
export async function keepIfRight(
	part: string,
	file: Omit<FileToFetch, 'url'>
): Promise<Result<void, FetchFailure>> {
	if ((await stat(part)).size !== file.bytes || (await sha256(part)) !== file.sha256) {
		await rm(part, { force: true });
		return err({ code: 'hash', sentence: 'The file is not the one that was expected, and was thrown away.' });
	}
	await rename(part, file.to);
	return ok(undefined);
}

export async function sha256(path: string): Promise<string> {
	const hash = createHash('sha256');
	for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
	return hash.digest('hex');
}
