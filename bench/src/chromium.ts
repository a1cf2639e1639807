/** The browser that is measured, and what its processes have used. */
import { readFileSync, readdirSync } from 'node:fs';

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
export const FLAGS: readonly string[] = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync'
];
/** Linux counts in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** CPU seconds, user and system, of every process that has `word` in its command line, and of all below them. */
export function cpuSeconds(word: string): number {
	const parents = new Map<number, number>();
	const ticks = new Map<number, number>();
	const roots = new Set<number>();
	for (const name of readdirSync('/proc')) {
		const pid = Number(name);
		if (!Number.isInteger(pid) || pid === process.pid) continue;
		try {
			const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
			const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			parents.set(pid, Number(fields[1]));
			// Its own, and those of its children that are gone.
			ticks.set(
				pid,
				[11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0)
			);
			if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)) roots.add(pid);
		} catch {
			// Gone meanwhile.
		}
	}
	const isBelow = (pid: number | undefined): boolean =>
		pid !== undefined && pid > 1 && (roots.has(pid) || isBelow(parents.get(pid)));
	let sum = 0;
	for (const [pid, used] of ticks) if (isBelow(pid)) sum += used;
	return sum / TICKS_PER_SECOND;
}
