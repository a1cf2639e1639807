/** Columns as they stand beside each other: computed elsewhere, shown together with what they were computed from. */
import type { Passage } from '@stemma/graph/merge-plan';
import { startComparer, type Compared, type Comparer } from '#lib/compare/start-comparer.ts';
import { passagesIn, type Column } from './columns.ts';

export interface Aligned {
	readonly columns: readonly Column[];
	/** By column, message and place. */
	readonly passages: readonly (readonly (readonly Passage[])[])[];
	/** By message. */
	readonly sections: Compared;
	readonly base: number | null;
}

export class Alignment {
	shown = $state.raw<Aligned | null>(null);
	readonly #comparer: Comparer = startComparer();

	close(): void {
		this.#comparer.close();
	}

	/** @param base the column that the others are told against; null for no differences */
	async update(columns: readonly Column[], base: number | null): Promise<void> {
		const passages = columns.map(passagesIn);
		const longest = Math.max(0, ...passages.map((messages) => messages.length));
		const sections = Array.from({ length: longest }, (_, message) =>
			passages.map((messages) => (messages[message] ?? []).map(({ text }) => text))
		);
		const compared = await this.#comparer.compare({ sections, base });
		if (compared) this.shown = { columns, passages, sections: compared, base };
	}
}
