/** `bun run stress [--tenth | --times N] [--seed S] [--report FILE] [name…]`: ends with one line, exits 1 when anything failed. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRandom } from '@stemma/provider/practice/generate';
import type { Drill } from './drill.ts';
import { kills } from './kills.ts';
import { leaders } from './leaders.ts';
import { backups, restores } from './restores.ts';

const drills: readonly Drill[] = [leaders, backups, restores, kills];

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		tenth: { type: 'boolean' },
		times: { type: 'string' },
		seed: { type: 'string' },
		report: { type: 'string' }
	}
});
const unknown = positionals.filter((name) => !drills.some((drill) => drill.name === name));
if (unknown.length > 0) {
	console.error(`Unknown: ${unknown.join(', ')}. There are: ${drills.map(({ name }) => name).join(', ')}.`);
	process.exit(2);
}

let passed = 0;
let failed = 0;
for (const drill of drills) {
	if (positionals.length > 0 && !positionals.includes(drill.name)) continue;
	const seed = Number(values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
	const times = Number(values.times ?? (values.tenth ? Math.ceil(drill.times / 10) : drill.times));
	console.log(`${drill.name}: ${times} times (again: --times ${times} --seed ${seed} ${drill.name})`);
	let done = 0;
	const start = performance.now();
	try {
		await drill.run(times, {
			random: createRandom(seed),
			ended(what, faults) {
				done++;
				if (faults.length === 0) passed++;
				else failed++;
				console.log(`  ${faults.length === 0 ? 'ok  ' : 'FAIL'} ${done}/${times} ${what}`);
				for (const fault of faults) console.log(`       ${fault}`);
			},
			note(text) {
				console.log(`  ${text}`);
			}
		});
	} catch (thrown) {
		failed++;
		console.log(
			`  FAIL ${drill.name} stopped: ${thrown instanceof Error ? (thrown.stack ?? '') : String(thrown)}`
		);
	}
	console.log(`  ${Math.round((performance.now() - start) / 1000)} s`);
}
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify({ passed, failed }));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
