/** Looks for model servers on this machine, on the ports they use by default. */
import type { Result } from '@stemma/graph/result';
import { listModels, type Model } from './models.ts';
import type { Endpoint, ProfileName, RunFailure } from './run-protocol.ts';
import type { Transport } from './transport.ts';

export interface LocalServer {
	readonly endpoint: Endpoint;
	readonly models: readonly Model[];
}

const PROBE_MS = 1500;

export const USUAL_SERVERS: readonly {
	readonly profile: ProfileName;
	readonly label: string;
	readonly port: number;
}[] = [
	{ profile: 'ollama', label: 'Ollama', port: 11434 },
	{ profile: 'lm_studio', label: 'LM Studio', port: 1234 },
	{ profile: 'llama_cpp', label: 'llama.cpp', port: 8080 },
	{ profile: 'vllm', label: 'vLLM', port: 8000 }
];

/** Those that answer with a list of models, in the order above. A refusal is no error: nobody is there. */
export async function probeLocal(transport: Transport): Promise<readonly LocalServer[]> {
	const found = await Promise.all(
		USUAL_SERVERS.map(async ({ profile, label, port }): Promise<LocalServer | null> => {
			const endpoint: Endpoint = {
				id: `local:${port}`,
				label,
				profile,
				baseUrl: `http://127.0.0.1:${port}/v1`,
				via: 'direct'
			};
			const models: Result<readonly Model[], RunFailure> = await listModels(
				transport,
				endpoint,
				null,
				AbortSignal.timeout(PROBE_MS)
			);
			return models.ok ? { endpoint, models: models.value } : null;
		})
	);
	return found.filter((server) => server !== null);
}
