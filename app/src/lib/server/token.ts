/** The token of this installation, handed over by the start script, which keeps it in the data folder. */
export function readToken(): string {
	const token = process.env['STEMMA_TOKEN'];
	if (token === undefined || !/^[0-9a-f]{64}$/.test(token)) {
		throw new Error('STEMMA_TOKEN is missing: start the server with `npm start`.');
	}
	return token;
}
