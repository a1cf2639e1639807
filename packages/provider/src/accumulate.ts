/** What a stream has said so far: a reducer over chunk events. */
import type { JsonValue } from '@stemma/graph/part';
import type { ServerError } from './error-body.ts';
import type { ChunkEvent, ToolDelta } from './normalise.ts';
import type { ToolCall, Usage } from './run-protocol.ts';

export interface Accumulated {
	readonly content: string;
	readonly reasoning: string;
	readonly reasoningDetails: readonly JsonValue[];
	readonly tools: readonly (ToolCall & { readonly index: number })[];
	readonly generationId: string | null;
	readonly model: string | null;
	readonly provider: string | null;
	readonly finish: string | null;
	readonly nativeFinish: string | null;
	readonly usage: Usage | null;
	/** The first one; what comes later is noise. */
	readonly error: ServerError | null;
	readonly isDone: boolean;
	readonly malformed: number;
}

export const NOTHING: Accumulated = {
	content: '',
	reasoning: '',
	reasoningDetails: [],
	tools: [],
	generationId: null,
	model: null,
	provider: null,
	finish: null,
	nativeFinish: null,
	usage: null,
	error: null,
	isDone: false,
	malformed: 0
};

export const hasOutput = (state: Accumulated): boolean =>
	state.content !== '' || state.reasoning !== '' || state.tools.length > 0;

export function accumulate(state: Accumulated, event: ChunkEvent): Accumulated {
	switch (event.type) {
		case 'content':
			return { ...state, content: state.content + event.text };
		case 'reasoning':
			return { ...state, reasoning: state.reasoning + event.text };
		case 'reasoning_details':
			return { ...state, reasoningDetails: event.details.reduce(mergeDetail, state.reasoningDetails) };
		case 'tool':
			return { ...state, tools: mergeTool(state.tools, event.delta) };
		case 'meta':
			return {
				...state,
				generationId: state.generationId ?? event.id,
				model: event.model ?? state.model,
				provider: event.provider ?? state.provider
			};
		case 'finish':
			// Several servers repeat it, or send a null one behind it: the first word holds.
			return state.finish === null ? { ...state, finish: event.reason, nativeFinish: event.native } : state;
		case 'usage':
			return { ...state, usage: event.usage };
		case 'error':
			return { ...state, error: state.error ?? event.error };
		case 'done':
			return { ...state, isDone: true };
		case 'malformed':
			return { ...state, malformed: state.malformed + 1 };
	}
}

type Fields = { readonly [key: string]: JsonValue };
const isObject = (value: JsonValue | undefined): value is Fields =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** Pieces of one block arrive one by one, its signature last; vendors demand the whole block back. */
function mergeDetail(details: readonly JsonValue[], detail: JsonValue): readonly JsonValue[] {
	const last = details.at(-1);
	const continues =
		isObject(last) &&
		isObject(detail) &&
		last['type'] === detail['type'] &&
		(last['index'] ?? null) === (detail['index'] ?? null) &&
		last['type'] !== 'reasoning.encrypted';
	if (!continues) return [...details, detail];
	const merged: Record<string, JsonValue> = { ...last };
	for (const [key, value] of Object.entries(detail)) {
		const before = merged[key];
		const isText = key === 'text' || key === 'summary';
		if (isText && typeof value === 'string') merged[key] = (typeof before === 'string' ? before : '') + value;
		else if (value !== null) merged[key] = value;
	}
	return [...details.slice(0, -1), merged];
}

/** A call is known by its index, unless a new id says that another began: some servers repeat index 0. */
function mergeTool(tools: Accumulated['tools'], delta: ToolDelta): Accumulated['tools'] {
	const at = tools.findLastIndex((tool) => tool.index === delta.index);
	const known = tools[at];
	if (!known || (delta.id !== null && known.id !== '' && known.id !== delta.id)) {
		return [
			...tools,
			{ index: delta.index, id: delta.id ?? '', name: delta.name ?? '', arguments: delta.arguments }
		];
	}
	const grown = {
		...known,
		id: known.id === '' ? (delta.id ?? '') : known.id,
		name: known.name === '' ? (delta.name ?? '') : known.name,
		arguments: known.arguments + delta.arguments
	};
	return tools.with(at, grown);
}
