/** `npm test`: sets up, runs every suite even when one fails, and ends with the sum of their results. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provideBun, run } from './bun.mjs';
import { provideDebian } from './debian.mjs';
import { buildDesktop, desktopLack } from './desktop-build.mjs';
import { toolchainLack } from './host.mjs';
import { checkCrates } from './rust.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = join(root, '.cache/reports');
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

const bun = provideBun(root);
run(bun, ['install', '--frozen-lockfile'], root);
const env = {
	...process.env,
	PATH: `${dirname(bun)}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`
};

const MS_PER_MINUTE = 60_000;
/** What this machine cannot check, said once more at the end. */
const leftOut = [];
/** Tests by name, said once more at the end: the log before it is long. */
const failures = [];
const total = { passed: 0, failed: 0, skipped: 0 };
// The store's browser engine is tested with the units.
const hasChromium = provideBrowser('chromium', '/usr/bin/chromium');
suite('check', () => ({ ...ended(exec(bun, ['run', 'check'])), skipped: 0 }));
suite('rust', () => {
	const lack = toolchainLack(root);
	if (lack === null) return checkCrates(root, exec, (xml, ok) => orFailed(fromJunit(xml), ok));
	leftOut.push(`The crates (host, Git, native store) were NOT checked. ${lack}`);
	return { passed: 0, failed: 0, skipped: 0 };
});
suite('unit', () => bunTest('unit', ['packages', 'app']));
if (existsSync(join(root, 'playwright.config.ts'))) {
	suite('browser', () => {
		if (!hasChromium) return ended(false);
		const file = join(reports, 'browser.json');
		const args = [join(root, 'node_modules/@playwright/test/cli.js'), 'test', '--reporter=list,json'];
		const ok = exec(process.execPath, args, { PLAYWRIGHT_JSON_OUTPUT_FILE: file });
		if (!existsSync(file)) return ended(false);
		const { stats, suites } = JSON.parse(readFileSync(file, 'utf8'));
		failures.push(...unexpectedIn(suites));
		const { expected, flaky, unexpected, skipped } = stats;
		return orFailed({ passed: expected + flaky, failed: unexpected, skipped }, ok);
	});
}
suite('firefox', () =>
	provideBrowser('firefox-esr', '/usr/bin/firefox-esr') ? bunTest('firefox', ['./e2e/firefox']) : ended(false)
);
suite('desktop', () => {
	const lack = desktopLack(root, exec, true);
	if (lack !== null) {
		leftOut.push(`The desktop program was NOT tested. ${lack}`);
		return { passed: 0, failed: 0, skipped: 0 };
	}
	const program = buildDesktop(root, bun, exec, false);
	if (program === null) return ended(false);
	env.STEMMA_DESKTOP_BINARY = program;
	// A session bus with an unlocked keychain on it, and a screen nobody sees.
	const keychain = 'printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null';
	const session = ['dbus-run-session', '--', 'sh', '-c', `${keychain}; exec xvfb-run -a "$@"`, 'sh'];
	return bunTest('desktop', ['./e2e/desktop'], session);
});
suite('stress', () => {
	if (!hasChromium) return ended(false);
	const file = join(reports, 'stress.json');
	const ok = exec(bun, ['stress/src/run.ts', '--tenth', '--report', file]);
	return existsSync(file)
		? orFailed({ ...JSON.parse(readFileSync(file, 'utf8')), skipped: 0 }, ok)
		: ended(false);
});

for (const name of failures) console.error(`FAILED ${name}`);
for (const sentence of leftOut) console.error(`!! ${sentence}`);
console.log(line(total));
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

function suite(name, body) {
	const begun = performance.now();
	const result = body();
	for (const key of Object.keys(total)) total[key] += result[key];
	console.log(
		`${name}: ${line(result)} in ${((performance.now() - begun) / MS_PER_MINUTE).toFixed(1)} min\n`
	);
}

function line({ passed, failed, skipped }) {
	return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function exec(command, args, extra = {}, cwd = root) {
	return (
		spawnSync(command, args, {
			cwd,
			env: { ...env, ...extra },
			stdio: ['ignore', 'inherit', 'inherit']
		}).status === 0
	);
}

function ended(ok) {
	return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

/** A runner that failed without naming a test (a crash, a file that does not load) failed all the same. */
function orFailed(result, ok) {
	return ok || result.failed > 0 ? result : { ...result, failed: 1 };
}

/** `within` is a command that runs the one behind it. */
function bunTest(name, places, within = []) {
	const file = join(reports, `${name}.xml`);
	const [command, ...args] = [
		...within,
		bun,
		'test',
		...places,
		'--timeout=30000',
		'--reporter=junit',
		`--reporter-outfile=${file}`
	];
	const ok = exec(command, args);
	return existsSync(file) ? orFailed(fromJunit(readFileSync(file, 'utf8')), ok) : ended(false);
}

/** Names of the tests that did not end as they should, of Playwright's report. */
function unexpectedIn(suites) {
	return suites.flatMap((one) => [
		...(one.specs ?? []).filter(({ ok }) => !ok).map(({ title }) => `${one.file}: ${title}`),
		...unexpectedIn(one.suites ?? [])
	]);
}

function fromJunit(xml) {
	for (const [, attributes] of xml.matchAll(/<testcase\b([^>]*[^/>])>\s*<(?:failure|error)\b/g))
		failures.push(
			attribute(attributes, 'file') + attribute(attributes, 'classname') + attribute(attributes, 'name')
		);
	const outer = /<testsuites\b[^>]*>/.exec(xml)?.[0] ?? '';
	const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(outer)?.[1] ?? 0);
	const failed = count('failures') + count('errors');
	return { passed: count('tests') - failed - count('skipped'), failed, skipped: count('skipped') };
}

function attribute(attributes, name) {
	const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1];
	return value ? `${value} ` : '';
}

/** True once the program is there: from Debian's packages where that is possible. */
function provideBrowser(name, path) {
	if (provideDebian([[name, path]], exec).length === 0) return true;
	console.error(`The browser tests need ${path}: install the package "${name}".`);
	return false;
}
