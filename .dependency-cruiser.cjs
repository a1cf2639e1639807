/** Arrows only point down: what may import what. Each rule says why. */
const features = 'app/src/lib/features/';

module.exports = {
	forbidden: [
		{
			name: 'no-circular',
			comment: 'A cycle is one module in two files.',
			severity: 'error',
			from: {},
			// A component may show itself.
			to: { circular: true, viaOnly: { pathNot: '[.]svelte$' } }
		},
		{
			name: 'graph-is-pure',
			comment: 'The graph knows nothing of us; one library hashes.',
			severity: 'error',
			from: { path: '^packages/graph/src' },
			to: { pathNot: ['^packages/graph/src', 'node_modules/@noble/hashes'] }
		},
		{
			name: 'store-provider-and-host-know-only-the-graph',
			severity: 'error',
			from: { path: '^packages/(store|provider|host)/src' },
			to: { path: ['^packages/(?!graph/|$1/)', '^app/', '^bench/', '^scripts/'] }
		},
		{
			name: 'local-model-stands-alone',
			severity: 'error',
			from: { path: '^packages/local-model/src' },
			to: { path: ['^packages/(?!local-model/|graph/)', '^app/'] }
		},
		{
			name: 'testkit-only-in-tests',
			severity: 'error',
			from: { pathNot: ['(^|/)test/', '^packages/testkit', '^bench', '^stress', '^e2e'] },
			to: { path: '^packages/testkit' }
		},
		{
			name: 'sqlite-only-behind-the-engine',
			comment: 'One folder may be exchanged for another engine. Figures compare it with what it builds on.',
			severity: 'error',
			from: { pathNot: ['^packages/store/src/browser', '^bench/src/pages/stock-'] },
			to: { path: 'node_modules/(sqlocal|@sqlite[.]org)' }
		},
		{
			name: 'bun-only-in-tools',
			severity: 'error',
			from: { path: '^app/src' },
			to: { path: '^packages/store/src/bun' }
		},
		{
			name: 'native-window-only-behind-the-host',
			comment: 'The page asks a host what it can do, never in what it runs.',
			severity: 'error',
			from: { pathNot: '^packages/(host/src/tauri|store/src/native)/' },
			to: { path: '@tauri-apps' }
		},
		{
			name: 'notices-by-one-door',
			comment: 'What draws them is loaded late; what is said before would be lost.',
			severity: 'error',
			from: { path: '^app/src', pathNot: '^app/src/lib/toast[.]ts$' },
			to: { path: 'svelte-sonner' }
		},
		{
			name: 'svelte-only-in-the-app',
			severity: 'error',
			from: { path: '^packages' },
			to: { path: 'node_modules/svelte/' }
		},
		{
			name: 'app-uses-the-store-by-its-doors',
			comment: 'Schema, migrations and engines are the store’s own.',
			severity: 'error',
			from: { path: '^app/src' },
			to: {
				path: '^packages/store/src',
				pathNot: [
					'^packages/store/src/port[.]ts$',
					'^packages/store/src/backup/files[.]ts$',
					'^packages/store/src/browser/(open-browser-store|start-db-worker|closed-file)[.]ts$',
					'^packages/store/src/native/(open-native-store|bridge)[.]ts$',
					'^packages/store/src/workspace/(workspace|create-workspace|outcome|operations|marks|removal|finding|replays|turn-commits)[.]ts$',
					'^packages/store/src/import/'
				]
			}
		},
		{
			name: 'ui-has-no-domain',
			severity: 'error',
			from: { path: '^app/src/lib/ui' },
			to: { path: ['^app/src/lib/(?!ui/)', '^packages/'] }
		},
		{
			name: 'state-does-not-know-screens',
			severity: 'error',
			from: { path: '^app/src/lib/(state|markdown|keys)' },
			to: { path: [features, '^app/src/lib/ui', '^app/src/routes'] }
		},
		{
			name: 'features-are-composed-in-the-shell',
			comment:
				'A feature knows Markdown and, for settings, the forms of the start screen; the shell puts them together.',
			severity: 'error',
			from: { path: `^${features}([^/]+)/`, pathNot: `^${features}(shell|settings)/` },
			to: { path: `^${features}`, pathNot: [`^${features}$1/`, `^${features}markdown/`] }
		},
		{
			name: 'settings-borrow-from-start-only',
			severity: 'error',
			from: { path: `^${features}settings/` },
			to: { path: `^${features}(?!settings/|start/)` }
		},
		{
			name: 'nothing-imports-routes',
			severity: 'error',
			from: { pathNot: '^app/src/routes' },
			to: { path: '^app/src/routes' }
		},
		{
			name: 'server-stays-on-the-server',
			severity: 'error',
			from: {
				path: '^app/src',
				pathNot: ['^app/src/lib/server', '^app/src/routes/api', '^app/src/hooks[.]server']
			},
			to: { path: ['^app/src/lib/server/', '^packages/local-model'] }
		},
		{
			name: 'no-junk-drawers',
			severity: 'error',
			from: {},
			to: { path: '^(app|packages)/.*/(utils?|helpers?|types|constants|managers?|services?)[.]ts$' }
		}
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		exclude: {
			path: [
				'/build(-desktop)?/',
				'[.]svelte-kit',
				'node_modules/[.]bun/.*/node_modules/(?!sqlocal|@sqlite|@noble|@tauri-apps|svelte)'
			]
		},
		tsPreCompilationDeps: true,
		enhancedResolveOptions: {
			exportsFields: ['exports'],
			conditionNames: ['svelte', 'import', 'browser', 'default'],
			extensions: ['.ts', '.js', '.svelte', '.json']
		}
	}
};
