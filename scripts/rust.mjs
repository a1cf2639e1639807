/** The checks of the crates: format, lints, licences and tests. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that may be in the program. Every package needs one way to be used under these alone. */
const LICENCES = [
	'0BSD',
	'Apache-2.0',
	'Apache-2.0 WITH LLVM-exception',
	'BSD-1-Clause',
	'BSD-2-Clause',
	'BSD-3-Clause',
	'BSL-1.0',
	'CC0-1.0',
	// Of root certificates, which are data.
	'CDLA-Permissive-2.0',
	'ISC',
	'MIT',
	'MIT-0',
	'MPL-2.0',
	'Unicode-3.0',
	'Unlicense',
	'Zlib'
];

/** Little is needed: no debug information, and mold where it is installed. What is built so is built once for all. */
export function cargoEnvironment() {
	const env = { CARGO_PROFILE_DEV_DEBUG: '0', CARGO_TERM_PROGRESS_WHEN: 'never' };
	if (has('mold', ['--version']))
		env.RUSTFLAGS = `${process.env.RUSTFLAGS ?? ''} -Clink-arg=-fuse-ld=mold`.trim();
	return env;
}

/**
 * Runs all of them and counts. `exec(command, args, env)` says whether a program ended well.
 */
export function checkCrates(root, exec, reports) {
	const env = cargoEnvironment();
	const cargo = (...args) => exec('cargo', args, env);
	const steps = [
		cargo('fmt', '--check'),
		cargo('clippy', '--locked', '--all-targets', '--quiet', '--', '-D', 'warnings'),
		checkLicences(root)
	];
	const checks = {
		passed: steps.filter(Boolean).length,
		failed: steps.filter((ok) => !ok).length,
		skipped: 0
	};
	const tests = has('cargo-nextest', ['--version']) ? nextest(root, cargo, reports) : cargoTest(root, env);
	return {
		passed: checks.passed + tests.passed,
		failed: checks.failed + tests.failed,
		skipped: tests.skipped
	};
}

function nextest(root, cargo, reports) {
	const ok = cargo('nextest', 'run', '--locked', '--no-fail-fast', '--profile', 'report');
	const file = join(root, 'target/nextest/report/junit.xml');
	return existsSync(file) ? reports(readFileSync(file, 'utf8'), ok) : { passed: 0, failed: 1, skipped: 0 };
}

function cargoTest(root, env) {
	const { stdout, status } = spawnSync('cargo', ['test', '--locked', '--no-fail-fast'], {
		cwd: root,
		env: { ...process.env, ...env },
		encoding: 'utf8',
		maxBuffer: 64 * 1024 * 1024,
		stdio: ['ignore', 'pipe', 'inherit']
	});
	process.stdout.write(stdout ?? '');
	const sum = { passed: 0, failed: 0, skipped: 0 };
	for (const [, passed, failed, ignored] of (stdout ?? '').matchAll(
		/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm
	)) {
		sum.passed += Number(passed);
		sum.failed += Number(failed);
		sum.skipped += Number(ignored);
	}
	return status === 0 || sum.failed > 0 ? sum : { ...sum, failed: 1 };
}

/** Every package that is compiled, by what it says of itself. */
function checkLicences(root) {
	const { stdout, status } = spawnSync(
		'cargo',
		['metadata', '--locked', '--format-version', '1', '--quiet'],
		{ cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 }
	);
	if (status !== 0) return false;
	const bad = JSON.parse(stdout).packages.filter(({ license }) => !isFree(license ?? ''));
	for (const { name, version, license } of bad) {
		console.error(
			`${name} ${version} has the licence "${license}", which is not on the list in scripts/rust.mjs.`
		);
	}
	return bad.length === 0;
}

/** SPDX expressions as packages write them: OR gives a choice, AND binds both, a slash is an old OR. */
export function isFree(expression) {
	const text = expression.replaceAll('/', ' OR ').trim();
	if (text === '') return false;
	const open = /\(([^()]*)\)/.exec(text);
	if (open) {
		const inner = isFree(open[1]) ? 'MIT' : 'refused';
		return isFree(text.replace(open[0], inner));
	}
	return text
		.split(/ OR /i)
		.some((choice) => choice.split(/ AND /i).every((name) => LICENCES.includes(name.trim())));
}

function has(command, args) {
	return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
