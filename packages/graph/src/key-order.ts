/** What is keyed by names is told in their order, whatever order it was found in. */
export function inKeyOrder<V>(map: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
	return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
