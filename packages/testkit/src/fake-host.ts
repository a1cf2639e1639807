/**
 * A host program for tests: speaks the protocol, and misbehaves on request. With FAKE_JOBS it has jobs: one
 * that goes on until it is stopped, and one that failed.
 */
import { createInterface } from 'node:readline';
import { PROTOCOL, type Job, type LogLine, type ToHost } from '@stemma/host/generated/commands';

const write = (line: unknown): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const protocol = process.env['FAKE_PROTOCOL'] ? Number(process.env['FAKE_PROTOCOL']) : PROTOCOL;

const WINDOW = 128;
const streams = new Map<number, { sent: number; acked: number; cancelled: boolean }>();

function pump(id: number): void {
	const stream = streams.get(id);
	if (!stream) return;
	if (stream.cancelled) {
		streams.delete(id);
		// What this stream was told is how a test sees it.
		write({ type: 'failed', id, error: { code: 'cancelled', message: 'Stopped.', retryable: false } });
		return;
	}
	while (stream.sent < stream.acked + WINDOW) {
		stream.sent++;
		write({ type: 'item', id, seq: stream.sent, value: { jobs: [], pad: 'x'.repeat(2_000) } });
	}
}

const hasJobs = process.env['FAKE_JOBS'] !== undefined;
const TICK_MS = 50;
const failed = {
	code: 'timed_out',
	message: 'This took too long and was stopped.',
	retryable: true
} as const;
const job = (id: string, label: string): Job => ({
	id,
	kind: 'git.ingest',
	label,
	owner: null,
	root: null,
	state: 'running',
	progress: null,
	startedAt: Date.now(),
	endedAt: null,
	error: null,
	lines: 0
});
const lines: LogLine[] = [];
let going: Job = job('job-2', 'Read a long history');
const broken: Job = {
	...job('job-1', 'Read a strange history'),
	state: 'failed',
	endedAt: Date.now() + 1_500,
	error: failed
};
/** Streams of jobs and of words, with what they were told last. */
const watchers = new Map<number, { readonly kind: 'jobs' | 'log'; seq: number; told: number }>();

function tell(): void {
	if (going.state === 'running') {
		lines.push({ source: lines.length % 5 === 4 ? 'err' : 'out', text: `commit ${lines.length + 1}` });
		going = { ...going, lines: lines.length, progress: { done: lines.length, total: 2_000 } };
	}
	for (const [id, watcher] of watchers) {
		const send = (value: unknown): void => {
			write({ type: 'item', id, seq: ++watcher.seq, value });
		};
		if (watcher.kind === 'jobs') send({ jobs: [going, broken] });
		else {
			const news = lines.slice(watcher.told);
			if (news.length > 0) send({ first: watcher.told, lines: news });
			watcher.told = lines.length;
			if (going.state !== 'running') {
				watchers.delete(id);
				write({ type: 'end', id });
			}
		}
	}
}
if (hasJobs) setInterval(tell, TICK_MS);

/** Whether it was about the jobs. */
function answerJobs(line: ToHost): boolean {
	if (!hasJobs) return false;
	if (line.type === 'cancel' && watchers.delete(line.id)) {
		write({ type: 'end', id: line.id });
		return true;
	}
	if (line.type !== 'call') return line.type === 'ack';
	const { id, command } = line;
	if (command === 'jobs.watch' || command === 'jobs.log') {
		watchers.set(id, { kind: command === 'jobs.log' ? 'log' : 'jobs', seq: 0, told: 0 });
		return true;
	}
	if (command !== 'jobs.cancel') return false;
	going = { ...going, state: 'cancelled', endedAt: Date.now() };
	write({ type: 'answer', id, value: {} });
	return true;
}

function answer(line: ToHost): void {
	if (answerJobs(line)) return;
	if (line.type === 'ack') {
		const stream = streams.get(line.id);
		if (stream) stream.acked = line.seq;
		pump(line.id);
		return;
	}
	if (line.type === 'cancel') {
		const stream = streams.get(line.id);
		if (stream) stream.cancelled = true;
		pump(line.id);
		return;
	}
	if (line.type !== 'call') return;
	const { id } = line;
	switch (line.command) {
		case 'host.info': {
			const state = [...streams.values()];
			const commands = [
				`pid ${process.pid}`,
				`sent ${state[0]?.sent ?? 0}`,
				`open ${state.length}`,
				String(line.owner)
			];
			write({ type: 'answer', id, value: { version: '0', os: 'linux', linking: 'start_flag', commands } });
			return;
		}
		case 'jobs.watch':
			streams.set(id, { sent: 0, acked: 0, cancelled: false });
			pump(id);
			return;
		case 'jobs.log':
			write({ type: 'item', id, seq: 1, value: { first: 0, lines: [{ source: 'out', text: 'hello' }] } });
			write({ type: 'end', id });
			return;
		case 'roots.unlink':
			write({ type: 'failed', id, error: { code: 'not_found', message: 'Not linked.', retryable: false } });
			return;
		case 'roots.list':
			process.exit(1);
			return;
		default:
			process.stdout.write('this is no line\n');
	}
}

write({ type: 'ready', protocol, version: '0' });
createInterface(process.stdin)
	.on('line', (line) => {
		answer(JSON.parse(line) as ToHost);
	})
	.on('close', () => {
		process.exit(0);
	});
