/** From a place in the graph to a run: which model, what words, which row. */
import type { Link, NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import { partsToText } from '@stemma/graph/render';
import { profileOf, requestParameters } from '@stemma/provider/profiles';
import type { ChatRequest } from '@stemma/provider/run-protocol';
import type { NodeRow, Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import { readSettings } from './conversation-settings.svelte.ts';
import type { Choice, Endpoints } from './endpoints.svelte.ts';
import { buildPrompt } from './prompt.ts';
import type { RunRegistry } from './run-registry.svelte.ts';
import { tokenFactor } from './token-factor.ts';

export interface AskDeps {
	readonly workspace: Workspace;
	readonly endpoints: Endpoints;
	readonly runs: RunRegistry;
}

export interface Question {
	readonly conversation: ConversationId;
	/** The node to answer, and the branch that moves to the answer (null: a new one). */
	readonly parent: NodeId;
	readonly ref: string | null;
	/** Of the message this is another version of. */
	readonly change?: string;
	readonly links?: readonly Link[];
	/** The answer to go on with. */
	readonly goesOn?: NodeRow;
	/** Another model than the conversation's. */
	readonly model?: Choice | null;
	/** The answer is a merge of `parent` and these. */
	readonly merges?: readonly NodeId[];
	/** Asked in words that are no message, after what was said up to `after` (null: after nothing). */
	readonly request?: { readonly after: NodeId | null; readonly text: string };
}

/** Asks a model; what stands in the way is told on screen. @returns whether a run has begun */
export async function ask({ workspace, endpoints, runs }: AskDeps, question: Question): Promise<boolean> {
	const { goesOn, model: wanted, request, ...run } = question;
	const settings = await readSettings(workspace, run.conversation);
	const chosen = endpoints.resolve(wanted ?? settings.model) ?? endpoints.chosen;
	if (!chosen) {
		toast.error('Choose a model first.');
		return false;
	}
	const { endpoint, model } = chosen;
	const factor = await tokenFactor(workspace, model.id);
	const prompt = await buildPrompt(workspace, {
		conversation: run.conversation,
		leaf: request ? request.after : (goesOn?.id ?? run.parent),
		window: model.contextLength,
		factor,
		instructions: settings.system === '' ? [] : [settings.system],
		...(goesOn ? { goOn: profileOf(endpoint).prefills ? ('prefill' as const) : ('ask' as const) } : {}),
		...(request ? { request: request.text } : {})
	});
	if (!prompt.ok) {
		toast.error('The request could not be put together.', { description: prompt.error.message });
		return false;
	}
	const { messages, receipt, stored } = prompt.value;
	const posted: ChatRequest = { model: model.id, messages, session_id: run.conversation };
	return runs.start({
		run: { ...run, params: requestParameters(endpoint, posted), receipt: stored },
		endpoint,
		request: posted,
		...(goesOn ? { prefix: partsToText(goesOn.body?.parts ?? []) } : {}),
		estimated: receipt.tokens
	});
}
