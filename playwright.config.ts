import { defineConfig } from '@playwright/test';
import { port, upstreamPort } from './e2e/ports.ts';

export default defineConfig({
	testDir: 'e2e',
	// Has a runner of its own: Playwright drives no Firefox but its own.
	testIgnore: ['e2e/firefox/**', 'e2e/desktop/**'],
	fullyParallel: true,
	workers: process.env['CI'] ? 1 : 2,
	timeout: 60_000,
	// A busy machine may be slow once; twice is a fault. The report names what needed it.
	retries: process.env['CI'] ? 1 : 0,
	forbidOnly: Boolean(process.env['CI']),
	reporter: [['list'], ['junit', { outputFile: 'test-results/e2e.xml' }]],
	outputDir: 'test-results/e2e',
	use: {
		baseURL: `http://127.0.0.1:${port}`,
		viewport: { width: 1280, height: 860 },
		screenshot: 'only-on-failure',
		launchOptions: {
			executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync'
			]
		}
	},
	webServer: [
		{
			command: `node_modules/.bin/bun packages/testkit/src/server/main.ts --port ${upstreamPort}`,
			url: `http://127.0.0.1:${upstreamPort}/v1/models`,
			reuseExistingServer: !process.env['CI']
		},
		{
			command: 'node scripts/start.mjs',
			url: `http://127.0.0.1:${port}/api/health`,
			timeout: 240_000,
			reuseExistingServer: !process.env['CI'],
			env: {
				STEMMA_PORT: String(port),
				STEMMA_OPEN: '0',
				STEMMA_DATA: 'test-results/data',
				STEMMA_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
				STEMMA_API_KEY: 'sk-e2e-secret'
			}
		}
	]
});
