/** How far the token estimate is off for a model, learned from what servers report. */
import { learnFactor } from '@stemma/graph/tokens';
import type { RunRow, Workspace } from '@stemma/store/workspace/workspace';

const DIGITS = 1000;
const settingOf = (model: string): string => `factor/${model}`;

export async function tokenFactor(workspace: Workspace, model: string): Promise<number> {
	const known = await workspace.setting(settingOf(model));
	return known.ok && typeof known.value === 'number' ? known.value : 1;
}

/** @param estimated what was expected for the prompt of a run that has ended */
export async function learnFrom(workspace: Workspace, run: RunRow, estimated: number): Promise<void> {
	const reported = run.attempts.at(-1)?.tokensIn;
	if (reported == null) return;
	const factor = await tokenFactor(workspace, run.model);
	const learned = Math.round(learnFactor(factor, estimated, reported) * DIGITS) / DIGITS;
	if (learned !== factor) await workspace.saveSetting(settingOf(run.model), learned);
}
