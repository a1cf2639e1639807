/** Between rows and values: JSON columns are parsed here, once, and trusted afterwards. */
import type { Body } from '@stemma/graph/node';
import type { JsonValue, Part } from '@stemma/graph/part';
import * as z from 'zod/mini';

const json: z.ZodMiniType<JsonValue> = z.json();
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const part: z.ZodMiniType<Part> = z.discriminatedUnion('type', [
	z.object({
		type: z.literal('text'),
		text: z.string(),
		source: z.exactOptional(z.object({ node: hash, from: z.int(), to: z.int() }))
	}),
	z.object({
		type: z.literal('reasoning'),
		text: z.string(),
		ms: z.exactOptional(z.number()),
		details: z.exactOptional(z.array(json))
	}),
	z.object({ type: z.enum(['image', 'file', 'commit', 'diff']), hash, name: z.string(), mime: z.string() }),
	z.object({ type: z.literal('tool_call'), id: z.string(), name: z.string(), arguments: z.string() }),
	z.object({ type: z.literal('tool_result'), id: z.string(), text: z.string() }),
	z.object({ type: z.literal('quote'), source: hash, from: z.int(), to: z.int(), text: z.string() })
]);
const parts = z.array(part);

/** Null for a redacted body. */
export function decodeBody(nonce: string | null, data: string | null): Body | null {
	return nonce === null || data === null ? null : { nonce, parts: parts.parse(JSON.parse(data)) };
}

export const decodeParts = (data: string): readonly Part[] => parts.parse(JSON.parse(data));

export const decodeJson = (text: string): JsonValue => json.parse(JSON.parse(text));

/** Of a text that another program may have written; null for what is no JSON. */
export function decodeStray(text: string): JsonValue {
	try {
		return decodeJson(text);
	} catch {
		return null;
	}
}

const links = z.array(
	z.object({
		kind: z.enum(['edit_of', 'regen_of', 'continues', 'covers_from', 'covers_to', 'cherry_of', 'quotes']),
		target: hash
	})
);
export const decodeLinks = (text: string) => links.parse(JSON.parse(text));

const hashes = z.array(hash);
export const decodeHashes = (text: string): readonly string[] => hashes.parse(JSON.parse(text));

/** "a,b" from group_concat; empty for none. */
export const decodeList = (text: string | null): readonly string[] =>
	text === null || text === '' ? [] : text.split(',');
