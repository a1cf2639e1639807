/** An answer as it grows on the screen, fed by hand. */
import { flushSync, mount } from 'svelte';
import MarkdownPage from './markdown-page.svelte';

const page = mount(MarkdownPage, { target: document.body }) as { append(more: string): void };
let length = 0;

/** Appends what makes the answer `until` characters long, then `times` pieces. @returns the median of these, ms */
function flushMarkdown(text: string, until: number, piece: number, times: number): number {
	flushSync(() => {
		page.append(text.slice(length, until));
	});
	length = until;
	const taken: number[] = [];
	for (let i = 0; i < times; i++) {
		const more = text.slice(length, length + piece);
		length += piece;
		const start = performance.now();
		flushSync(() => {
			page.append(more);
		});
		taken.push(performance.now() - start);
	}
	return taken.toSorted((a, b) => a - b)[times >> 1] ?? 0;
}

Object.assign(globalThis, { flushMarkdown });
export type FlushMarkdown = typeof flushMarkdown;
