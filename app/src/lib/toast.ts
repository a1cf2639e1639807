/** Short notices in a corner of the page. */
import { Late } from '#lib/ui/late.svelte.ts';

export interface ToastOptions {
	/** Takes the place of the one that had the same. */
	readonly id?: string;
	readonly description?: string;
	readonly duration?: number;
	readonly action?: { readonly label: string; readonly onClick: () => void };
}

/** What draws them; it shows those that were waiting. */
export const toaster = new Late(() => import('svelte-sonner'));

export const toast = Object.assign(
	(sentence: string, options?: ToastOptions): void => {
		void toaster.load().then((sonner) => sonner?.toast(sentence, options));
	},
	{
		error: (sentence: string, options?: ToastOptions): void => {
			void toaster.load().then((sonner) => sonner?.toast.error(sentence, options));
		}
	}
);
