/** A server of a test's own, with a host program of its choice, beside the one all tests share. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OwnServer {
	/** The address with the token. */
	readonly address: string;
	readonly origin: string;
	stop(): void;
}

const TOKEN = 'e'.repeat(64);
const START_MS = 30_000;

/** @param host makes the host program's command line in a folder that is thrown away at the end */
export async function startOwnServer(port: number, host: (folder: string) => string): Promise<OwnServer> {
	const folder = mkdtempSync(join(tmpdir(), 'stemma-e2e-'));
	const binary = join(folder, 'host');
	writeFileSync(binary, `#!/bin/sh\nexec ${host(folder)} "$@"\n`);
	chmodSync(binary, 0o700);
	const server = spawn('node_modules/.bin/bun', ['app/build/index.js'], {
		stdio: ['ignore', 'inherit', 'inherit'],
		env: {
			...process.env,
			HOST: '127.0.0.1',
			PORT: String(port),
			ORIGIN: '',
			STEMMA_TOKEN: TOKEN,
			STEMMA_DATA: folder,
			STEMMA_HOST: binary
		}
	});
	const origin = `http://127.0.0.1:${port}`;
	const stop = (): void => {
		server.kill('SIGKILL');
		rmSync(folder, { recursive: true, force: true });
	};
	const end = Date.now() + START_MS;
	for (;;) {
		const isUp = await fetch(`${origin}/api/health`).then(
			({ ok }) => ok,
			() => false
		);
		if (isUp) return { address: `${origin}/#t=${TOKEN}`, origin, stop };
		if (Date.now() > end) {
			stop();
			throw new Error('The server did not start.');
		}
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}
