import type { RequestHandler } from './$types';
import { readToken } from '#lib/server/token.ts';
import { createApi } from '#lib/server/api.ts';
import manifest from '../../../../package.json' with { type: 'json' };

let api: ReturnType<typeof createApi> | undefined;

// On the first request, not on import: the build imports this module too and must not make a token.
export const fallback: RequestHandler = ({ request }) => {
	api ??= createApi({
		env: process.env,
		fetch,
		port: Number(process.env['PORT'] ?? 47631),
		token: readToken(),
		version: manifest.version
	});
	return api(request);
};
