/** Where models are, and which one is chosen for new conversations. Keys are kept elsewhere and never pass through here. */
import { practiceModel, type Model } from '@stemma/provider/models';
import type { KeyStore } from '@stemma/provider/key-store';
import type { Endpoint } from '@stemma/provider/run-protocol';
import type { Workspace } from '@stemma/store/workspace/workspace';
import * as z from 'zod/mini';
import type { ModelCatalogue } from './catalogue.svelte.ts';

export const PRACTICE: Endpoint = {
	id: 'practice',
	label: 'Practice model',
	profile: 'practice',
	baseUrl: '',
	via: 'page'
};

const endpoint: z.ZodMiniType<Endpoint> = z.object({
	id: z.string().check(z.minLength(1)),
	label: z.string(),
	profile: z.enum(['openrouter', 'openai', 'ollama', 'llama_cpp', 'lm_studio', 'vllm', 'practice']),
	baseUrl: z.string(),
	via: z.enum(['direct', 'relay', 'page'])
});
const stored = z.array(endpoint);
const offered = z.object({ endpoints: z.array(endpoint) });

/** A choice as it is kept. */
export const choice = z.object({ endpoint: z.string(), model: z.string() });
export type Choice = z.infer<typeof choice>;

export interface ModelChoice {
	readonly endpoint: Endpoint;
	readonly model: Model;
}

const ENDPOINTS = 'endpoints';
const MODEL = 'model';

/** A model that was chosen and that no list names (any more, or yet). */
const unlisted = (id: string): Model => ({
	...practiceModel,
	id,
	name: id,
	contextLength: null,
	inputs: [],
	outputs: []
});

export class Endpoints {
	/** Added by the user, kept in the database. */
	own = $state.raw<readonly Endpoint[]>([]);
	/** Offered by this page's own server. */
	served = $state.raw<readonly Endpoint[]>([]);
	/** Null until it is known whether this page has a server that will work for it. */
	hasServer = $state<boolean | null>(null);
	#chosen = $state.raw<Choice | null>(null);

	readonly all = $derived<readonly Endpoint[]>([...this.own, ...this.served, PRACTICE]);
	readonly options = $derived(
		this.all.flatMap((known) =>
			this.catalogue.models(known).map((model): ModelChoice => ({ endpoint: known, model }))
		)
	);
	/** Null until somebody has chosen: nothing is sent anywhere by default. */
	readonly chosen = $derived(this.resolve(this.#chosen));

	readonly #workspace: Workspace;
	readonly #nowMs: () => number;
	readonly keys: KeyStore;
	readonly catalogue: ModelCatalogue;

	constructor(workspace: Workspace, keys: KeyStore, catalogue: ModelCatalogue, nowMs: () => number) {
		this.#workspace = workspace;
		this.#nowMs = nowMs;
		this.keys = keys;
		this.catalogue = catalogue;
		workspace.onChange(({ tables }) => {
			if (tables.includes('setting') || tables.includes('scalar')) void this.#loadSettings();
		});
	}

	/** @param session settled when the server knows this page: until then it is not asked */
	async load(session: Promise<unknown>): Promise<void> {
		await Promise.all([this.catalogue.load(), this.#loadSettings()]);
		void session.then(() => {
			void this.refreshServed();
			for (const known of this.own) void this.catalogue.keepFresh(known, this.#nowMs());
		});
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
		// These cost nothing to ask, and change as models are loaded and unloaded.
		for (const known of this.served) void this.refreshModels(known);
	}

	refreshModels(target: Endpoint): ReturnType<ModelCatalogue['refresh']> {
		return this.catalogue.refresh(target, this.#nowMs());
	}

	/** A sentence when the key cannot be kept; then nothing was added. */
	async add(added: Endpoint, key: string | null): Promise<string | null> {
		if (key !== null) {
			try {
				await this.keys.set(added.id, key, added.baseUrl);
			} catch (thrown) {
				return thrown instanceof Error ? thrown.message : String(thrown);
			}
		}
		await this.#saveOwn([...this.own.filter((known) => known.id !== added.id), added]);
		return null;
	}

	async remove(id: string): Promise<void> {
		await this.keys.delete(id);
		await this.catalogue.forget(id);
		await this.#saveOwn(this.own.filter((known) => known.id !== id));
	}

	/** For conversations that have no choice of their own. */
	async choose(endpointId: string, model: string): Promise<void> {
		this.#chosen = { endpoint: endpointId, model };
		await this.#workspace.saveSetting(MODEL, { endpoint: endpointId, model });
	}

	find(endpointId: string): Endpoint | null {
		return this.all.find((known) => known.id === endpointId) ?? null;
	}

	/** Null for no choice, or an endpoint that is gone. */
	resolve(chosen: Choice | null): ModelChoice | null {
		const known = chosen === null ? null : this.find(chosen.endpoint);
		if (!chosen || !known) return null;
		return { endpoint: known, model: this.catalogue.find(known, chosen.model) ?? unlisted(chosen.model) };
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
