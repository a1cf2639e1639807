/** The desktop program itself: its windows, its database in a file, its way to models, what a window may not do. */
import { Database } from 'bun:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer, type TestServer } from '@stemma/testkit/server/test-server';
import { port as otherPort } from '../ports.ts';
import { Desktop, KEYS } from './webdriver.ts';

setDefaultTimeout(180_000);

const BINARY = process.env['STEMMA_DESKTOP_BINARY'] ?? join(import.meta.dir, '../../target/debug/stemma');
const port = otherPort + 5;
const KEY = 'sk-of-the-desktop-test';

let upstream: TestServer;
let data: string;
let desktop: Desktop;

beforeAll(async () => {
	upstream = await startTestServer({ key: KEY });
});
afterAll(async () => {
	await upstream.close();
});
beforeEach(async () => {
	data = mkdtempSync(join(tmpdir(), 'stemma-desktop-'));
	desktop = await Desktop.start(BINARY, data, port);
});
afterEach(async () => {
	await desktop.stop();
	rmSync(data, { recursive: true, force: true });
});

/** What a page would do that is not ours: the commands as they are. */
const invoke = (command: string, args: object): Promise<unknown> =>
	desktop.run(
		(name, given) => {
			const { __TAURI_INTERNALS__: internals } = globalThis as unknown as {
				__TAURI_INTERNALS__: { invoke(name: string, args: object): Promise<unknown> };
			};
			return internals.invoke(name, given).catch((thrown: unknown) => {
				throw new Error(typeof thrown === 'string' ? thrown : JSON.stringify(thrown));
			});
		},
		command,
		args
	);

async function chooseModel(name: string): Promise<void> {
	await desktop.fill('Address', upstream.url);
	await desktop.fill('Key', KEY);
	await desktop.keys(KEYS.enter);
	await desktop.fill('Model', name);
	await desktop.until(
		`the model ${name}`,
		(wanted) => document.querySelector('[role=option]')?.textContent.includes(wanted) ?? false,
		name
	);
	await desktop.keys(KEYS.enter);
	await desktop.until(
		`${name} chosen`,
		(wanted) => document.querySelector<HTMLInputElement>('[role=combobox]')?.value === wanted,
		name
	);
}

async function ask(text: string): Promise<void> {
	await desktop.fill('Message', text);
	await desktop.keys(KEYS.enter);
}

test('a first conversation is in the file when the program is started again', async () => {
	await chooseModel('Scenario plain');
	await ask('how much is it?');
	await desktop.sees('Hello, world.', 'article[aria-posinset="2"]');
	await desktop.sees('$0.000042', 'article[aria-posinset="2"]');
	await desktop.stop();

	expect(readFileSync(join(data, 'stemma.sqlite')).subarray(0, 15).toString()).toBe('SQLite format 3');
	desktop = await Desktop.start(BINARY, data, port);
	await desktop.press('how much is it?');
	await desktop.sees('Hello, world.', 'article[aria-posinset="2"]');
	await ask('and again?');
	await desktop.sees('Hello, world.', 'article[aria-posinset="4"]');
});

test('words appear as they come, and stop closes the connection', async () => {
	await chooseModel('Scenario slow');
	await ask('tell me');
	await desktop.sees('One word after', 'article[aria-busy=true]');
	await desktop.press('Stop');
	await desktop.sees('Stopped', 'article[aria-posinset="2"]');
	const until = Date.now() + 20_000;
	while (upstream.ledger().at(-1)?.abortedAt === null && Date.now() < until) await Bun.sleep(50);
	expect(upstream.ledger().at(-1)?.abortedAt, 'the server sees it').not.toBeNull();
});

test('a page that is loaded anew while an answer comes asks no server a second time', async () => {
	await chooseModel('Scenario slow');
	const before = upstream.ledger().length;
	await ask('tell me');
	await desktop.sees('One word after', 'article[aria-busy=true]');
	await desktop.run(() => {
		document.title = 'before';
		setTimeout(() => {
			location.reload();
		});
	});
	await desktop.until(
		'the page anew',
		() => document.title !== 'before' && document.readyState === 'complete'
	);
	await desktop.sees('tell me', 'article[aria-posinset="1"]');
	const until = Date.now() + 20_000;
	while (upstream.ledger()[before]?.abortedAt === null && Date.now() < until) await Bun.sleep(50);
	expect(upstream.ledger()[before]?.abortedAt, 'what nobody reads is closed').not.toBeNull();
	expect(upstream.ledger().length - before).toBe(1);
});

test('what a webview sends twice is carried out once', async () => {
	const write = (sql: string, id?: string): Promise<unknown> =>
		invoke('store_write', { request: { statements: [{ sql }] }, id });
	await desktop.until('the page', () => document.querySelector('h1, textarea') !== null);
	await write('CREATE TABLE told (n INTEGER) STRICT');
	await write('INSERT INTO told VALUES (1)', 'a page 1');
	const again = await write('INSERT INTO told VALUES (1)', 'a page 1').catch(String);
	expect(again).toContain('This was asked for already.');
	await write('INSERT INTO told VALUES (1)', 'a page 2');
	await desktop.stop();
	using database = new Database(join(data, 'stemma.sqlite'), { readonly: true });
	expect(database.query('SELECT count(*) AS n FROM told').get()).toEqual({ n: 2 });
});

test('the key is neither in the page nor in the data', async () => {
	await chooseModel('Scenario plain');
	await ask('is it safe?');
	await desktop.sees('Hello, world.', 'article[aria-posinset="2"]');
	const status = JSON.stringify(await invoke('secrets_status', { request: {} }));
	expect(status).toContain('keychain');
	expect(status).not.toContain(KEY);
	const kept = await desktop.run(async () => {
		const databases = await indexedDB.databases();
		return { names: databases.map(({ name }) => name), local: JSON.stringify(Object.entries(localStorage)) };
	});
	expect(kept.names).not.toContain('stemma-keys');
	expect(kept.local).not.toContain(KEY);
	await desktop.stop();
	const found = Bun.spawnSync(['grep', '-rlF', KEY, data]);
	expect(found.stdout.toString(), 'files with the key in them').toBe('');
});

test('where there is no keychain, keys are in a file under a passphrase that is asked for', async () => {
	const nowhere = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };
	await desktop.stop();
	desktop = await Desktop.start(BINARY, data, port, nowhere);
	await desktop.sees('no keychain that works');
	await desktop.fill('Passphrase for keys', 'apples and pears');
	await desktop.press('Use this passphrase');
	await desktop.until('the question gone', () => !document.body.innerText.includes('no keychain that works'));
	await chooseModel('Scenario plain');
	await ask('is it safe?');
	// The figures come with the end of the answer: it is stored.
	await desktop.sees('$0.000042', 'article[aria-posinset="2"]');
	await desktop.stop();
	for (const secret of [KEY, 'apples and pears'])
		expect(Bun.spawnSync(['grep', '-rlF', secret, data]).stdout.toString(), 'in no file').toBe('');

	desktop = await Desktop.start(BINARY, data, port, nowhere);
	await desktop.press('is it safe?');
	await desktop.sees('Your keys are in a file under a passphrase');
	await desktop.fill('Passphrase for keys', 'pears');
	await desktop.press('Unlock');
	await desktop.sees('passphrase', '[role=alert]');
	await desktop.fill('Passphrase for keys', 'apples and pears');
	await desktop.press('Unlock');
	await desktop.until(
		'the question gone',
		() => !document.body.innerText.includes('Your keys are in a file')
	);
	await ask('and now?');
	await desktop.sees('Hello, world.', 'article[aria-posinset="4"]');
});

test('two windows show the same', async () => {
	await chooseModel('Scenario plain');
	await ask('from the first window');
	await desktop.sees('Hello, world.', 'article[aria-posinset="2"]');
	const path = await desktop.run(() => location.pathname);
	const [first] = await desktop.windows();
	await invoke('window_open', { request: { kind: 'main', path } });
	const second = (await desktop.windows()).find((handle) => handle !== first);
	await desktop.switchTo(second ?? '');
	await desktop.sees('from the first window', 'article[aria-posinset="1"]');
	await ask('from the second window');
	await desktop.sees('Hello, world.', 'article[aria-posinset="4"]');
	await desktop.switchTo(first ?? '');
	await desktop.sees('from the second window', 'article[aria-posinset="3"]');
});

const pressKeys = (...words: string[]): string =>
	spawnSync('xdotool', words, { encoding: 'utf8' }).stdout.trim();

/** Types a path into a dialog of the system, as a person does: again if it was not listening yet. */
async function choosePath(title: string, path: string): Promise<void> {
	await inDialog(title, (isAgain) => {
		if (isAgain) pressKeys('key', 'ctrl+a');
		pressKeys('type', '--delay', '10', path);
		// Takes away what the dialog has completed.
		pressKeys('key', '--delay', '200', 'Delete', 'Return');
	});
}

/** The same where a name stands already. */
const choosePlace = (title: string, path: string): Promise<void> =>
	inDialog(title, () => {
		pressKeys('key', 'ctrl+a');
		pressKeys('type', '--delay', '10', path);
		pressKeys('key', '--delay', '200', 'Return');
	});

const answerDialog = (title: string, key: string): Promise<void> =>
	inDialog(title, () => void pressKeys('key', key));

async function inDialog(title: string, act: (isAgain: boolean) => void): Promise<void> {
	const until = Date.now() + 20_000;
	const find = (): string => pressKeys('search', '--onlyvisible', '--name', title).split('\n').at(-1) ?? '';
	let wasThere = false;
	while (Date.now() < until) {
		const dialog = find();
		if (dialog !== '') {
			pressKeys('windowfocus', '--sync', dialog);
			act(wasThere);
			wasThere = true;
		} else if (wasThere) return;
		await Bun.sleep(1_000);
	}
	throw new Error(`The dialog "${title}" ${wasThere ? 'does not go' : 'never came'}.`);
}

/** A repository with a commit, a worktree beside it that is one further, and a change that is not committed. */
function makeRepository(): string {
	const folder = join(data, 'orchard');
	mkdirSync(folder);
	const git = (...words: string[]): void => gitIn(folder, ...words);
	const gitIn = (cwd: string, ...words: string[]): void => {
		const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
		const env = { PATH: process.env['PATH'], HOME: data, GIT_CONFIG_NOSYSTEM: '1' };
		execFileSync('git', [...author, ...words], { cwd, env });
	};
	git('init', '--quiet', '--initial-branch=main');
	writeFileSync(join(folder, 'apples.txt'), 'one\n');
	git('add', '.');
	git('commit', '--quiet', '-m', 'Plant the orchard');
	const grove = join(data, 'grove');
	git('worktree', 'add', '--quiet', '-b', 'side', grove);
	writeFileSync(join(grove, 'pears.txt'), 'three pears\n');
	gitIn(grove, 'add', '.');
	gitIn(grove, 'commit', '--quiet', '-m', 'Plant pears');
	writeFileSync(join(folder, 'apples.txt'), 'one\ntwo of them\n');
	return folder;
}

test('a folder is linked in a dialog of the system, and read; what differs in it is sent to a model', async () => {
	const folder = makeRepository();
	await chooseModel('Scenario plain');
	await desktop.press('Folders');
	await desktop.sees('No folder is linked');
	await desktop.press('Link a folder');
	await choosePath('Link a folder', folder);
	await desktop.sees('Plant the orchard', '[aria-label=History]');
	await desktop.sees('two of them');
	const roots = JSON.stringify(await invoke('roots_list', { request: {} }));
	expect(roots).toContain('orchard');

	await desktop.press('New conversation');
	await desktop.fill('Message', 'Review @main..side');
	await desktop.sees('main..side', '[role=listbox]');
	await desktop.keys(KEYS.enter);
	await desktop.sees('main..side (', '[aria-label=Attached]');
	await desktop.sees('tokens', '[aria-label=Attached]');
	await desktop.keys(`please${KEYS.enter}`);
	await desktop.sees('Hello, world.', 'article[aria-posinset="2"]');
	const sent = JSON.parse(upstream.ledger().at(-1)?.body ?? '{}') as { messages?: { content: string }[] };
	const content = sent.messages?.at(-1)?.content ?? '';
	expect(content).toContain('Review please');
	expect(content).toMatch(/\[diff: main\.\.side \([0-9a-f]{7}\.\.[0-9a-f]{7}\)\]/);
	expect(content).toContain('+++ b/pears.txt\n@@ -0,0 +1 @@\n+three pears\n');
	await desktop.press('Folders');
	await desktop.sees('Plant the orchard', '[aria-label=History]');

	// A worktree reads from the repository beside it: that is asked, outside the page.
	await desktop.press('Link a folder');
	await choosePath('Link a folder', join(data, 'grove'));
	await answerDialog('leads out of its folder', 'Escape');
	await desktop.sees('reaches outside its folder');

	await desktop.press('Link a folder');
	await choosePath('Link a folder', join(data, 'grove'));
	await answerDialog('leads out of its folder', 'Return');
	await desktop.sees('side', '[aria-label=History]');
	await desktop.sees('Plant the orchard', '[aria-label=History]');
});

test('a command runs after a yes outside the page, is stopped with all it started, and its output is at hand', async () => {
	const folder = makeRepository();
	await chooseModel('Scenario plain');
	await desktop.press('Folders');
	await desktop.press('Link a folder');
	await choosePath('Link a folder', folder);
	await desktop.sees('Plant the orchard', '[aria-label=History]');
	await desktop.press('Commands');
	const add = async (name: string, line: string): Promise<void> => {
		await desktop.fill('Name', name);
		await desktop.fill('Command', line);
		await desktop.keys(KEYS.enter);
		await desktop.sees(name, '[aria-label="Commands of this folder"]');
	};
	await add('count', `sh -c 'echo 100%; touch ran; exit 3'`);
	await desktop.press('Run count');
	await answerDialog('Run this command', 'Escape');
	await desktop.until('nothing runs', () => !document.body.textContent.includes('Starting.'));
	expect(existsSync(join(folder, 'ran'))).toBe(false);

	await desktop.press('Run count');
	await answerDialog('Run this command', 'Return');
	await desktop.sees('100%', '[aria-label=Log]');
	await desktop.sees('It ended with code 3.');
	expect(existsSync(join(folder, 'ran'))).toBe(true);

	// Asked about once, and stopped with what it has started itself.
	rmSync(join(folder, 'ran'));
	await desktop.press('Run count');
	const until = Date.now() + 20_000;
	while (!existsSync(join(folder, 'ran')) && Date.now() < until) await Bun.sleep(50);
	expect(existsSync(join(folder, 'ran')), 'nobody is asked again').toBe(true);
	const marker = `stemma-${process.pid}`;
	await add('wait', `sh -c 'sleep 300 & echo waiting; sleep 300; : ${marker}'`);
	await desktop.press('Run wait');
	await answerDialog('Run this command', 'Return');
	await desktop.sees('waiting');
	// It belongs to no page.
	await desktop.run(() => {
		document.title = 'before';
		location.reload();
	});
	await desktop.until('the page anew', () => document.title === 'Folders · Stemma');
	await desktop.press('Commands');
	await desktop.sees('waiting');
	const group = spawnSync('pgrep', ['-f', marker], { encoding: 'utf8' }).stdout.trim().split('\n');
	expect(group.join(), 'it runs').not.toBe('');
	await desktop.press('Stop wait');
	await desktop.sees('Stopped');
	expect(spawnSync('pgrep', ['-f', marker], { encoding: 'utf8' }).stdout).toBe('');

	await desktop.keys(KEYS.escape);
	await desktop.press('New conversation');
	await desktop.fill('Message', 'What does @count');
	await desktop.sees('output', '[role=listbox]');
	await desktop.keys(KEYS.enter);
	await desktop.sees('output of count');
});

test('a backup goes where a dialog says, and comes back: merged, put in the place of what is there, and undone', async () => {
	const conversations = (...wanted: readonly string[]): Promise<void> =>
		desktop.until(
			`the conversations ${wanted.join(' and ')}`,
			(titles) => {
				const links = [...document.querySelectorAll('nav[aria-label=Conversations] a')];
				const shown = links.map((link) => link.textContent).filter((text) => text.includes('said'));
				return (
					shown.length === titles.length &&
					titles.every((title) => shown.some((text) => text.includes(title)))
				);
			},
			wanted
		);
	const report = '[aria-label="What is in the file"]';
	const folder = mkdtempSync(join(tmpdir(), 'stemma-elsewhere-'));
	const backup = join(folder, 'mine.sqlite');
	const wrong = join(folder, 'wrong.sqlite');
	writeFileSync(wrong, 'not a database '.repeat(100));
	await chooseModel('Scenario plain');
	await ask('said elsewhere');
	await desktop.sees('$0.000042', 'article[aria-posinset="2"]');
	await desktop.press('Settings');
	await desktop.sees('There is no backup yet');
	await desktop.press('Back up now');
	await answerDialog('Save a backup', 'Escape');
	await desktop.sees('There is no backup yet');
	await desktop.press('Back up now');
	await choosePlace('Save a backup', join(data, 'mine.sqlite'));
	await desktop.sees('Stemma keeps its own files in this folder');
	await desktop.press('Back up now');
	await choosePlace('Save a backup', backup);
	await desktop.sees('The last backup was made');
	expect(readFileSync(backup).subarray(0, 15).toString()).toBe('SQLite format 3');
	await desktop.stop();

	// Another person's program.
	rmSync(data, { recursive: true });
	mkdirSync(data);
	desktop = await Desktop.start(BINARY, data, port);
	await chooseModel('Scenario plain');
	await ask('said here');
	await desktop.sees('$0.000042', 'article[aria-posinset="2"]');
	const [first = ''] = await desktop.windows();
	await invoke('window_open', { request: { kind: 'main', path: '/' } });
	const second = (await desktop.windows()).find((handle) => handle !== first) ?? '';
	const bothShow = async (...wanted: readonly string[]): Promise<void> => {
		for (const handle of [second, first]) {
			await desktop.switchTo(handle);
			await conversations(...wanted);
		}
	};
	await bothShow('said here');
	await desktop.press('Settings');
	await desktop.press('Restore…');
	await choosePath('Restore a backup', wrong);
	await desktop.sees('This is no SQLite database. Nothing here has changed.');
	await desktop.press('Restore…');
	await choosePath('Restore a backup', backup);
	await desktop.sees('mine.sqlite', report);
	await desktop.sees('1 conversation, 2 messages', report);
	await desktop.sees('2 messages and 1 conversation are not here yet', report);
	await desktop.press('Merge');
	await desktop.sees('2 messages and 1 conversation were added');
	await bothShow('said here', 'said elsewhere');

	await desktop.press('Restore…');
	await choosePath('Restore a backup', backup);
	await desktop.sees('All its messages are here already', report);
	await desktop.press('Replace');
	await bothShow('said elsewhere');

	await desktop.press('Settings');
	await desktop.until('the copy of what was there', () => {
		const kept = [...document.querySelectorAll('li')].find((item) =>
			item.textContent.includes('before it was replaced')
		);
		const restore = [...(kept?.querySelectorAll('button') ?? [])].find((button) =>
			button.textContent.includes('Restore')
		);
		restore?.click();
		return restore !== undefined;
	});
	await desktop.sees('2 conversations, 4 messages', report);
	await desktop.press('Merge');
	await bothShow('said here', 'said elsewhere');
	await desktop.stop();
	desktop = await Desktop.start(BINARY, data, port);
	await conversations('said here', 'said elsewhere');
	expect(existsSync(join(data, 'staging')), 'nothing is left on its way').toBe(false);
	rmSync(folder, { recursive: true });
});

test('a viewer reads and cannot write', async () => {
	await desktop.sees('Where should answers come from?');
	const [first] = await desktop.windows();
	await invoke('window_open', { request: { kind: 'viewer', path: '/' } });
	const viewer = (await desktop.windows()).find((handle) => handle !== first);
	await desktop.switchTo(viewer ?? '');
	await desktop.until('the page', () => '__TAURI_INTERNALS__' in globalThis);
	const read = await desktop.run(async () => {
		const { __TAURI_INTERNALS__: internals } = globalThis as unknown as {
			__TAURI_INTERNALS__: { invoke(name: string, args: object): Promise<ArrayBuffer> };
		};
		const statements = [{ sql: 'SELECT count(*) AS n FROM meta' }];
		const frame = await internals.invoke('store_read', { request: { statements } });
		return frame instanceof ArrayBuffer ? new TextDecoder().decode(frame) : 'no bytes';
	});
	expect(read, 'rows come as raw bytes').toContain('"columns":["n"]');
	const statements = [{ sql: 'DELETE FROM meta' }];
	for (const [command, request] of [
		['store_write', { statements }],
		['store_save', { name: 'a.sqlite' }],
		['store_take_in', {}],
		['store_take_in', { copy: 'before-1-merge.sqlite' }],
		['store_migrate_incoming', { file: 1 }],
		['store_merge', { file: 1, statements, touched: { tables: [] }, nowMs: 1 }],
		['store_replace', { file: 1, statements, touched: { tables: [] }, nowMs: 1 }],
		['store_discard', { file: 1 }],
		['secrets_set', { endpoint: 'e', url: 'https://a.example', key: 'k' }],
		['window_open', { kind: 'main', path: '/' }],
		['process_name', { root: 'r', command: { name: 'test', argv: ['true'] } }],
		['process_run', { root: 'r', command: { name: 'test', argv: ['true'] } }],
		['roots_link', {}]
	] as const) {
		const refused = await invoke(command, { request }).then(
			() => 'allowed',
			(thrown: unknown) => String(thrown)
		);
		expect(refused, command).toMatch(/not allowed/);
	}
	// Reading does not become writing by what is read.
	const disguised = await desktop.run(async (given) => {
		const { __TAURI_INTERNALS__: internals } = globalThis as unknown as {
			__TAURI_INTERNALS__: { invoke(name: string, args: object): Promise<ArrayBuffer> };
		};
		return new TextDecoder().decode(await internals.invoke('store_read', { request: { statements: given } }));
	}, statements);
	expect(disguised).toContain('"ok":false');
});

test('of a stream of 200,000 messages a window is on the way, and none of the rest once it is cancelled', async () => {
	await desktop.sees('Where should answers come from?');
	const [acknowledged, stalled, sent, arrived] = await desktop.run(async () => {
		const { __TAURI_INTERNALS__: internals } = globalThis as unknown as {
			__TAURI_INTERNALS__: {
				invoke(name: string, args: object): Promise<unknown>;
				transformCallback(callback: (piece: object) => void): number;
			};
		};
		const until = async (isSo: () => boolean): Promise<void> => {
			do await new Promise((again) => setTimeout(again, 50));
			while (!isSo());
		};
		let [taken, last] = [0, 0];
		const id = internals.transformCallback((piece) => {
			// The end of the channel is told in a piece of its own.
			if (!('message' in piece)) return;
			taken++;
			// It begins with one on the way and may have one more for each that was acknowledged.
			if (taken > 1000 || taken - last < Math.min(16, (1 + last) / 2)) return;
			last = taken;
			void internals.invoke('stream_ack', { request: { channel: id, seq: taken } });
		});
		const sql =
			'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i FROM n';
		const whole = internals.invoke('store_stream', {
			request: { sql, params: [], batchRows: 1 },
			channel: { toJSON: () => `__CHANNEL__:${id}` }
		}) as Promise<{ sent: number }>;
		// What may be on the way without being acknowledged; more would come meanwhile.
		await until(() => taken >= 1000 && taken >= last + 128);
		await until(() => true);
		const waiting = taken;
		await internals.invoke('stream_cancel', { request: { channel: id } });
		const end = await whole;
		await until(() => taken >= end.sent);
		return [last, waiting, end.sent, taken];
	});
	expect(acknowledged).toBeGreaterThan(900);
	expect(stalled - acknowledged, 'as many as may be on the way').toBe(128);
	expect(sent, 'nothing was sent after the cancel').toBe(stalled);
	expect(arrived).toBe(stalled);
});

test('a second program on the same folder ends, and says why', async () => {
	await desktop.sees('Where should answers come from?');
	const env = { ...process.env, STEMMA_DATA: data };
	const second = Bun.spawnSync([BINARY], { env, timeout: 20_000 });
	expect(second.exitCode).toBe(1);
	expect(second.stderr.toString()).toContain(`Another Stemma has the folder ${data} open`);
	await desktop.stop();
	// The folder is free again, also when nothing was tidied up.
	desktop = await Desktop.start(BINARY, data, port);
	await desktop.sees('Where should answers come from?');
});

test('the page reaches nothing but itself and its program', async () => {
	await desktop.sees('Where should answers come from?');
	const reached = await desktop.run(async (address) => {
		const fetched = await fetch(`${address}/models`).then(
			() => 'fetched',
			() => 'refused'
		);
		let evaluated = 'refused';
		try {
			const made = Reflect.construct(Function, ['return "evaluated"']) as () => string;
			evaluated = made();
		} catch {
			// The page’s policy.
		}
		const frozen = Object.isFrozen(Object.prototype);
		return { fetched, evaluated, frozen };
	}, upstream.url);
	expect(reached).toEqual({ fetched: 'refused', evaluated: 'refused', frozen: true });
});
