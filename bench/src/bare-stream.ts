/** The least a browser can do with an answer: read it in a worker, and hang it on a paragraph that is kept in view. */
import type { Page } from '@playwright/test';

/** Patches as often as the app does. */
const PATCH_MS = 100;
const PARAGRAPHS = 20;

/** On a page of the model server itself, which is open already, starts the stream after a while. Does not wait for it. */
export async function streamBare(page: Page, upstream: string, model: string, inMs: number): Promise<void> {
	await page.evaluate(
		async ([address, name, patchMs, paragraphs, wait]) => {
			const read = async (): Promise<void> => {
				const response = await fetch(`${address}/chat/completions`, {
					method: 'POST',
					headers: { 'content-type': 'application/json' },
					body: JSON.stringify({
						model: name,
						stream: true,
						messages: [{ role: 'user', content: 'Write on.' }]
					})
				});
				const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
				let text = '';
				let at = 0;
				for (;;) {
					const piece = await reader?.read();
					for (const [, word] of piece?.value?.matchAll(/"content":"(.*?)"/g) ?? []) text += word ?? '';
					if (piece?.done !== true && performance.now() - at < patchMs) continue;
					postMessage(text);
					if (piece?.done !== false) return;
					text = '';
					at = performance.now();
				}
			};
			const pane = Object.assign(document.createElement('div'), {
				style: 'height: 800px; overflow: auto; background: white'
			});
			for (let i = 0; i <= paragraphs; i++)
				pane.append(
					Object.assign(document.createElement('p'), { textContent: i > 0 ? 'As it was. '.repeat(60) : '' })
				);
			document.body.replaceChildren(pane);
			const source = `const address = ${JSON.stringify(address)}, name = ${JSON.stringify(name)}, patchMs = ${patchMs};
				setTimeout(${read.toString()}, ${wait});
				postMessage('');`;
			const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
			// It is there: a debugger that leaves while it starts would take it along.
			await new Promise((resolve) => {
				worker.onmessage = resolve;
			});
			worker.onmessage = ({ data }: MessageEvent<string>) => {
				pane.lastElementChild?.append(data);
				pane.scrollTop = pane.scrollHeight;
			};
		},
		[upstream, model, PATCH_MS, PARAGRAPHS, inMs] as const
	);
}
