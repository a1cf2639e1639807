/** What holds for one conversation only: its system prompt and its model. */
import type { ConversationId } from '@stemma/graph/op';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import { choice, type Choice } from './endpoints.svelte.ts';

const SYSTEM = 'system';
const MODEL = 'model';

export interface KeptSettings {
	readonly system: string;
	readonly model: Choice | null;
}

export async function readSettings(workspace: Workspace, id: ConversationId): Promise<KeptSettings> {
	const kept = await workspace.conversationSettings(id);
	const system = kept.ok ? kept.value.get(SYSTEM) : null;
	const model = choice.safeParse(kept.ok ? kept.value.get(MODEL) : null);
	return { system: typeof system === 'string' ? system : '', model: model.success ? model.data : null };
}

export class ConversationSettings {
	system = $state('');
	model = $state.raw<Choice | null>(null);
	/** For the next message only. */
	once = $state.raw<Choice | null>(null);
	/** Models that answer the next message side by side, one as often as it is named; empty for the usual one. */
	several = $state.raw<readonly Choice[]>([]);
	readonly #workspace: Workspace;
	readonly #id: ConversationId;
	readonly close: () => void;

	constructor(workspace: Workspace, id: ConversationId) {
		this.#workspace = workspace;
		this.#id = id;
		this.close = workspace.onChange(({ tables, conversations }) => {
			if (tables.includes('setting') && conversations?.includes(id) === true) void this.load();
		});
	}

	async load(): Promise<void> {
		const { system, model } = await readSettings(this.#workspace, this.#id);
		this.system = system;
		this.model = model;
	}

	async setSystem(text: string): Promise<void> {
		const trimmed = text.trim();
		this.system = trimmed;
		const saved = await this.#workspace.saveConversationSetting(
			this.#id,
			SYSTEM,
			trimmed === '' ? null : trimmed
		);
		if (!saved.ok) toast.error('The system prompt was not saved.', { description: saved.error.message });
	}

	async setModel(model: Choice): Promise<void> {
		this.model = model;
		const saved = await this.#workspace.saveConversationSetting(this.#id, MODEL, model);
		if (!saved.ok) toast.error('The choice was not saved.', { description: saved.error.message });
	}
}
