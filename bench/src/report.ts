/** Figures as a page: what was measured, when, and on what. Those of other days stay until they are measured again. */
import { cpus, totalmem } from 'node:os';
import type { Figure } from './figure.ts';

const GIB = 2 ** 30;

const digits = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 });

const toRow = ({ name, value, unit, baseline, ratio, target, ok }: Figure, day: string): string =>
	`| \`${name}\` | ${digits(value)} ${unit} | ${baseline === null ? '' : `${digits(baseline)} ${unit}`} | ${
		ratio === null ? '' : digits(ratio)
	} | ${target} | ${ok ? 'yes' : '**no**'} | ${day} |`;

const nameOf = (row: string): string | undefined => /^\| `([^`]+)` /.exec(row)?.[1];

/**
 * @param before the page as it was
 * @param versions such as "Chromium 156.0"
 */
export function toReport(
	before: string,
	figures: readonly Figure[],
	day: string,
	versions: readonly string[]
): string {
	const fresh = new Map(figures.map((figure) => [figure.name, toRow(figure, day)]));
	const rows = before.split('\n').filter((line) => nameOf(line) !== undefined);
	const known = new Set(rows.map(nameOf));
	const all = [
		...rows.map((row) => fresh.get(nameOf(row) ?? '') ?? row),
		...[...fresh].filter(([name]) => !known.has(name)).map(([, row]) => row)
	];
	const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / GIB)} GiB`;
	return `# Benchmarks

Written by \`bun run bench --report [name…]\`, last on ${day}: ${[machine, ...versions].join(', ')}.

Each value is the median of several repetitions in one run, the ratio is against the baseline of the same run. Machines differ and may be shared: ratios and CPU seconds hold, milliseconds are an example. What each figure does stands beside it in \`bench/src\`.

| Name | Value | Baseline | Ratio | Target | Reached | Day |
| ---- | ----- | -------- | ----- | ------ | ------- | --- |
${all.join('\n')}
`;
}
