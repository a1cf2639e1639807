/** How things look and what may be fetched: kept in the database, so that it comes along with the data. */
import type { Workspace } from '@stemma/store/workspace/workspace';
import { setTheme } from '#lib/theme.ts';
import { toast } from '#lib/toast.ts';
import * as z from 'zod/mini';

const APPEARANCE = 'appearance';
const IMAGE_HOSTS = 'image-hosts';

export const TEXT_SIZES = [14, 15, 16, 18, 20] as const;
export const MEASURES = { narrow: '38rem', normal: '46rem', wide: '60rem' } as const;

const appearance = z.object({
	theme: z.catch(z.enum(['system', 'light', 'dark']), 'system'),
	font: z.catch(z.enum(['sans', 'serif']), 'sans'),
	size: z.catch(z.int().check(z.minimum(12)).check(z.maximum(28)), 15),
	measure: z.catch(z.enum(['narrow', 'normal', 'wide']), 'normal')
});
export type Appearance = z.infer<typeof appearance>;
const hosts = z.array(z.string());

export class Preferences {
	appearance = $state.raw<Appearance>({ theme: 'system', font: 'sans', size: 15, measure: 'normal' });
	/** Hosts whose images load by themselves. None unless somebody said so. */
	imageHosts = $state.raw<ReadonlySet<string>>(new Set());
	readonly #workspace: Workspace;

	constructor(workspace: Workspace) {
		this.#workspace = workspace;
		workspace.onChange(({ tables }) => {
			if (tables.includes('setting')) void this.load();
		});
	}

	async load(): Promise<void> {
		const settings = await this.#workspace.settings();
		if (!settings.ok) return;
		const look = appearance.safeParse(settings.value.get(APPEARANCE));
		if (look.success) this.#wear(look.data);
		const allowed = hosts.safeParse(settings.value.get(IMAGE_HOSTS));
		this.imageHosts = new Set(allowed.success ? allowed.data : []);
	}

	async change(part: Partial<Appearance>): Promise<void> {
		this.#wear({ ...this.appearance, ...part });
		await this.#save(APPEARANCE, this.appearance);
	}

	async allowImages(host: string, isAllowed: boolean): Promise<void> {
		const allowed = new Set(this.imageHosts);
		if (isAllowed) allowed.add(host);
		else allowed.delete(host);
		this.imageHosts = allowed;
		await this.#save(IMAGE_HOSTS, [...allowed].toSorted());
	}

	#wear(look: Appearance): void {
		this.appearance = look;
		setTheme(look.theme);
		const { style } = document.documentElement;
		style.setProperty('--prose-size', `${look.size}px`);
		style.setProperty('--prose-font', `var(--letters-${look.font})`);
		style.setProperty('--measure', MEASURES[look.measure]);
	}

	async #save(key: string, value: Appearance | readonly string[]): Promise<void> {
		const saved = await this.#workspace.saveSetting(key, value);
		if (!saved.ok) toast.error('The setting was not saved.', { description: saved.error.message });
	}
}
