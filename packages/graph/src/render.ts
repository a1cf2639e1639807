/** What of a body a model gets to read. Reasoning stays home; quotes become Markdown quotes, texts kept elsewhere fences. */
import type { Hash, Part, ReferencePart, ToolCallPart, ToolResultPart } from './part.ts';

const NONE: ReadonlyMap<Hash, string> = new Map();

/** @param attached the texts that references name, as far as they are to be read in full */
export function partsToText(parts: readonly Part[], attached: ReadonlyMap<Hash, string> = NONE): string {
	const blocks: string[] = [];
	for (const part of parts) {
		switch (part.type) {
			case 'text':
				if (part.text !== '') blocks.push(part.text);
				break;
			case 'quote':
				blocks.push(
					part.text
						.split(/\r?\n/)
						.map((line) => `> ${line}`)
						.join('\n')
				);
				break;
			case 'image':
			case 'file':
			case 'commit':
			case 'diff':
				blocks.push(referenceToText(part, attached.get(part.hash)));
				break;
			case 'reasoning':
			case 'tool_call':
			case 'tool_result':
				break;
		}
	}
	return blocks.join('\n\n');
}

function referenceToText({ type, name }: ReferencePart, text: string | undefined): string {
	const label = `[${type}: ${name}]`;
	if (text === undefined) return label;
	// Longer than any fence inside, so that the text cannot end it.
	const longest = (text.match(/`{3,}/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
	const fence = '`'.repeat(longest + 1);
	return `${label}\n${fence}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`;
}

/** The texts that parts refer to. An image is none. */
export const textHashes = (parts: readonly Part[]): readonly Hash[] =>
	parts.flatMap((part) =>
		part.type === 'file' || part.type === 'commit' || part.type === 'diff' ? [part.hash] : []
	);

export const toolCalls = (parts: readonly Part[]): readonly ToolCallPart[] =>
	parts.filter((part) => part.type === 'tool_call');

export const toolResults = (parts: readonly Part[]): readonly ToolResultPart[] =>
	parts.filter((part) => part.type === 'tool_result');
