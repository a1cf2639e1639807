/** Everything under /api/, as one function from request to response, free of the framework around it. */
import { createGuard, errorResponse } from './guard.ts';
import { relay } from './relay.ts';
import { probeLocalServers, toListed, upstreamsFromEnvironment, type Upstream } from './upstream.ts';

export interface ApiDeps {
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
	readonly port: number;
	readonly token: string;
	readonly version: string;
	/** Which local servers to look for; the usual ones when absent. */
	readonly servers?: NonNullable<Parameters<typeof probeLocalServers>[0]['servers']>;
}

export function createApi(deps: ApiDeps): (request: Request) => Promise<Response> {
	const guard = createGuard(deps);
	const configured = upstreamsFromEnvironment(deps.env);
	// Only what a probe found may be relayed to; the next probe replaces it.
	let found: readonly Upstream[] = [];

	return async (request) => {
		const foreign = guard.refuseForeign(request);
		if (foreign) return foreign;
		const path = new URL(request.url).pathname.replace(/^\/api\//, '');
		if (path === 'health' && request.method === 'GET') {
			return Response.json({ name: 'stemma', version: deps.version });
		}
		if (path === 'session' && request.method === 'POST') {
			const body: unknown = await request.json().catch(() => null);
			const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : null;
			if (typeof token !== 'string' || !guard.isToken(token)) {
				return errorResponse(401, 'wrong_token', 'This address belongs to another start of Stemma.');
			}
			return new Response(null, { status: 204, headers: { 'set-cookie': guard.cookie } });
		}

		const stranger = guard.refuseStranger(request);
		if (stranger) return stranger;
		if (path === 'relay' && request.method === 'GET') {
			return Response.json({ endpoints: configured.map(toListed) });
		}
		if (path === 'probe' && request.method === 'GET') {
			const servers = await probeLocalServers(deps);
			found = servers.map(({ id, label, profile, baseUrl, via }) => ({
				endpoint: { id, label, profile, baseUrl, via },
				key: null
			}));
			return Response.json({ servers });
		}
		const relayed = /^relay\/([^/]+)\/(.+)$/.exec(path);
		if (relayed) {
			const id = decodeURIComponent(relayed[1] ?? '');
			const upstream = [...configured, ...found].find((candidate) => candidate.endpoint.id === id);
			if (!upstream) return errorResponse(404, 'no_endpoint', 'This server has no such endpoint.');
			return relay(deps, upstream, relayed[2] ?? '', request);
		}
		return errorResponse(404, 'not_found', 'There is nothing at this address.');
	};
}
