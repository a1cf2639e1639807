/** Bytes to events. Survives any slicing, line ending or missing final blank line; has hard caps. */
import { createParser } from 'eventsource-parser';

const MAX_EVENT_CHARS = 8 * 1024 * 1024;
const MAX_RUN_BYTES = 32 * 1024 * 1024;

export type SseItem =
	| { readonly type: 'event'; readonly name: string | null; readonly data: string }
	| { readonly type: 'comment' };

export interface SseReader {
	readonly bytes: number;
	/** Items in these bytes, or `oversize` when a cap is passed. */
	push(bytes: Uint8Array): readonly SseItem[] | 'oversize';
	end(): readonly SseItem[];
}

export function createSseReader(): SseReader {
	const decoder = new TextDecoder('utf-8');
	let items: SseItem[] = [];
	let bytes = 0;
	let isOversize = false;
	const parser = createParser({
		maxBufferSize: MAX_EVENT_CHARS,
		onEvent: ({ event, data }) => items.push({ type: 'event', name: event ?? null, data }),
		onComment: () => items.push({ type: 'comment' }),
		onError: (error) => {
			// Unknown fields are allowed by the standard; only a full buffer ends the stream.
			if (error.type === 'max-buffer-size-exceeded') isOversize = true;
		}
	});
	const take = (): readonly SseItem[] => {
		const taken = items;
		items = [];
		return taken;
	};
	return {
		get bytes() {
			return bytes;
		},
		push(chunk) {
			bytes += chunk.byteLength;
			if (bytes > MAX_RUN_BYTES) return 'oversize';
			parser.feed(decoder.decode(chunk, { stream: true }));
			return isOversize ? 'oversize' : take();
		},
		end() {
			// Several servers leave out the blank line behind the last event, where the usage is.
			parser.feed(`${decoder.decode()}\n\n`);
			return take();
		}
	};
}
