/** Which addresses in model text may become links, and how they are shown. */
export interface SafeLink {
	readonly href: string;
	/** The real host, so that a link's text cannot lie about it. */
	readonly host: string;
}

const PROTOCOLS = new Set(['http:', 'https:', 'mailto:']);

/** Null for anything but plain web and mail addresses. User names in URLs are dropped: they only deceive. */
export function safeLink(address: string): SafeLink | null {
	let url: URL;
	try {
		url = new URL(address);
	} catch {
		return null;
	}
	if (!PROTOCOLS.has(url.protocol)) return null;
	url.username = '';
	url.password = '';
	return { href: url.href, host: url.protocol === 'mailto:' ? url.pathname : url.host };
}

/** Where an image would be fetched from, null when it must not be fetched at all. */
export function imageLink(address: string): SafeLink | null {
	const link = safeLink(address);
	return link?.href.startsWith('https:') === true ? link : null;
}

/** Whether a link's text is an address of another host than the one it leads to. */
export function namesAnotherHost(text: string, host: string): boolean {
	const named = /(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/u.exec(text)?.[0];
	if (named === undefined) return false;
	const shown = URL.parse(`https://${named}`)?.host;
	return shown !== host && shown !== host.replace(/^www\./, '');
}

// Controls, marks of direction, zero widths; not the ends of lines.
const INVISIBLE = /(?![\t\n]|\r\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const OF_A_LINE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const visible = (char: string): string =>
	`⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** Characters that reorder or hide text become visible, so that code reads as it runs. */
export const showInvisible = (code: string): string => code.replace(INVISIBLE, visible);

/** The same for a name, which has no lines either. */
export const toOneLine = (name: string): string => name.replace(OF_A_LINE, visible);
