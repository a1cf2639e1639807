/**
 * Who may speak to the local server: this machine's own page, and with the token's cookie for everything
 * that reaches a key or a model. It never looks at what a request asks for, only where it comes from.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface Guard {
	/** A refusal, or null when the request comes from our own page on our own address. */
	refuseForeign(request: Request): Response | null;
	/** A refusal, or null when the request carries the session cookie. */
	refuseStranger(request: Request): Response | null;
	isToken(candidate: string): boolean;
	/** The Set-Cookie value that opens a session. */
	readonly cookie: string;
}

/** An error the page can show as it stands. */
export function errorResponse(status: number, code: string, message: string): Response {
	return Response.json({ error: { code, message } }, { status, headers: { 'cache-control': 'no-store' } });
}

// Equal lengths for the comparison whatever was sent.
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Where the page may be open: any other name that leads here was made to (DNS rebinding). */
const ownHosts = (port: number): readonly string[] => [`127.0.0.1:${port}`, `localhost:${port}`];

/** A refusal for a page that is asked for under another name. */
export function refuseForeignHost(host: string | null, port: number): Response | null {
	const hosts = ownHosts(port);
	if (host !== null && hosts.includes(host)) return null;
	return errorResponse(403, 'foreign_host', `Open Stemma as http://${hosts[0]}/.`);
}

export function createGuard(config: { readonly port: number; readonly token: string }): Guard {
	// Cookies are shared between ports of one host: the port keeps two servers apart.
	const cookieName = `stemma-${config.port}`;
	const isToken = (candidate: string) => timingSafeEqual(digest(candidate), digest(config.token));

	return {
		refuseForeign(request) {
			const host = request.headers.get('host');
			const foreign = refuseForeignHost(host, config.port);
			if (foreign) return foreign;
			const origin = request.headers.get('origin');
			const safe = request.method === 'GET' || request.method === 'HEAD';
			const site = request.headers.get('sec-fetch-site');
			const crossSite = site !== null && site !== 'same-origin' && site !== 'none';
			if (crossSite || (origin === null ? !safe : origin !== `http://${host}`)) {
				return errorResponse(403, 'foreign_origin', 'Another site may not use this server.');
			}
			// A simple cross-site form cannot set this header, and we answer no preflight.
			if (!safe && request.headers.get('x-stemma') === null) {
				return errorResponse(403, 'missing_header', 'The x-stemma header is missing.');
			}
			return null;
		},
		refuseStranger(request) {
			const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/);
			const mine = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`));
			if (mine !== undefined && isToken(mine.slice(cookieName.length + 1))) return null;
			return errorResponse(
				401,
				'no_session',
				'Open the full address that Stemma printed when it started (with #t=…) to use models through this server.'
			);
		},
		isToken,
		cookie: `${cookieName}=${config.token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000`
	};
}
