/** Everything under /api/, as one function from request to response, free of the framework around it. */
import type { LocalModel } from '@stemma/local-model/local-model';
import { createGuard, errorResponse } from './guard.ts';
import type { HostChild } from './host-child.ts';
import { answerHost } from './host-routes.ts';
import { relay } from './relay.ts';
import { answerModel, isInstalled, LOCAL_ENDPOINT } from './model.ts';
import { probeLocalServers, toListed, upstreamsFromEnvironment, type Upstream } from './upstream.ts';

export interface ApiDeps {
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
	readonly port: number;
	readonly token: string;
	readonly version: string;
	/** The small model of this machine, if there can be one. */
	readonly localModel?: LocalModel;
	/** What reads folders and repositories, if it can be had. */
	readonly host?: HostChild;
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
			const installed = isInstalled(deps.localModel) ? [LOCAL_ENDPOINT] : [];
			return Response.json({
				endpoints: [
					...configured.map(toListed),
					...installed.map((endpoint) => toListed({ endpoint, key: null }))
				]
			});
		}
		if (path === 'model' || path.startsWith('model/')) return answerModel(deps.localModel, path, request);
		if (path.startsWith('host/')) return answerHost(deps.host, path.slice('host/'.length), request);
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
			// Ids have nothing to decode but the colon that some clients write as %3A.
			const id = (relayed[1] ?? '').replace(/%3A/gi, ':');
			const upstream = [...configured, ...found].find((candidate) => candidate.endpoint.id === id);
			if (id === LOCAL_ENDPOINT.id && isInstalled(deps.localModel)) {
				// Started by its first use: it takes memory, and most days nobody asks it.
				const running = await deps.localModel.start();
				if (!running.ok) return errorResponse(502, 'local_model', running.error);
				const local = { ...LOCAL_ENDPOINT, baseUrl: running.value.baseUrl };
				return relay(deps, { endpoint: local, key: running.value.secret }, relayed[2] ?? '', request);
			}
			if (!upstream) return errorResponse(404, 'no_endpoint', 'This server has no such endpoint.');
			return relay(deps, upstream, relayed[2] ?? '', request);
		}
		return errorResponse(404, 'not_found', 'There is nothing at this address.');
	};
}
