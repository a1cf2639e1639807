/** Repositories and folders as the host reads them, against Git: run and compared in crates/git/examples/bench.rs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Benchmark, Figure } from './figure.ts';

const root = join(import.meta.dir, '../..');

export const gitBenchmarks: readonly Benchmark[] = [
	{
		name: 'git',
		run: async () => {
			const cargo = ['run', '--release', '--quiet', '-p', 'stemma-git', '--example', 'bench'];
			const { stdout, error } = spawnSync('cargo', cargo, {
				cwd: root,
				encoding: 'utf8',
				stdio: ['ignore', 'pipe', 'inherit']
			});
			if (error !== undefined) throw new Error('This benchmark needs cargo, the builder of Rust.');
			const lines = stdout.split('\n').filter((line) => line !== '');
			if (lines.length === 0) throw new Error('The benchmark of crates/git told no figure.');
			return lines.map((line) => JSON.parse(line) as Figure);
		}
	}
];
