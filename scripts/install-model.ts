/** Says what will be fetched, asks, fetches, and has one short conversation to show that it works. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLocalModel } from '@stemma/local-model/local-model';

const { values } = parseArgs({
	options: { yes: { type: 'boolean', default: false }, file: { type: 'string' } }
});
const MB = 1e6;
const PROGRESS_MS = 1000;
const dataFolder =
	process.env['STEMMA_DATA'] ??
	join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'stemma');
const model = createLocalModel({
	dataFolder,
	child: join(import.meta.dirname, '../packages/local-model/src/child.mjs'),
	runtime: process.execPath,
	fetch,
	modelFile: values.file
});

const plan = model.plan();
if (plan.items.length > 0) {
	console.log(`To be fetched into ${dataFolder}:`);
	for (const { what, bytes, from, licence } of plan.items) {
		console.log(`  ${what}, ${(bytes / MB).toFixed(0)} MB, ${licence}, from ${from}`);
	}
	if (!values.yes && !/^y(es)?$/i.test(prompt('Fetch it? [y/N]') ?? '')) process.exit(1);
}
const progress = setInterval(() => {
	const status = model.status();
	if (status.kind === 'fetching') {
		console.log(
			`${status.what}: ${(status.received / MB).toFixed(0)} of ${(status.total / MB).toFixed(0)} MB`
		);
	}
}, PROGRESS_MS);
const installed = await model.install(new AbortController().signal);
clearInterval(progress);
if (!installed.ok) {
	console.error(installed.error);
	process.exit(1);
}
const started = await model.start();
if (!started.ok) {
	console.error(started.error);
	process.exit(1);
}
const { baseUrl, secret } = started.value;
const start = performance.now();
const response = await fetch(`${baseUrl}/chat/completions`, {
	method: 'POST',
	headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
	body: JSON.stringify({ messages: [{ role: 'user', content: 'Write two sentences about trees.' }] })
});
const answer = (await response.json()) as {
	choices: { message: { content: string } }[];
	usage: { completion_tokens: number };
};
const seconds = (performance.now() - start) / 1000;
console.log(`\n${answer.choices[0]?.message.content ?? ''}\n`);
console.log(
	`${(answer.usage.completion_tokens / seconds).toFixed(0)} tokens/s. It is small: good for trying, not for facts.`
);
console.log(
	values.file === undefined
		? 'Run `npm start` and choose the small model.'
		: `Run \`STEMMA_MODEL=${values.file} npm start\` and choose the small model.`
);
model.stop();
process.exit(0);
