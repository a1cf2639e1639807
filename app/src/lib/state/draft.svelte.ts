/** What is typed and not sent, with what goes with it, kept per conversation through reloads. */
import type { Hash, Part, ReferencePart } from '@stemma/graph/part';
import { textHashes } from '@stemma/graph/render';
import { estimateTokens } from '@stemma/graph/tokens';
import type { Workspace } from '@stemma/store/workspace/workspace';
import { toast } from '#lib/toast.ts';

const QUIET_MS = 300;

/** What a kept text is: its name as the model reads it, and its kind. */
export interface TextLabel {
	readonly type: 'file' | 'commit' | 'diff';
	readonly name: string;
	readonly mime: string;
}

export class Draft {
	#text = $state('');
	#attached = $state.raw<readonly Part[]>([]);
	#tokens = $state.raw<ReadonlyMap<Hash, number>>(new Map());
	readonly #workspace: Workspace;
	readonly #conversation: string;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#isTouched = false;
	readonly #onHide = (): void => this.flush();

	constructor(workspace: Workspace, conversation: string) {
		this.#workspace = workspace;
		this.#conversation = conversation;
		// Before the page lets go of the database, which happens at the same event.
		addEventListener('pagehide', this.#onHide, { capture: true });
		document.addEventListener('visibilitychange', this.#onHide);
	}

	get text(): string {
		return this.#text;
	}

	set text(text: string) {
		this.#text = text;
		this.#touch();
	}

	get attached(): readonly Part[] {
		return this.#attached;
	}

	/** What sending an attached text is estimated to cost; null until it has been read. */
	tokensOf(part: ReferencePart): number | null {
		return this.#tokens.get(part.hash) ?? null;
	}

	get isEmpty(): boolean {
		return this.#text.trim() === '' && this.#attached.length === 0;
	}

	attach(part: Part): void {
		this.#attached = [...this.#attached, part];
		this.#touch();
		this.flush();
	}

	detach(part: Part): void {
		this.#attached = this.#attached.filter((other) => other !== part);
		this.#touch();
	}

	/** Keeps a long text beside the message instead of in it. */
	async attachText(text: string, label: TextLabel): Promise<boolean> {
		const kept = await this.#workspace.keepText(text, label.mime);
		if (!kept.ok) {
			toast.error('The text could not be attached.', { description: kept.error.message });
			return false;
		}
		this.#count(new Map([[kept.value, text]]));
		this.attach({ ...label, hash: kept.value });
		return true;
	}

	/** An attached text goes back into what is typed. */
	async unfold(part: ReferencePart): Promise<void> {
		const kept = await this.#workspace.keptTexts([part.hash]);
		const text = kept.ok ? kept.value.get(part.hash) : undefined;
		if (text === undefined) return;
		this.detach(part);
		this.text = this.#text === '' ? text : `${this.#text}\n${text}`;
	}

	/** As a message: quotes first, then the words, then files. Empties the draft. */
	take(): readonly Part[] {
		const parts = this.#parts();
		this.#attached = [];
		this.text = '';
		return parts;
	}

	/** What could not be sent comes back, unless something else was written meanwhile. */
	putBack(parts: readonly Part[]): void {
		if (!this.isEmpty) return;
		this.#attached = parts.filter((part) => part.type !== 'text');
		void this.#countAttached();
		this.text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
	}

	async load(): Promise<void> {
		const kept = await this.#workspace.draft(this.#conversation, null);
		// What was typed in the meantime is newer.
		if (!kept.ok || this.#isTouched) return;
		this.#text = kept.value.text;
		this.#attached = kept.value.attached;
		await this.#countAttached();
	}

	flush(): void {
		if (this.#timer === null) return;
		clearTimeout(this.#timer);
		this.#timer = null;
		void this.#workspace.saveDraft(this.#conversation, null, { text: this.#text, attached: this.#attached });
	}

	close(): void {
		this.flush();
		removeEventListener('pagehide', this.#onHide, { capture: true });
		document.removeEventListener('visibilitychange', this.#onHide);
	}

	#count(texts: ReadonlyMap<Hash, string>): void {
		this.#tokens = new Map([
			...this.#tokens,
			...[...texts].map(([hash, text]) => [hash, estimateTokens(text)] as const)
		]);
	}

	async #countAttached(): Promise<void> {
		const unknown = textHashes(this.#attached).filter((hash) => !this.#tokens.has(hash));
		if (unknown.length === 0) return;
		const kept = await this.#workspace.keptTexts(unknown);
		if (kept.ok) this.#count(kept.value);
	}

	#parts(): readonly Part[] {
		const quotes = this.#attached.filter((part) => part.type === 'quote');
		const others = this.#attached.filter((part) => part.type !== 'quote');
		const words: readonly Part[] = this.#text.trim() === '' ? [] : [{ type: 'text', text: this.#text }];
		return [...quotes, ...words, ...others];
	}

	#touch(): void {
		this.#isTouched = true;
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.flush(), QUIET_MS);
	}
}
