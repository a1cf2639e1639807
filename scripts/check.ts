/** `bun run check`: everything that reads the code without running it. */
import { existsSync } from 'node:fs';

interface Check {
	readonly name: string;
	readonly command: readonly string[];
	readonly cwd?: string;
}

const packages = ['graph', 'store', 'provider', 'testkit', 'local-model', 'host'];
const bun = process.execPath;
const tool = (name: string): string => `node_modules/.bin/${name}`;

/** Makes what the others read, so it goes first. */
const sync: Check = { name: 'routes', command: [bun, '--bun', 'svelte-kit', 'sync'], cwd: 'app' };
const checks: readonly Check[] = [
	{ name: 'format', command: [tool('prettier'), '--check', '--log-level', 'warn', '.'] },
	{ name: 'lint (fast)', command: [tool('oxlint'), '--quiet'] },
	{ name: 'types (app)', command: [bun, '--bun', 'svelte-check', '--threshold', 'warning'], cwd: 'app' },
	...packages.flatMap((name): Check[] => [
		{ name: `types (${name})`, command: [tool('tsc'), '-p', `packages/${name}/tsconfig.json`] },
		{ name: `types (${name}, tests)`, command: [tool('tsc'), '-p', `packages/${name}/tsconfig.test.json`] }
	]),
	{ name: 'types (scripts, e2e)', command: [tool('tsc'), '-p', 'tsconfig.json'] },
	{ name: 'types (bench)', command: [tool('tsc'), '-p', 'bench/tsconfig.json'] },
	{ name: 'types (stress)', command: [tool('tsc'), '-p', 'stress/tsconfig.json'] },
	{
		name: 'imports',
		command: [bun, '--bun', 'depcruise', 'app/src', 'packages', 'bench', 'stress', 'scripts', 'e2e']
	},
	{ name: 'unused code', command: [tool('knip')] },
	{ name: 'lint', command: [tool('eslint'), '--max-warnings', '0', '.'] }
];
const AT_ONCE = 2;

async function run({ name, command, cwd = '.' }: Check): Promise<boolean> {
	const start = performance.now();
	const child = Bun.spawn([...command], {
		cwd,
		stdout: 'pipe',
		stderr: 'pipe',
		env: { ...process.env, FORCE_COLOR: '0' }
	});
	const [out, err, code] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
		child.exited
	]);
	const seconds = ((performance.now() - start) / 1000).toFixed(1);
	console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
	if (code !== 0) console.log(`${out}${err}`);
	return code === 0;
}

const results = [await run(sync)];
const pending = checks.filter(({ command }) => !command.includes('-p') || existsSync(command.at(-1) ?? ''));
await Promise.all(
	Array.from({ length: AT_ONCE }, async () => {
		for (let next = pending.shift(); next; next = pending.shift()) results.push(await run(next));
	})
);
const failed = results.filter((ok) => !ok).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
