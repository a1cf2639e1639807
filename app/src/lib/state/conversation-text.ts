/** A path as one Markdown document, for taking it elsewhere. */
import type { NodeId } from '@stemma/graph/node';
import { partsToText, textHashes } from '@stemma/graph/render';
import { err, ok, type Result } from '@stemma/graph/result';
import { StoreFailure, type StoreError } from '@stemma/store/port';
import type { Workspace } from '@stemma/store/workspace/workspace';

const HEADINGS = { user: 'You', assistant: 'Answer', system: 'System', tool: 'Tool' } as const;

export async function pathToMarkdown(
	workspace: Workspace,
	leaf: NodeId,
	title: string
): Promise<Result<string, StoreError>> {
	const sections: string[] = [];
	try {
		for await (const nodes of workspace.ancestors(leaf)) {
			const hashes = nodes.flatMap(({ body }) => textHashes(body?.parts ?? []));
			const attached = await workspace.keptTexts(hashes);
			if (!attached.ok) return attached;
			for (const { role, body } of nodes) {
				const text = body ? partsToText(body.parts, attached.value) : '*redacted*';
				sections.push(`## ${HEADINGS[role]}\n\n${text}`);
			}
		}
	} catch (thrown) {
		if (thrown instanceof StoreFailure) return err(thrown.error);
		throw thrown;
	}
	return ok(`# ${title}\n\n${sections.toReversed().join('\n\n')}\n`);
}
