/** Undo and redo of whatever this device did, wherever it was, with a word on what it was. */
import type { OpId } from '@stemma/graph/op';
import type { Result } from '@stemma/graph/result';
import type { StoreError } from '@stemma/store/port';
import type { TakenBack } from '@stemma/store/workspace/operations';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';
import type { Announcer } from './announcer.svelte.ts';
import { tellTransaction } from './operation-sentences.ts';

/** Long enough to read what it was and to think better of it. */
const OFFERED_MS = 8000;

export class UndoHistory {
	readonly #workspace: Workspace;
	readonly #announcer: Announcer;

	constructor(workspace: Workspace, announcer: Announcer) {
		this.#workspace = workspace;
		this.#announcer = announcer;
	}

	undo = (): Promise<void> => this.#next('undo', 'There is nothing to undo.');
	redo = (): Promise<void> => this.#next('redo', 'There is nothing to redo.');

	/** Undoes an operation, or redoes one that is undone. */
	async takeBack(op: OpId): Promise<void> {
		this.#tell(await this.#workspace.takeBack(op));
	}

	/** What was just done, with the way back. */
	offer(sentence: string, op: OpId, description?: string): void {
		toast(sentence, {
			duration: OFFERED_MS,
			...(description === undefined ? {} : { description }),
			action: { label: 'Undo', onClick: () => void this.takeBack(op) }
		});
	}

	async #next(direction: 'undo' | 'redo', nothing: string): Promise<void> {
		const taken = await this.#workspace.takeBackNext(direction);
		if (!taken.ok) this.#tell(taken);
		else if (taken.value) this.#tell({ ok: true, value: taken.value });
		else toast(nothing);
	}

	#tell(taken: Result<TakenBack, StoreError>): void {
		if (!taken.ok) {
			toast.error('This was not changed.', { description: taken.error.message });
			return;
		}
		const { op, turn, done, wasBuiltUpon } = taken.value;
		const what = tellTransaction({ ...done, turn });
		const where = done.conversation?.title ?? null;
		const since = wasBuiltUpon ? 'Something newer rests on it: both are kept.' : null;
		const description = [where, since].filter((words) => words !== null).join(' · ');
		this.#announcer.say(what);
		toast(what, {
			duration: OFFERED_MS,
			...(description === '' ? {} : { description }),
			action: { label: turn === 'undo' ? 'Redo' : 'Undo', onClick: () => void this.takeBack(op) }
		});
	}
}
