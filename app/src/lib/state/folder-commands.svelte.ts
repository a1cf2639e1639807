/** The commands a person has named for a folder, and their runs. */
import type { HostError, Job, NamedCommand } from '@stemma/host/generated/commands';
import type { Host } from '@stemma/host/host';
import { Activity, isOver } from './activity.svelte.ts';

export class FolderCommands {
	commands = $state.raw<readonly NamedCommand[]>([]);
	isLoaded = $state(false);
	/** Why the last thing that was wanted did not happen. */
	problem = $state.raw<HostError | null>(null);
	/** The one that a person is asked about in a dialog of the system. */
	asking = $state<string | null>(null);
	readonly activity: Activity;
	readonly #host: Host;
	readonly #root: string;

	constructor(host: Host, root: string) {
		this.#host = host;
		this.#root = root;
		this.activity = new Activity(host);
	}

	async load(): Promise<void> {
		const listed = await this.#host.call('process.list', { root: this.#root });
		if (listed.ok) this.commands = listed.value.commands;
		else this.problem = listed.error;
		this.isLoaded = true;
	}

	/** Takes the place of the command with its name. @returns whether it is kept now */
	async name(command: NamedCommand): Promise<boolean> {
		return this.#change(await this.#host.call('process.name', { root: this.#root, command }));
	}

	async forget({ name }: NamedCommand): Promise<void> {
		await this.#change(await this.#host.call('process.forget', { root: this.#root, name }));
	}

	/** The first time, a person is asked outside the page; that they said no is no problem. */
	async run(command: NamedCommand): Promise<void> {
		this.problem = null;
		this.asking = command.name;
		const started = await this.#host.call('process.run', { root: this.#root, command });
		this.asking = null;
		if (!started.ok && started.error.code !== 'denied') this.problem = started.error;
	}

	/** The newest run of a command, while the host knows of it. */
	runOf({ name }: NamedCommand): Job | null {
		const runs = this.activity.jobs.filter(
			(job) => job.kind === 'process.run' && job.root === this.#root && job.label === name
		);
		return runs.find((job) => !isOver(job)) ?? runs[0] ?? null;
	}

	async #change(changed: Awaited<ReturnType<Host['call']>>): Promise<boolean> {
		this.problem = changed.ok ? null : changed.error;
		if (changed.ok) await this.load();
		return changed.ok;
	}
}
