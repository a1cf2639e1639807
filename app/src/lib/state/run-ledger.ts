/**
 * Writes down what becomes of a run, one transaction at a time. A fast server brings five states within a few
 * hundredths of a second: they go together into one. Text that is not to be lost takes them along at once.
 */
import type { AttemptRow, RunProgress, Workspace } from '@stemma/store/workspace/workspace';

/** Other tabs may learn that much later what a run is doing. */
const GATHER_MS = 50;

export class RunLedger {
	readonly #workspace: Pick<Workspace, 'recordRun'>;
	readonly #run: string;
	#waiting: RunProgress[] = [];
	#timer: ReturnType<typeof setTimeout> | null = null;
	#isWriting = false;
	#last: AttemptRow | null = null;

	constructor(workspace: Pick<Workspace, 'recordRun'>, run: string) {
		this.#workspace = workspace;
		this.#run = run;
	}

	note(progress: RunProgress): void {
		this.#last = progress.attempts?.at(-1) ?? this.#last;
		this.#waiting.push(progress);
		if (progress.chunks !== undefined) void this.#write();
		else this.#timer ??= setTimeout(() => void this.#write(), GATHER_MS);
	}

	/** Writes nothing any more. @returns the attempts that the end of the run has to bring with it */
	close(): readonly AttemptRow[] {
		this.#stopTimer();
		const waiting = this.#waiting.splice(0).flatMap(({ attempts = [] }) => attempts);
		// Once more, if it is written already: the write may have been refused.
		return byNumber([...(this.#last === null ? [] : [this.#last]), ...waiting]);
	}

	#stopTimer(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
	}

	async #write(): Promise<void> {
		this.#stopTimer();
		if (this.#isWriting) return;
		this.#isWriting = true;
		while (this.#waiting.length > 0) {
			const progress = this.#waiting.splice(0).reduce(together);
			const written = await this.#workspace.recordRun(this.#run, progress);
			if (written.ok) continue;
			// It goes again with what comes next: what is missing in the journal would be a gap in the text.
			this.#waiting.unshift(progress);
			break;
		}
		this.#isWriting = false;
	}
}

const byNumber = (attempts: readonly AttemptRow[]): readonly AttemptRow[] => [
	...new Map(attempts.map((attempt) => [attempt.n, attempt])).values()
];

function together(before: RunProgress, after: RunProgress): RunProgress {
	return {
		...before,
		...after,
		attempts: byNumber([...(before.attempts ?? []), ...(after.attempts ?? [])]),
		chunks: [...(before.chunks ?? []), ...(after.chunks ?? [])]
	};
}
