/** What of a body a model gets to read. Reasoning stays home; quotes become Markdown quotes. */
import type { Part, ToolCallPart, ToolResultPart } from './part.ts';

export function partsToText(parts: readonly Part[]): string {
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
				blocks.push(`[${part.type}: ${part.name}]`);
				break;
			case 'reasoning':
			case 'tool_call':
			case 'tool_result':
				break;
		}
	}
	return blocks.join('\n\n');
}

export const toolCalls = (parts: readonly Part[]): readonly ToolCallPart[] =>
	parts.filter((part) => part.type === 'tool_call');

export const toolResults = (parts: readonly Part[]): readonly ToolResultPart[] =>
	parts.filter((part) => part.type === 'tool_result');
