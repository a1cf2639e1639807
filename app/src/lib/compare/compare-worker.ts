/** Entry of the worker that compares texts: one per screen that needs it, bundled as one file. */
import { compareTexts, type CompareRequest } from './compare-texts.ts';

self.addEventListener('message', ({ data }: MessageEvent<CompareRequest>) => {
	self.postMessage(compareTexts(data));
});
