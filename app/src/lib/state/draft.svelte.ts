/** What is typed and not sent, kept per conversation through reloads. */
import type { Workspace } from '@stemma/store/workspace/workspace';

const QUIET_MS = 300;

export class Draft {
	#text = $state('');
	readonly #workspace: Workspace;
	readonly #conversation: string;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#isTouched = false;
	readonly #onHide = (): void => this.flush();

	constructor(workspace: Workspace, conversation: string) {
		this.#workspace = workspace;
		this.#conversation = conversation;
		addEventListener('pagehide', this.#onHide);
		document.addEventListener('visibilitychange', this.#onHide);
	}

	get text(): string {
		return this.#text;
	}

	set text(text: string) {
		this.#text = text;
		this.#isTouched = true;
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.flush(), QUIET_MS);
	}

	async load(): Promise<void> {
		const kept = await this.#workspace.draft(this.#conversation, null);
		// What was typed in the meantime is newer.
		if (kept.ok && !this.#isTouched) this.#text = kept.value;
	}

	flush(): void {
		if (this.#timer === null) return;
		clearTimeout(this.#timer);
		this.#timer = null;
		void this.#workspace.saveDraft(this.#conversation, null, this.#text);
	}

	close(): void {
		this.flush();
		removeEventListener('pagehide', this.#onHide);
		document.removeEventListener('visibilitychange', this.#onHide);
	}
}
