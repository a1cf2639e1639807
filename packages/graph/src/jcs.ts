/**
 * RFC 8785 canonical JSON: the bytes that are hashed. One value has exactly one text, in every language.
 * NaN, infinities and lone surrogates have none: they are defects of the caller and throw.
 */
export function canonicalJson(value: unknown): string {
	switch (typeof value) {
		case 'string':
			return canonicalString(value);
		case 'number':
			if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`);
			return JSON.stringify(value);
		case 'boolean':
			return value ? 'true' : 'false';
		case 'object':
			if (value === null) return 'null';
			return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value as Record<string, unknown>);
		default:
			throw new TypeError(`canonical JSON has no ${typeof value}`);
	}
}

function canonicalString(text: string): string {
	if (!text.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogates');
	return JSON.stringify(text);
}

function canonicalArray(items: readonly unknown[]): string {
	return `[${Array.from(items, (item) => canonicalJson(item)).join(',')}]`;
}

/** Keys in the order of their UTF-16 units, which is what `<` on strings compares; undefined members are absent. */
function canonicalObject(object: Record<string, unknown>): string {
	const members: string[] = [];
	for (const key of Object.keys(object).sort()) {
		const value = object[key];
		if (value !== undefined) members.push(`${canonicalString(key)}:${canonicalJson(value)}`);
	}
	return `{${members.join(',')}}`;
}
