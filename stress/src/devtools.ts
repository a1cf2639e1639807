/**
 * Chromium by its own protocol and nothing between: Playwright keeps every page visible and awake,
 * and a page that is visible cannot be frozen.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM, FLAGS } from 'bench/chromium';

const START_MS = 30_000;

export interface Tab {
	/** Of an expression in the page, once it is settled; throws when it throws, or when the page dies first. */
	evaluate(expression: string): Promise<unknown>;
	/** Resolves with what the page said, or at once when it died. */
	send(method: string, params?: object): Promise<unknown>;
	close(): Promise<void>;
	readonly isAlive: () => boolean;
}

export interface Devtools {
	/** A new tab in front of the others. What it passes to `tell` arrives here. */
	open(address: string, tell: (json: string) => void): Promise<Tab>;
	/** Puts a tab in front; the others are hidden. */
	show(tab: Tab): Promise<void>;
	close(): Promise<void>;
}

interface Message {
	readonly id?: number;
	readonly method?: string;
	readonly sessionId?: string;
	readonly params?: { readonly name?: string; readonly payload?: string; readonly sessionId?: string };
	readonly result?: Reply;
	readonly error?: { readonly message: string };
}
interface Reply {
	readonly targetId?: string;
	readonly sessionId?: string;
	readonly result?: { readonly value?: unknown };
	readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
}

export async function openDevtools(): Promise<Devtools> {
	const profile = mkdtempSync(join(tmpdir(), 'stemma-tabs-'));
	const flags = [...FLAGS, '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`];
	const chromium = Bun.spawn([CHROMIUM, ...flags, 'about:blank'], { stdout: 'ignore', stderr: 'ignore' });
	const portFile = join(profile, 'DevToolsActivePort');
	const until = performance.now() + START_MS;
	while (!existsSync(portFile) || !readFileSync(portFile, 'utf8').includes('\n')) {
		if (performance.now() > until) throw new Error('Chromium did not start');
		await Bun.sleep(50);
	}
	const [port, path] = readFileSync(portFile, 'utf8').trim().split('\n');
	const socket = new WebSocket(`ws://127.0.0.1:${port ?? ''}${path ?? ''}`);
	await new Promise((resolve, reject) => {
		socket.addEventListener('open', resolve);
		socket.addEventListener('error', reject);
	});

	let last = 0;
	const waiting = new Map<number, { session: string | undefined; settle: (message: Message) => void }>();
	const tellers = new Map<string, (json: string) => void>();
	const targets = new Map<Tab, string>();
	const gone = (session: string): void => {
		tellers.delete(session);
		for (const entry of waiting.values())
			if (entry.session === session) entry.settle({ error: { message: 'the tab is gone' } });
	};
	socket.addEventListener('message', ({ data }) => {
		const message = JSON.parse(String(data)) as Message;
		if (message.id !== undefined) waiting.get(message.id)?.settle(message);
		else if (message.method === 'Runtime.bindingCalled')
			tellers.get(message.sessionId ?? '')?.(message.params?.payload ?? '');
		else if (message.method === 'Inspector.targetCrashed') gone(message.sessionId ?? '');
		else if (message.method === 'Target.detachedFromTarget') gone(message.params?.sessionId ?? '');
	});
	const send = (method: string, params: object, sessionId?: string): Promise<Reply> =>
		new Promise((resolve, reject) => {
			const id = ++last;
			const settle = ({ error, result }: Message): void => {
				waiting.delete(id);
				if (error) reject(new Error(`${method}: ${error.message}`));
				else resolve(result ?? {});
			};
			waiting.set(id, { session: sessionId, settle });
			socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
		});

	return {
		async open(address, tell) {
			const { targetId = '' } = await send('Target.createTarget', { url: 'about:blank' });
			const { sessionId = '' } = await send('Target.attachToTarget', { targetId, flatten: true });
			tellers.set(sessionId, tell);
			const tab: Tab = {
				isAlive: () => tellers.has(sessionId),
				send: (method, params = {}) => send(method, params, sessionId),
				async evaluate(expression) {
					const { result, exceptionDetails } = await send(
						'Runtime.evaluate',
						{ expression, awaitPromise: true, returnByValue: true },
						sessionId
					);
					if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'it threw');
					return result?.value;
				},
				async close() {
					await send('Target.closeTarget', { targetId });
					gone(sessionId);
				}
			};
			targets.set(tab, targetId);
			await tab.send('Runtime.enable');
			await tab.send('Inspector.enable');
			await tab.send('Runtime.addBinding', { name: 'tell' });
			await tab.send('Page.navigate', { url: address });
			return tab;
		},
		async show(tab) {
			await send('Target.activateTarget', { targetId: targets.get(tab) });
		},
		async close() {
			socket.close();
			chromium.kill('SIGKILL');
			await chromium.exited;
			rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
		}
	};
}
