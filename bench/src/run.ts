/**
 * `bun run bench [name…]`: prints one JSON line per figure, exits 1 when one misses its target.
 * `--report` writes them into docs/benchmarks.md as well.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { appBenchmarks } from './app.ts';
import { atPickerBenchmarks } from './at-picker.ts';
import { browserStoreBenchmarks } from './browser-store.ts';
import { CHROMIUM } from './chromium.ts';
import { desktopBenchmarks } from './desktop.ts';
import type { Figure } from './figure.ts';
import { compareBenchmarks } from './compare.ts';
import { findAndSwitchBenchmarks } from './find-and-switch.ts';
import { graphStoreBenchmarks } from './graph-store.ts';
import { logBenchmarks } from './log.ts';
import { gitBenchmarks } from './git.ts';
import { graphViewBenchmarks } from './graph-view.ts';
import { markdownBenchmarks } from './markdown.ts';
import { toReport } from './report.ts';
import { tabsBenchmarks } from './tabs.ts';

const benchmarks = [
	...graphStoreBenchmarks,
	...browserStoreBenchmarks,
	...logBenchmarks,
	...markdownBenchmarks,
	...compareBenchmarks,
	...graphViewBenchmarks,
	...appBenchmarks,
	...tabsBenchmarks,
	...findAndSwitchBenchmarks,
	...atPickerBenchmarks,
	...gitBenchmarks,
	...desktopBenchmarks
];

const { values, positionals: wanted } = parseArgs({
	allowPositionals: true,
	options: { report: { type: 'boolean', default: false } }
});
const unknown = wanted.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
	console.error(
		`Unknown: ${unknown.join(', ')}. There are: ${benchmarks.map((known) => known.name).join(', ')}.`
	);
	process.exit(2);
}

const figures: Figure[] = [];
let isBroken = false;
for (const benchmark of benchmarks) {
	// The desktop program takes minutes to build: its figures are made when they are asked for by name.
	const isMeant =
		wanted.length > 0 ? wanted.includes(benchmark.name) : !desktopBenchmarks.includes(benchmark);
	if (!isMeant) continue;
	try {
		for (const figure of await benchmark.run()) {
			console.log(JSON.stringify(figure));
			figures.push(figure);
		}
	} catch (thrown) {
		// The others took half an hour.
		console.error(`${benchmark.name} broke off:`, thrown);
		isBroken = true;
	}
}
if (values.report) {
	const browser = spawnSync(CHROMIUM, ['--version'], { encoding: 'utf8' }).stdout.trim();
	const day = new Date().toISOString().slice(0, 10);
	const file = Bun.file(join(import.meta.dir, '../../docs/benchmarks.md'));
	const before = (await file.exists()) ? await file.text() : '';
	await Bun.write(file, toReport(before, figures, day, [`Bun ${Bun.version}`, browser]));
}
process.exit(isBroken || figures.some(({ ok }) => !ok) ? 1 : 0);
