import nodeAdapter from '@sveltejs/adapter-node';
import staticAdapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defaultClientConditions, defineConfig } from 'vite';

type Csp = NonNullable<NonNullable<Parameters<typeof sveltekit>[0]>['csp']>;

// The page may reach any https origin and local servers (the user names the endpoints), nothing else.
const csp: Csp = {
	mode: 'hash',
	directives: {
		'default-src': ['self'],
		'script-src': ['self', 'wasm-unsafe-eval'],
		'style-src': ['self', 'unsafe-inline'],
		// Only what the reader asked for is ever put on the page (see the remote image component).
		'img-src': ['self', 'blob:', 'data:', 'https:'],
		'connect-src': ['self', 'https:', 'http://localhost:*', 'http://127.0.0.1:*'],
		'worker-src': ['self'],
		'object-src': ['none'],
		'base-uri': ['none'],
		'frame-src': ['none'],
		'form-action': ['none']
	}
};

const SMALL =
	/@lucide[\\/]svelte|src[\\/]lib[\\/](ui[\\/](?!dialog|combobox|popover|resizer)|keys[\\/]|[^\\/]+[.]ts$)/;

/** Set by scripts/desktop.mjs: static files that a native window shows under a policy of its own. */
const isDesktop = process.env['STEMMA_DESKTOP'] === '1';

export default defineConfig({
	plugins: [
		tailwindcss(),
		sveltekit({
			adapter: isDesktop
				? staticAdapter({ pages: 'build-desktop', assets: 'build-desktop', fallback: 'index.html' })
				: nodeAdapter({ precompress: true }),
			...(isDesktop ? { serviceWorker: { register: false } } : { csp }),
			// The kept page starts any address, so its files have absolute ones.
			paths: { relative: false }
		})
	],
	build: {
		rolldownOptions: {
			output: {
				// The small things that every screen has come in one file: each costs more to ask for than it weighs.
				codeSplitting: {
					groups: [
						{ name: 'svelte', test: /node_modules[\\/](svelte|esm-env|clsx)[\\/]/, priority: 1 },
						{ name: 'small', test: SMALL, minShareCount: 2 }
					]
				}
			}
		}
	},
	...(isDesktop && { resolve: { conditions: ['stemma-desktop', ...defaultClientConditions] } }),
	worker: {
		format: 'es',
		// WebKit evaluates a module worker's entry twice when a chunk imports back from it.
		rolldownOptions: { output: { codeSplitting: false } }
	},
	optimizeDeps: { exclude: ['sqlocal', '@sqlite.org/sqlite-wasm'] }
});
