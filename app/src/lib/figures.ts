/** Numbers of a run as people read them. */

/** Dollars with as many digits as the amount needs: never "$0.00" for something that cost. */
export function money(nano: number | null): string {
	if (nano === null) return '—';
	if (nano === 0) return '$0';
	const dollars = nano / 1e9;
	const digits = dollars >= 1 ? 2 : Math.min(9, 1 - Math.floor(Math.log10(dollars)));
	return `$${dollars.toFixed(Math.max(2, digits)).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

export function duration(ms: number): string {
	if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
	const seconds = ms / 1000;
	if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
	return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export const count = (value: number): string => value.toLocaleString('en');

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });

/** The formatter is made once: a date that makes its own takes longer than all the rest of a row. */
export const exactTime = (ms: number): string => exact.format(ms);
