/** Text from streams may be cut inside a surrogate pair; hashed values may not hold half of one. */
export function wellFormed<T>(value: T): T {
	if (typeof value === 'string') return value.toWellFormed() as T;
	if (Array.isArray(value)) return value.map(wellFormed) as T;
	if (typeof value === 'object' && value !== null) {
		return Object.fromEntries(
			Object.entries(value).map(([key, member]) => [key.toWellFormed(), wellFormed(member)])
		) as T;
	}
	return value;
}
