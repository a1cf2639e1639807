/** Trades the token in the address for the session cookie, and takes it out of the address. */
export async function exchangeToken(): Promise<boolean> {
	const token = new URLSearchParams(location.hash.slice(1)).get('t');
	if (token === null) return false;
	history.replaceState(history.state, '', location.pathname + location.search);
	const response = await fetch('/api/session', {
		method: 'POST',
		headers: { 'content-type': 'application/json', 'x-stemma': '1' },
		body: JSON.stringify({ token })
	}).catch(() => null);
	return response?.ok ?? false;
}
