/** A host program for tests: speaks the protocol, and misbehaves on request. */
import { createInterface } from 'node:readline';
import { PROTOCOL, type ToHost } from '@stemma/host/generated/commands';

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

function answer(line: ToHost): void {
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
