/** A window of the desktop program, driven over WebDriver by WebKitWebDriver. One program at a time. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const DRIVER = '/usr/bin/WebKitWebDriver';
const PATIENCE_MS = 30_000;
const FAREWELL_MS = 5_000;
const LOOK_MS = 50;
/** What GTK's own file dialog says of itself, hundreds of times. */
const TOOLKIT_NOISE = /^\(stemma:\d+\): Gtk-CRITICAL \*\*: [\d:.]+: gtk_(tree_model|widget)_/;
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

export const KEYS = { enter: '\uE007', escape: '\uE00C', control: '\uE009' } as const;

export class Desktop {
	readonly #driver: ChildProcess;
	readonly #session: string;
	/** The driver may end by itself, with its program. */
	readonly #gone: Promise<unknown>;
	/** Just before the program was started, ms since 1970. */
	readonly launchedAt: number;

	private constructor(driver: ChildProcess, session: string, gone: Promise<unknown>, launchedAt: number) {
		this.#driver = driver;
		this.#session = session;
		this.#gone = gone;
		this.launchedAt = launchedAt;
	}

	/** Of the program and all it has started. */
	processes(): readonly string[] {
		const below = (pid: string): readonly string[] => [pid, ...childrenOf(Number(pid)).flatMap(below)];
		return childrenOf(this.#driver.pid ?? 0).flatMap(below);
	}

	/** Starts the program on a data folder of its own. */
	static async start(
		binary: string,
		data: string,
		port: number,
		environment: Readonly<Record<string, string>> = {}
	): Promise<Desktop> {
		const driver = spawn(DRIVER, [`--port=${port}`, '--host=127.0.0.1'], {
			stdio: ['ignore', 'inherit', 'pipe'],
			env: {
				...process.env,
				...environment,
				TAURI_WEBVIEW_AUTOMATION: 'true',
				NO_AT_BRIDGE: '1',
				MESA_SHADER_CACHE_DISABLE: 'true',
				STEMMA_DATA: data,
				// What the webview itself keeps.
				XDG_DATA_HOME: `${data}/webview`,
				XDG_CACHE_HOME: `${data}/cache`
			}
		});
		const gone = new Promise((resolve) => {
			driver.once('exit', resolve);
		});
		createInterface({ input: driver.stderr }).on('line', (line) => {
			if (line !== '' && !TOOLKIT_NOISE.test(line)) process.stderr.write(`${line}\n`);
		});
		const address = `http://127.0.0.1:${port}`;
		const until = Date.now() + PATIENCE_MS;
		while ((await fetch(`${address}/status`).catch(() => null)) === null) {
			if (Date.now() > until) throw new Error(`${DRIVER} does not answer.`);
			await Bun.sleep(LOOK_MS);
		}
		const options = { binary, args: [] };
		const launchedAt = Date.now();
		const created = await request('POST', `${address}/session`, {
			capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } }
		});
		const session = `${address}/session/${(created as { sessionId: string }).sessionId}`;
		await request('POST', `${session}/timeouts`, { script: PATIENCE_MS });
		return new Desktop(driver, session, gone, launchedAt);
	}

	/** Closes all windows, as a user does, and waits for the program to be gone. */
	async stop(): Promise<void> {
		const programs = childrenOf(this.#driver.pid ?? 0);
		for (const handle of await this.windows().catch(() => [])) {
			// The session goes with its last window, which is no fault.
			await this.switchTo(handle).catch(() => undefined);
			await request('DELETE', `${this.#session}/window`).catch(() => undefined);
		}
		const until = Date.now() + PATIENCE_MS;
		while (programs.some((pid) => existsSync(`/proc/${pid}/exe`))) {
			if (Date.now() > until) throw new Error('The program does not end with its last window.');
			await Bun.sleep(LOOK_MS);
		}
		await request('DELETE', this.#session).catch(() => undefined);
		this.#driver.kill('SIGTERM');
		await this.#gone;
	}

	/** Carries a function out in the page; it knows nothing but its arguments. */
	async run<A extends unknown[], R>(page: (...args: A) => R | Promise<R>, ...args: A): Promise<R> {
		const script = `const done = arguments[arguments.length - 1];
			Promise.resolve().then(() => (${String(page)})(...[].slice.call(arguments, 0, -1)))
				.then((value) => done({ value }), (thrown) => done({ thrown: String(thrown?.message ?? thrown) }));`;
		const answer = (await this.#post('execute/async', { script, args })) as
			{ readonly value: R } | { readonly thrown: string };
		if ('thrown' in answer) throw new Error(answer.thrown);
		return answer.value;
	}

	async until<A extends unknown[]>(
		what: string,
		page: (...args: A) => boolean | Promise<boolean>,
		...args: A
	): Promise<void> {
		const limit = Date.now() + PATIENCE_MS;
		while (!(await this.run(page, ...args).catch(() => false))) {
			if (Date.now() > limit) {
				const seen = await this.run(() => document.body.innerText);
				throw new Error(`${what}, never seen on:\n${seen.slice(0, 3000)}`);
			}
			await Bun.sleep(LOOK_MS);
		}
	}

	async sees(text: string, within = 'body'): Promise<void> {
		await this.until(
			`"${text}" in ${within}`,
			(selector, wanted) =>
				[...document.querySelectorAll<HTMLElement>(selector)].some((place) =>
					place.innerText.includes(wanted)
				),
			within,
			text
		);
	}

	/** Writes over what the field of this name holds. */
	async fill(label: string, text: string): Promise<void> {
		const value = `(//input | //textarea)[@aria-label="${label}" or ancestor::label[starts-with(normalize-space(), "${label}")]]`;
		await this.until(
			`the field ${label}`,
			(path) => document.evaluate(path, document, null, XPathResult.BOOLEAN_TYPE).booleanValue,
			value
		);
		const found = (await this.#post('element', { using: 'xpath', value })) as { [ELEMENT]: string };
		await this.#post(`element/${found[ELEMENT]}/clear`, {});
		await this.#post(`element/${found[ELEMENT]}/value`, { text });
	}

	/** Types where the focus is. */
	async keys(text: string): Promise<void> {
		const active = (await request('GET', `${this.#session}/element/active`)) as { [ELEMENT]: string };
		await this.#post(`element/${active[ELEMENT]}/value`, { text });
	}

	async press(name: string): Promise<void> {
		await this.until(
			`"${name}" to press`,
			(wanted) => {
				const button = [...document.querySelectorAll<HTMLElement>('button, a, [role=option]')].find(
					(element) =>
						!element.matches(':disabled') &&
						element.checkVisibility() &&
						(element.getAttribute('aria-label') ?? element.textContent).trim().startsWith(wanted)
				);
				button?.click();
				return button !== undefined;
			},
			name
		);
	}

	async windows(): Promise<readonly string[]> {
		return (await request('GET', `${this.#session}/window/handles`)) as readonly string[];
	}

	async switchTo(handle: string): Promise<void> {
		await this.#post('window', { handle });
	}

	/** PNG bytes of what the page looks like. */
	async screenshot(): Promise<Buffer> {
		return Buffer.from((await request('GET', `${this.#session}/screenshot`)) as string, 'base64');
	}

	#post(path: string, body: object): Promise<unknown> {
		return request('POST', `${this.#session}/${path}`, body);
	}
}

const childrenOf = (pid: number): readonly string[] =>
	spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
		.stdout.split(/\s+/)
		.filter((text) => text !== '');

async function request(method: string, url: string, body?: object): Promise<unknown> {
	const response = await fetch(url, {
		method,
		// A driver whose program is gone may never answer.
		signal: AbortSignal.timeout(method === 'DELETE' ? FAREWELL_MS : 2 * PATIENCE_MS),
		...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {})
	});
	const { value } = (await response.json()) as { value: unknown };
	if (response.ok) return value;
	const { error, message } = value as { error: string; message: string };
	throw new Error(`${error}: ${message}`);
}
