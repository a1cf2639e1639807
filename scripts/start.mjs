/** `npm start`: from a fresh clone to an open page. Needs Node 20 and npm; everything else it fetches. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { provideBun, run } from './bun.mjs';
import { buildHost, builtHost, linkFolders } from './host.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const port = Number(process.env.STEMMA_PORT || 47631);
const address = `http://127.0.0.1:${port}/`;

try {
	await start();
} catch (error) {
	console.error(error.message);
	process.exitCode = 1;
}

async function start() {
	if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error('STEMMA_PORT must be 1 to 65535.');
	const linked = foldersToLink();
	const token = keepToken(dataFolder());
	const host = linked.folders.length > 0 ? buildHost(root) : builtHost(root);
	if (linked.folders.length > 0) linkFolders(host, dataFolder(), linked);
	const page = `${address}#t=${token}`;
	const taken = await whoAnswers();
	if (taken === 'other') {
		throw new Error(
			`Port ${port} is used by another program. Stop it, or choose a port with STEMMA_PORT=… .`
		);
	}
	if (taken === 'stemma') {
		console.log('Stemma is running already.');
		return show(page);
	}

	const bun = provideBun(root);
	const stampFile = join(root, '.cache/build-stamp');
	const stamp = sourceStamp();
	if (!existsSync(join(root, 'app/build/index.js')) || readOr(stampFile, '') !== stamp) {
		run(bun, ['install', '--frozen-lockfile'], root);
		const build = () => run(bun, ['--bun', 'vite', 'build'], join(root, 'app'));
		try {
			build();
		} catch {
			// The bundler crashes now and then under Bun; a real error fails the second time too.
			build();
		}
		mkdirSync(join(root, '.cache'), { recursive: true });
		writeFileSync(stampFile, stamp);
	}

	const server = spawn(bun, [join(root, 'app/build/index.js')], {
		cwd: root,
		stdio: ['ignore', 'inherit', 'inherit'],
		env: {
			...process.env,
			HOST: '127.0.0.1',
			PORT: String(port),
			ORIGIN: '',
			BODY_SIZE_LIMIT: '64M',
			STEMMA_TOKEN: token,
			STEMMA_DATA: dataFolder(),
			STEMMA_HOST: host ?? ''
		}
	});
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill('SIGTERM'));
	const ended = new Promise((resolve) => server.once('exit', (code) => resolve(code ?? 0)));
	const up = await Promise.race([untilUp(), ended.then(() => false)]);
	if (!up) {
		server.kill('SIGTERM');
		throw new Error('The server did not start.');
	}
	show(page);
	process.exitCode = await ended;
}

/** Folders named by `--root`, relative to where the command was typed. */
function foldersToLink() {
	const options = { root: { type: 'string', multiple: true }, outside: { type: 'boolean', default: false } };
	const { values } = parseArgs({ options });
	const typedIn = process.env.INIT_CWD ?? process.cwd();
	return { folders: (values.root ?? []).map((path) => resolve(typedIn, path)), outside: values.outside };
}

function show(page) {
	console.log(`Stemma: ${page}`);
	if (process.env.STEMMA_OPEN === '0') return;
	const opener = platform() === 'darwin' ? 'open' : 'xdg-open';
	// Without a desktop there is nothing to open: the printed address is enough.
	spawn(opener, [page], { stdio: 'ignore', detached: true })
		.on('error', () => {})
		.unref();
}

/** 'stemma', 'other' or null when the port is free. */
async function whoAnswers() {
	try {
		const response = await fetch(`${address}api/health`, {
			signal: AbortSignal.timeout(3000),
			redirect: 'manual'
		});
		const body = await response.json().catch(() => null);
		return body?.name === 'stemma' ? 'stemma' : 'other';
	} catch (error) {
		return error.cause?.code === 'ECONNREFUSED' ? null : 'other';
	}
}

async function untilUp() {
	for (let tries = 0; tries < 300; tries++) {
		if ((await whoAnswers()) === 'stemma') return true;
		await wait(100);
	}
	return false;
}

function dataFolder() {
	if (process.env.STEMMA_DATA) return process.env.STEMMA_DATA;
	if (platform() === 'darwin') return join(homedir(), 'Library/Application Support/stemma');
	return join(process.env.XDG_DATA_HOME || join(homedir(), '.local/share'), 'stemma');
}

/** Kept, so that a bookmarked address and an open session outlive a restart. */
function keepToken(folder) {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const file = join(folder, 'token');
	const kept = readOr(file, '').trim();
	if (/^[0-9a-f]{64}$/.test(kept)) {
		chmodSync(file, 0o600);
		return kept;
	}
	const token = randomBytes(32).toString('hex');
	writeFileSync(file, token, { mode: 0o600 });
	return token;
}

/** Changes whenever something the build reads changes. */
function sourceStamp() {
	const hash = createHash('sha256');
	const skipped = new Set(['node_modules', 'build', 'build-desktop', '.svelte-kit', 'test', 'test-results']);
	const walk = (path) => {
		for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) =>
			a.name < b.name ? -1 : 1
		)) {
			if (skipped.has(entry.name)) continue;
			const child = join(path, entry.name);
			if (entry.isDirectory()) walk(child);
			else if (entry.isFile())
				hash.update(child.slice(root.length)).update('\0').update(readFileSync(child)).update('\0');
		}
	};
	walk(join(root, 'app'));
	walk(join(root, 'packages'));
	hash.update(readFileSync(join(root, 'bun.lock')));
	return hash.digest('hex');
}

function readOr(file, otherwise) {
	return existsSync(file) ? readFileSync(file, 'utf8') : otherwise;
}
