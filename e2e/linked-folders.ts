/** The real host on real folders, behind a server of a test's own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from '@playwright/test';
import { startOwnServer, type OwnServer } from './own-server.ts';

/** Built by the suite of the crates, or by `npm start -- --root`. */
export const hostBinary = ['target/debug/stemma-host', 'target/release/stemma-host']
	.map((path) => resolve(path))
	.find(existsSync);
export const NOT_BUILT = 'the host program is not built: cargo build -p stemma-host';

/** @returns what it has written */
export function git(repository: string, ...words: readonly string[]): string {
	return execFileSync(
		'git',
		['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false', ...words],
		{
			cwd: repository,
			encoding: 'utf8',
			env: { PATH: process.env['PATH'], HOME: repository, GIT_CONFIG_NOSYSTEM: '1' }
		}
	);
}

/** @param make makes what is linked, in a folder that is thrown away at the end, and answers its paths */
export const startWithFolders = (
	port: number,
	make: (folder: string) => readonly string[]
): Promise<OwnServer> =>
	startOwnServer(port, (folder) => {
		const binary = hostBinary ?? '';
		const roots = make(folder).flatMap((path) => ['--root', path]);
		const linked = spawnSync(binary, ['--data', folder, ...roots], { stdio: 'ignore' });
		expect(linked.status, 'the folders are linked as at a start').toBe(0);
		return `"${binary}"`;
	});
