/** The places the relay may send to: configured by environment, or a loopback server found by a probe. */
import type { Endpoint } from '@stemma/provider/run-protocol';

/** Holds the key; it must never be serialised. `toListed` makes what the page may see. */
export interface Upstream {
	readonly endpoint: Endpoint;
	readonly key: string | null;
}

export interface ListedEndpoint extends Endpoint {
	readonly configured: true;
}

export const toListed = (upstream: Upstream): ListedEndpoint => ({ ...upstream.endpoint, configured: true });

export function upstreamsFromEnvironment(
	env: Readonly<Record<string, string | undefined>>
): readonly Upstream[] {
	const upstreams: Upstream[] = [];
	const openRouterKey = env['OPENROUTER_API_KEY'];
	if (openRouterKey) {
		upstreams.push({
			endpoint: {
				id: 'server:openrouter',
				label: 'OpenRouter (key of this server)',
				profile: 'openrouter',
				baseUrl: 'https://openrouter.ai/api/v1',
				via: 'relay'
			},
			key: openRouterKey
		});
	}
	const base = env['STEMMA_BASE_URL'];
	if (base) {
		const url = URL.parse(base);
		// Credentials in the address would be shown to the page.
		if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search) {
			throw new Error('STEMMA_BASE_URL must be a plain http(s) address such as https://host/v1.');
		}
		upstreams.push({
			endpoint: {
				id: 'server:custom',
				label: url.host,
				profile: 'openai',
				baseUrl: base.replace(/\/+$/, ''),
				via: 'relay'
			},
			key: env['STEMMA_API_KEY'] || null
		});
	}
	return upstreams;
}

const usualServers = [
	{ port: 11434, label: 'Ollama', profile: 'ollama' },
	{ port: 1234, label: 'LM Studio', profile: 'lm_studio' },
	{ port: 8080, label: 'llama.cpp', profile: 'llama_cpp' },
	{ port: 8000, label: 'vLLM', profile: 'vllm' }
] as const;

export interface FoundServer extends ListedEndpoint {
	readonly models: readonly string[];
}

/** Asks the usual ports of this machine for their model lists. Whoever does not answer as one is left out. */
export async function probeLocalServers(deps: {
	readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
	readonly servers?: readonly {
		readonly port: number;
		readonly label: string;
		readonly profile: Endpoint['profile'];
	}[];
}): Promise<readonly FoundServer[]> {
	const found = await Promise.all(
		(deps.servers ?? usualServers).map(async ({ port, label, profile }) => {
			const baseUrl = `http://127.0.0.1:${port}/v1`;
			const init = { redirect: 'manual', signal: AbortSignal.timeout(1500) } as const;
			try {
				const response = await deps.fetch(`${baseUrl}/models`, init);
				if (!response.ok) return null;
				const body: unknown = await response.json();
				const data = typeof body === 'object' && body !== null && 'data' in body ? body.data : null;
				if (!Array.isArray(data)) return null;
				const models = data.flatMap((row: unknown) =>
					typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'string' ? [row.id] : []
				);
				return {
					id: `local:${port}`,
					label,
					profile,
					baseUrl,
					via: 'relay',
					configured: true,
					models
				} as const;
			} catch {
				// Nothing listens there, or not a model server: both mean "not found".
				return null;
			}
		})
	);
	return found.filter((server) => server !== null);
}
