import type { RequestHandler } from './$types';
import { readToken } from '#lib/server/token.ts';
import { createApi } from '#lib/server/api.ts';
import { createHostChild } from '#lib/server/host-child.ts';
import { createLocalModel } from '@stemma/local-model/local-model';
import { join } from 'node:path';
import manifest from '../../../../package.json' with { type: 'json' };

let api: ReturnType<typeof createApi> | undefined;

// On the first request, not on import: the build imports this module too and must not make a token.
export const fallback: RequestHandler = ({ request }) => {
	const dataFolder = process.env['STEMMA_DATA'];
	api ??= createApi({
		env: process.env,
		fetch,
		port: Number(process.env['PORT'] ?? 47631),
		token: readToken(),
		version: manifest.version,
		...(dataFolder === undefined
			? {}
			: {
					host: createHostChild({ binary: process.env['STEMMA_HOST'] || undefined, dataFolder }),
					localModel: createLocalModel({
						dataFolder,
						// The start script runs the server in the repository's root.
						child: join(process.cwd(), 'packages/local-model/src/child.mjs'),
						runtime: process.execPath,
						fetch,
						modelFile: process.env['STEMMA_MODEL'] || undefined
					})
				})
	});
	return api(request);
};
