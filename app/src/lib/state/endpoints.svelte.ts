/** Where models are, and which one is chosen. Keys are kept elsewhere and never pass through here. */
import type { Result } from '@stemma/graph/result';
import { createFetchTransport } from '@stemma/provider/fetch-transport';
import type { KeyStore } from '@stemma/provider/key-store';
import { listModels, type Model } from '@stemma/provider/models';
import { PRACTICE_MODEL } from '@stemma/provider/practice/practice-transport';
import type { Endpoint, RunFailure } from '@stemma/provider/run-protocol';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { SvelteMap } from 'svelte/reactivity';
import { z } from 'zod';

export const PRACTICE: Endpoint = {
	id: 'practice',
	label: 'Practice model',
	profile: 'practice',
	baseUrl: '',
	via: 'page'
};

const endpoint: z.ZodType<Endpoint> = z.object({
	id: z.string().min(1),
	label: z.string(),
	profile: z.enum(['openrouter', 'openai', 'ollama', 'llama_cpp', 'lm_studio', 'vllm', 'practice']),
	baseUrl: z.string(),
	via: z.enum(['direct', 'relay', 'page'])
});
const stored = z.array(endpoint);
const offered = z.object({ endpoints: z.array(endpoint) });
const choice = z.object({ endpoint: z.string(), model: z.string() });

export interface ModelChoice {
	readonly endpoint: Endpoint;
	readonly model: Model;
}

export type ModelList =
	| { readonly kind: 'loading' }
	| { readonly kind: 'failed'; readonly failure: RunFailure }
	| { readonly kind: 'ready'; readonly models: readonly Model[] };

const ENDPOINTS = 'endpoints';
const MODEL = 'model';
export const transport = createFetchTransport((url, init) => fetch(url, init));

const practiceModel: Model = {
	id: PRACTICE_MODEL,
	name: 'Practice model',
	contextLength: 32_768,
	promptPrice: null,
	completionPrice: null
};
const unlisted = (id: string): Model => ({
	id,
	name: id,
	contextLength: null,
	promptPrice: null,
	completionPrice: null
});

export class Endpoints {
	/** Added by the user, kept in the database. */
	own = $state.raw<readonly Endpoint[]>([]);
	/** Offered by this page's own server. */
	served = $state.raw<readonly Endpoint[]>([]);
	hasServer = $state(false);
	readonly lists = new SvelteMap<string, ModelList>();
	#chosen = $state.raw<{ readonly endpoint: string; readonly model: string } | null>(null);

	readonly all = $derived<readonly Endpoint[]>([...this.own, ...this.served, PRACTICE]);
	readonly options = $derived(
		this.all.flatMap((endpoint): ModelChoice[] => {
			const list = this.lists.get(endpoint.id);
			return list?.kind === 'ready' ? list.models.map((model) => ({ endpoint, model })) : [];
		})
	);
	/** Null until somebody has chosen: nothing is sent anywhere by default. */
	readonly chosen = $derived.by((): ModelChoice | null => {
		const chosen = this.#chosen;
		const endpoint = this.all.find((known) => known.id === chosen?.endpoint);
		if (!chosen || !endpoint) return null;
		const list = this.lists.get(endpoint.id);
		const known = list?.kind === 'ready' ? list.models.find((model) => model.id === chosen.model) : undefined;
		return { endpoint, model: known ?? (endpoint === PRACTICE ? practiceModel : unlisted(chosen.model)) };
	});

	readonly #workspace: Workspace;
	readonly keys: KeyStore;

	constructor(workspace: Workspace, keys: KeyStore) {
		this.#workspace = workspace;
		this.keys = keys;
		workspace.onChange(({ tables }) => {
			if (tables.includes('setting') || tables.includes('scalar')) void this.#loadSettings();
		});
	}

	async load(): Promise<void> {
		await this.#loadSettings();
		this.lists.set(PRACTICE.id, { kind: 'ready', models: [practiceModel] });
		void this.refreshServed();
		for (const known of this.own) void this.refreshModels(known);
	}

	/** Asks this page's server what it can reach; without one the page works alone. */
	async refreshServed(): Promise<void> {
		try {
			const response = await fetch('/api/relay', { headers: { 'x-stemma': '1' }, cache: 'no-store' });
			this.hasServer = response.ok;
			const parsed = response.ok ? offered.safeParse(await response.json()) : null;
			this.served = parsed?.success === true ? parsed.data.endpoints : [];
		} catch {
			this.hasServer = false;
			this.served = [];
		}
		for (const known of this.served) void this.refreshModels(known);
	}

	async refreshModels(target: Endpoint): Promise<Result<readonly Model[], RunFailure>> {
		if (!this.lists.has(target.id)) this.lists.set(target.id, { kind: 'loading' });
		const key = target.via === 'direct' ? await this.keys.get(target.id) : null;
		const models = await listModels(transport, target, key, AbortSignal.timeout(20_000));
		const before = this.lists.get(target.id);
		if (models.ok) this.lists.set(target.id, { kind: 'ready', models: models.value });
		else if (before?.kind !== 'ready') this.lists.set(target.id, { kind: 'failed', failure: models.error });
		return models;
	}

	async add(added: Endpoint, key: string | null): Promise<void> {
		if (key !== null) await this.keys.set(added.id, key);
		await this.#saveOwn([...this.own.filter((known) => known.id !== added.id), added]);
		void this.refreshModels(added);
	}

	async remove(id: string): Promise<void> {
		await this.keys.delete(id);
		this.lists.delete(id);
		await this.#saveOwn(this.own.filter((known) => known.id !== id));
	}

	async choose(endpointId: string, model: string): Promise<void> {
		this.#chosen = { endpoint: endpointId, model };
		await this.#workspace.saveSetting(MODEL, { endpoint: endpointId, model });
	}

	find(endpointId: string): Endpoint | null {
		return this.all.find((known) => known.id === endpointId) ?? null;
	}

	async #saveOwn(own: readonly Endpoint[]): Promise<void> {
		this.own = own;
		await this.#workspace.saveSetting(
			ENDPOINTS,
			own.map(({ id, label, profile, baseUrl, via }) => ({ id, label, profile, baseUrl, via }))
		);
	}

	async #loadSettings(): Promise<void> {
		const settings = await this.#workspace.settings();
		if (!settings.ok) return;
		const own = stored.safeParse(settings.value.get(ENDPOINTS));
		if (own.success) this.own = own.data;
		const chosen = choice.safeParse(settings.value.get(MODEL));
		if (chosen.success) this.#chosen = chosen.data;
	}
}
