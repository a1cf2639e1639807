/**
 * `npm run desktop`: from a fresh clone to an open window. Needs Node 20, npm and Rust.
 * `-- --quick` builds without optimising; `-- --package` makes a package for Debian and Ubuntu instead of opening it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { provideBun, run } from './bun.mjs';
import { buildDesktop, desktopLack } from './desktop-build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const exec = (command, args, extra = {}, cwd = root) =>
	spawnSync(command, args, {
		cwd,
		env: { ...process.env, ...extra },
		stdio: ['ignore', 'inherit', 'inherit']
	}).status === 0;

const lack = desktopLack(root, exec);
if (lack === null) {
	const bun = provideBun(root);
	run(bun, ['install', '--frozen-lockfile'], root);
	const isPackage = process.argv.includes('--package');
	const program = buildDesktop(root, bun, exec, isPackage || !process.argv.includes('--quick'));
	if (program === null) process.exitCode = 1;
	else if (isPackage) {
		// Wanted here only: not among what every start installs.
		const made = exec(bun, ['x', '--bun', '@tauri-apps/cli@2.12.5', 'bundle', '--bundles', 'deb']);
		if (!made) process.exitCode = 1;
	} else {
		console.log(`Stemma: ${program}`);
		if (process.env.STEMMA_OPEN !== '0') {
			spawn(program, { stdio: 'inherit' }).once('exit', (code) => {
				process.exitCode = code ?? 1;
			});
		}
	}
} else {
	console.error(lack);
	process.exitCode = 1;
}
