import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

/** Time, chance and the console belong to the edges of the program. */
const impure = [
	{ object: 'Date', property: 'now', message: 'Time comes in as a dependency.' },
	{ object: 'Math', property: 'random', message: 'Randomness comes in as a dependency.' },
	{ object: 'crypto', property: 'randomUUID', message: 'Ids come in as a dependency.' }
];

export default defineConfig(
	{
		ignores: [
			'**/node_modules/',
			'**/build/',
			'**/build-desktop/',
			'**/.svelte-kit/',
			'.cache/',
			'test-results/',
			'*.cjs',
			'eslint.config.js',
			'playwright.tmp.config.ts',
			'scripts/*.mjs',
			'packages/local-model/src/*.mjs',
			'packages/host/src/generated/',
			'target/'
		]
	},
	js.configs.recommended,
	...ts.configs.strictTypeChecked,
	...svelte.configs.recommended,
	{
		languageOptions: {
			globals: { ...globals.browser },
			parserOptions: {
				project: [
					'tsconfig.json',
					'bench/tsconfig.json',
					'stress/tsconfig.json',
					'packages/*/tsconfig.test.json',
					'app/tsconfig.json',
					'app/src/service-worker/tsconfig.json'
				],
				tsconfigRootDir: import.meta.dirname,
				extraFileExtensions: ['.svelte']
			}
		},
		rules: {
			'no-console': 'error',
			'no-restricted-properties': ['error', ...impure],
			'no-restricted-syntax': [
				'error',
				{ selector: 'TSEnumDeclaration', message: 'A union of strings does.' },
				{ selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that has it.' }
			],
			'no-undef': 'off',
			'@typescript-eslint/consistent-type-imports': 'error',
			'@typescript-eslint/no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }
			],
			'@typescript-eslint/restrict-template-expressions': [
				'error',
				{ allowNumber: true, allowBoolean: true }
			],
			'@typescript-eslint/no-confusing-void-expression': [
				'error',
				{ ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }
			],
			// Svelte components are called for their effect in event handlers: onclick={() => save()}.
			'@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
			'@typescript-eslint/unbound-method': 'off',
			// Columns of rows and members of JSON are read by index on purpose.
			'@typescript-eslint/dot-notation': 'off',
			'svelte/no-at-html-tags': 'error',
			'svelte/require-each-key': 'error',
			// A space at the edge of an element has to be written as one.
			'svelte/no-useless-mustaches': 'off',
			// State that is on screen is $state; a Map beside it is just a Map.
			'svelte/prefer-svelte-reactivity': 'off'
		}
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser } },
		rules: {
			// Props are destructured with let, as Svelte wants it.
			'prefer-const': 'off',
			'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$derived'] }],
			// Components are typed by svelte-check, which sees what this parser does not.
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-call': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/no-unsafe-return': 'off',
			'@typescript-eslint/no-unnecessary-condition': 'off'
		}
	},
	{
		// Composition roots, the screen's own clock, scripts and tests.
		files: [
			'app/src/**/*.svelte',
			'app/src/lib/state/app-state.svelte.ts',
			'packages/*/src/**/*-worker.ts',
			'packages/provider/src/create-tab-runs.ts',
			'packages/provider/src/timers.ts',
			'packages/testkit/**',
			'packages/local-model/**',
			'app/src/lib/platform/desktop.ts',
			'app/src/lib/server/**',
			'scripts/**',
			'bench/**',
			'stress/**',
			'e2e/**',
			'**/test/**'
		],
		rules: { 'no-restricted-properties': 'off' }
	},
	{
		files: [
			'scripts/**',
			'bench/**',
			'stress/**',
			'packages/testkit/src/server/main.ts',
			'packages/local-model/**'
		],
		languageOptions: { globals: { ...globals.node } },
		rules: { 'no-console': 'off' }
	},
	{
		files: ['**/test/**', 'e2e/**', 'packages/testkit/**', 'bench/**'],
		rules: {
			'@typescript-eslint/no-non-null-assertion': 'off',
			'@typescript-eslint/require-await': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/no-invalid-void-type': 'off',
			'@typescript-eslint/no-unnecessary-condition': 'off',
			'@typescript-eslint/await-thenable': 'off'
		}
	}
);
