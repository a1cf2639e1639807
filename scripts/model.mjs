/** `npm run model`: fetches the small model after asking, so that it is there when the page is opened. */
import { fileURLToPath } from 'node:url';
import { provideBun, run } from './bun.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bun = provideBun(root);
run(bun, ['install', '--frozen-lockfile'], root);
run(bun, ['scripts/install-model.ts', ...process.argv.slice(2)], root, 'inherit');
