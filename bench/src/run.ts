/** `bun run bench [name…]`: prints one JSON line per figure, exits 1 when one misses its target. */
import { appBenchmarks } from './app.ts';
import { browserStoreBenchmarks } from './browser-store.ts';
import { graphStoreBenchmarks } from './graph-store.ts';
import { markdownBenchmarks } from './markdown.ts';

const benchmarks = [
	...graphStoreBenchmarks,
	...browserStoreBenchmarks,
	...markdownBenchmarks,
	...appBenchmarks
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
	console.error(
		`Unknown: ${unknown.join(', ')}. There are: ${benchmarks.map((known) => known.name).join(', ')}.`
	);
	process.exit(2);
}

let missed = 0;
for (const benchmark of benchmarks) {
	if (wanted.length > 0 && !wanted.includes(benchmark.name)) continue;
	for (const figure of await benchmark.run()) {
		console.log(JSON.stringify(figure));
		if (!figure.ok) missed++;
	}
}
process.exit(missed > 0 ? 1 : 0);
