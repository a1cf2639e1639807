/** The models of every endpoint: from the database at once, from the endpoint when that is old. */
import type { Result } from '@stemma/graph/result';
import type { KeyStore } from '@stemma/provider/key-store';
import { listModels, practiceModel, type Model } from '@stemma/provider/models';
import type { Endpoint, RunFailure } from '@stemma/provider/run-protocol';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { platform } from '#platform';
import * as z from 'zod/mini';

export const { transport } = platform;

export type ModelList =
	| { readonly kind: 'loading' }
	| { readonly kind: 'failed'; readonly failure: RunFailure }
	| {
			readonly kind: 'ready';
			readonly models: readonly Model[];
			/** When the endpoint said so. */
			readonly fetchedAt: number;
			/** Why it could not be asked again since. */
			readonly failure: RunFailure | null;
	  };

const FRESH_MS = 6 * 3_600_000;
const LIST_MS = 20_000;
const FAVOURITES = 'favourite-models';
const names = z.array(z.string());

/** One model at one endpoint, as a single word. */
export const modelKey = (endpoint: string, model: string): string => `${endpoint}\n${model}`;

export class ModelCatalogue {
	readonly lists = new SvelteMap<string, ModelList>();
	readonly asking = new SvelteSet<string>();
	favourites = $state.raw<ReadonlySet<string>>(new Set());
	readonly #workspace: Workspace;
	readonly #keys: KeyStore;

	constructor(workspace: Workspace, keys: KeyStore) {
		this.#workspace = workspace;
		this.#keys = keys;
		workspace.onChange(({ tables }) => {
			if (tables.includes('catalogue')) void this.#loadLists();
			if (tables.includes('setting')) void this.#loadFavourites();
		});
	}

	async load(): Promise<void> {
		await Promise.all([this.#loadLists(), this.#loadFavourites()]);
	}

	models(endpoint: Endpoint): readonly Model[] {
		if (endpoint.via === 'page') return [practiceModel];
		const list = this.lists.get(endpoint.id);
		return list?.kind === 'ready' ? list.models : [];
	}

	find(endpoint: Endpoint, model: string): Model | null {
		return this.models(endpoint).find((known) => known.id === model) ?? null;
	}

	/** Asks only where the list is missing or old. */
	async keepFresh(endpoint: Endpoint, nowMs: number): Promise<void> {
		const list = this.lists.get(endpoint.id);
		if (list?.kind === 'ready' && nowMs - list.fetchedAt < FRESH_MS) return;
		await this.refresh(endpoint, nowMs);
	}

	async refresh(endpoint: Endpoint, nowMs: number): Promise<Result<readonly Model[], RunFailure>> {
		const { id } = endpoint;
		if (!this.lists.has(id)) this.lists.set(id, { kind: 'loading' });
		this.asking.add(id);
		const key = endpoint.via === 'direct' ? await this.#keys.get(id) : null;
		const models = await listModels(transport, endpoint, key, AbortSignal.timeout(LIST_MS));
		this.asking.delete(id);
		const before = this.lists.get(id);
		if (models.ok) {
			this.lists.set(id, { kind: 'ready', models: models.value, fetchedAt: nowMs, failure: null });
			if (endpoint.via !== 'page') {
				// Kept for when there is no network: a failure to keep it costs nothing that is not fetched again.
				await this.#workspace.saveCatalogue({ endpoint: id, fetchedAt: nowMs, models: models.value });
			}
		} else if (before?.kind === 'ready') this.lists.set(id, { ...before, failure: models.error });
		else this.lists.set(id, { kind: 'failed', failure: models.error });
		return models;
	}

	async forget(endpoint: string): Promise<void> {
		this.lists.delete(endpoint);
		await this.#workspace.forgetCatalogue(endpoint);
	}

	async toggleFavourite(key: string): Promise<void> {
		const favourites = new Set(this.favourites);
		if (!favourites.delete(key)) favourites.add(key);
		this.favourites = favourites;
		await this.#workspace.saveSetting(FAVOURITES, [...favourites]);
	}

	async #loadLists(): Promise<void> {
		const kept = await this.#workspace.catalogues();
		if (!kept.ok) return;
		for (const { endpoint, fetchedAt, models } of kept.value) {
			const known = this.lists.get(endpoint);
			if (known?.kind === 'ready' && known.fetchedAt >= fetchedAt) continue;
			this.lists.set(endpoint, { kind: 'ready', models, fetchedAt, failure: null });
		}
	}

	async #loadFavourites(): Promise<void> {
		const kept = await this.#workspace.setting(FAVOURITES);
		const parsed = kept.ok ? names.safeParse(kept.value) : null;
		if (parsed?.success === true) this.favourites = new Set(parsed.data);
	}
}
