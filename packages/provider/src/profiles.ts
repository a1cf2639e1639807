/** What differs from server to server: headers, extras in the body, patience. */
import type { JsonValue } from '@stemma/graph/part';
import * as z from 'zod/mini';
import type { ChatRequest, Endpoint, ProfileName } from './run-protocol.ts';

export interface Profile {
	readonly name: ProfileName;
	/** How long until response headers, in ms. Local servers may have to load the model first. */
	readonly headersMs: number;
	/** Silence, comments included, after which the connection counts as dead. */
	readonly idleMs: number;
	/** Time until the first output. */
	readonly firstOutputMs: number;
	/** An unfinished answer as last message is continued rather than refused. */
	readonly prefills: boolean;
	/** Requests at once to one origin: browsers allow six connections over HTTP/1.1. */
	readonly concurrency: number;
}

const remote = { headersMs: 60_000, idleMs: 45_000, firstOutputMs: 600_000, concurrency: 6 };
const local = { headersMs: 600_000, idleMs: 120_000, firstOutputMs: 600_000, concurrency: 4 };

const profiles: Readonly<Record<ProfileName, Profile>> = {
	openrouter: { name: 'openrouter', ...remote, concurrency: 20, prefills: false },
	openai: { name: 'openai', ...remote, prefills: false },
	ollama: { name: 'ollama', ...local, prefills: false },
	llama_cpp: { name: 'llama_cpp', ...local, prefills: true },
	lm_studio: { name: 'lm_studio', ...local, prefills: false },
	vllm: { name: 'vllm', ...local, prefills: false },
	practice: { name: 'practice', ...local, prefills: true }
};

export const profileOf = (endpoint: Endpoint): Profile => profiles[endpoint.profile];

const ATTRIBUTION = { 'x-openrouter-title': 'Stemma' };

export function requestHeaders(endpoint: Endpoint, key: string | null): Readonly<Record<string, string>> {
	return {
		'content-type': 'application/json',
		accept: 'text/event-stream',
		...(endpoint.via === 'relay' ? { 'x-stemma': '1' } : {}),
		// Through the relay the key is added on the server.
		...(endpoint.via === 'direct' && key !== null ? { authorization: `Bearer ${key}` } : {}),
		...(endpoint.via === 'direct' && endpoint.profile === 'openrouter' ? ATTRIBUTION : {})
	};
}

/** Where the endpoint's API is, as this page reaches it. */
export function endpointUrl(endpoint: Endpoint, path: string): string {
	return endpoint.via === 'relay'
		? `/api/relay/${encodeURIComponent(endpoint.id)}/${path}`
		: `${endpoint.baseUrl}/${path}`;
}

/** Everything that is posted beside the messages, as it is kept with a run. */
export function requestParameters(endpoint: Endpoint, request: ChatRequest): JsonValue {
	const { messages: _messages, ...rest } = z
		.record(z.string(), z.json())
		.parse(JSON.parse(requestBody(endpoint, { ...request, messages: [] })));
	return rest;
}

/** The JSON to post. `session_id` pins the provider, and with it the prompt cache, where that is understood. */
export function requestBody(endpoint: Endpoint, request: ChatRequest): string {
	const { session_id, ...plain } = request;
	if (endpoint.profile === 'openrouter') {
		return JSON.stringify({
			...plain,
			...(session_id === undefined ? {} : { session_id }),
			stream: true,
			// Small models are cut in the middle by default, behind our back.
			plugins: [{ id: 'context-compression', enabled: false }]
		});
	}
	return JSON.stringify({ ...plain, stream: true, stream_options: { include_usage: true } });
}
