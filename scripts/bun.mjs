/** Finds or fetches the Bun this repository pins, with nothing but Node and npm at hand. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const places = (root) => [
	join(root, 'node_modules/bun/bin/bun.exe'),
	join(root, '.cache/bun/node_modules/bun/bin/bun.exe')
];

/** The path of a working Bun of the pinned version. */
export function provideBun(root) {
	const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.bun;
	const works = (path) =>
		existsSync(path) && spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.trim() === version;
	const present = places(root).find(works);
	if (present) return present;

	const prefix = join(root, '.cache/bun');
	run('npm', ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', `bun@${version}`], root);
	const fetched = places(root)[1];
	// npm may have been told not to run install scripts; this one puts the platform's binary in place.
	if (!works(fetched)) run(process.execPath, [join(prefix, 'node_modules/bun/install.js')], prefix);
	if (!works(fetched)) throw new Error(`Bun ${version} could not be installed for this platform.`);
	return fetched;
}

/** Runs to the end with its output on ours; throws when it fails. */
export function run(command, args, cwd, input = 'ignore') {
	const { status, error } = spawnSync(command, args, { cwd, stdio: [input, 'inherit', 'inherit'] });
	if (status !== 0)
		throw new Error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : '.'}`);
}
