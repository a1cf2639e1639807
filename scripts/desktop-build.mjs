/** The desktop program from its sources: what it needs of the system, its page, its binary. */
import { join } from 'node:path';
import { provideDebian } from './debian.mjs';
import { toolchainLack } from './host.mjs';
import { cargoEnvironment } from './rust.mjs';

/** Debian's names; the second is a file that shows whether it is there. */
const TO_BUILD = [
	['build-essential', '/usr/bin/cc'],
	['pkg-config', '/usr/bin/pkg-config'],
	['libwebkit2gtk-4.1-dev', '/usr/include/webkitgtk-4.1/webkit2/webkit2.h']
];
const TO_TEST = [
	['webkit2gtk-driver', '/usr/bin/WebKitWebDriver'],
	['xvfb', '/usr/bin/Xvfb'],
	['xauth', '/usr/bin/xauth'],
	['xdotool', '/usr/bin/xdotool'],
	['dbus-daemon', '/usr/bin/dbus-run-session'],
	['gnome-keyring', '/usr/bin/gnome-keyring-daemon'],
	['fonts-dejavu-core', '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf']
];

/** A sentence on what this machine lacks to build (and test) the desktop program, or null. Installs it where it may. */
export function desktopLack(root, exec, forTests = false) {
	const lack = toolchainLack(root);
	if (lack !== null) return lack;
	if (process.platform !== 'linux') return forTests ? 'The desktop program is tested on Linux.' : null;
	const names = provideDebian(forTests ? [...TO_BUILD, ...TO_TEST] : TO_BUILD, exec);
	return names.length === 0
		? null
		: `The desktop program needs packages of the system: sudo apt-get install ${names.join(' ')} (names as in Debian and Ubuntu).`;
}

/** The path of the program, or null when something did not build. */
export function buildDesktop(root, bun, exec, release) {
	const page = () => exec(bun, ['--bun', 'vite', 'build'], { STEMMA_DESKTOP: '1' }, join(root, 'app'));
	// The bundler crashes now and then under Bun; a real error fails the second time too.
	if (!page() && !page()) return null;
	const args = ['build', '--locked', '-p', 'stemma-desktop', ...(release ? ['--release'] : [])];
	const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
	return exec('cargo', args, cargoEnvironment())
		? join(target, release ? 'release' : 'debug', 'stemma')
		: null;
}
