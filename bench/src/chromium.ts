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

/** Every process that has `word` in its command line, and all below them, with the CPU seconds each has used. */
function processesOf(word: string): ReadonlyMap<number, number> {
	const parents = new Map<number, number>();
	const used = new Map<number, number>();
	const roots = new Set<number>();
	for (const name of readdirSync('/proc')) {
		const pid = Number(name);
		if (!Number.isInteger(pid) || pid === process.pid) continue;
		try {
			const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
			const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			parents.set(pid, Number(fields[1]));
			// Its own, and those of its children that are gone.
			const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
			used.set(pid, ticks / TICKS_PER_SECOND);
			if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)) roots.add(pid);
		} catch {
			// Gone meanwhile.
		}
	}
	const isBelow = (pid: number | undefined): boolean =>
		pid !== undefined && pid > 1 && (roots.has(pid) || isBelow(parents.get(pid)));
	return new Map([...used].filter(([pid]) => isBelow(pid)));
}

/** User and system, of all processes of a browser whose command line has the word. */
export function cpuSeconds(word: string): number {
	return [...processesOf(word).values()].reduce((sum, seconds) => sum + seconds, 0);
}

/** Ends a browser as a power cut would: every process of it at once, none is asked. */
export function killAll(word: string): void {
	for (const pid of processesOf(word).keys()) {
		try {
			process.kill(pid, 'SIGKILL');
		} catch {
			// Gone with its parent.
		}
	}
}
