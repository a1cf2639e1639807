/** Packages of Debian that something needs. */
import { existsSync } from 'node:fs';

/**
 * Installs what is missing where it may: as root, with apt.
 *
 * @param wanted pairs of a package and a file that shows whether it is there
 * @param exec runs a program: (command, args, env)
 * @returns the names of what is still missing
 */
export function provideDebian(wanted, exec) {
	const missing = () => wanted.filter(([, file]) => !existsSync(file)).map(([name]) => name);
	if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
		const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
		exec('apt-get', ['update'], quiet);
		exec('apt-get', ['install', '-y', '--no-install-recommends', ...missing()], quiet);
	}
	return missing();
}
