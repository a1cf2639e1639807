/** The host program: what reads linked folders and repositories. It is built from the crates of this checkout. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './bun.mjs';

/** The program if it is there: named by STEMMA_HOST, or built before. */
export function builtHost(root) {
	const named = process.env.STEMMA_HOST;
	if (named) return named;
	const built = join(root, 'target/release/stemma-host');
	return existsSync(built) ? built : null;
}

/** Builds the program, which takes a few minutes the first time and seconds when little has changed. */
export function buildHost(root) {
	if (process.env.STEMMA_HOST) return process.env.STEMMA_HOST;
	const lack = toolchainLack(root);
	if (lack) throw new Error(`To read folders, Stemma builds its host program. ${lack}`);
	console.log('Building the host program …');
	run(
		'cargo',
		['build', '--release', '--quiet', '--locked', '-p', 'stemma-host', '--target-dir', 'target'],
		root
	);
	return builtHost(root);
}

/**
 * Puts folders on the list of linked ones; `outside` agrees that their repositories lead out of them. Also while Stemma runs: the list is a file that every host reads
 * anew.
 */
export function linkFolders(host, dataFolder, { folders, outside }) {
	// It has nobody to speak to, so it links and ends.
	const named = folders.flatMap((path) => ['--root', path]);
	const arguments_ = ['--data', dataFolder, ...named, ...(outside ? ['--outside'] : [])];
	const { status, error } = spawnSync(host, arguments_, { stdio: ['ignore', 'ignore', 'inherit'] });
	if (status !== 0) throw new Error(error ? `${host}: ${error.message}` : 'The folder was not linked.');
}

/** What is missing to build the crates, as a sentence, or null. */
export function toolchainLack(root) {
	const needed = /rust-version = "(\d+)\.(\d+)"/.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'));
	const found = spawnSync('cargo', ['--version'], { encoding: 'utf8', cwd: root });
	const have = /cargo (\d+)\.(\d+)/.exec(found.stdout ?? '');
	const [major, minor] = needed.slice(1).map(Number);
	if (!have) return `That needs Rust ${major}.${minor} or newer: see https://rustup.rs.`;
	const isNewEnough = Number(have[1]) > major || (Number(have[1]) === major && Number(have[2]) >= minor);
	return isNewEnough
		? null
		: `That needs Rust ${major}.${minor} or newer, and this is ${have[1]}.${have[2]}.`;
}
