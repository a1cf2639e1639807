/** The figures of one run as a page: what was measured, when, and on what. */
import { cpus, totalmem } from 'node:os';
import type { Figure } from './figure.ts';

const GIB = 2 ** 30;

const digits = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 });

const toRow = ({ name, value, unit, baseline, ratio, target, ok }: Figure): string =>
	`| \`${name}\` | ${digits(value)} ${unit} | ${baseline === null ? '' : `${digits(baseline)} ${unit}`} | ${
		ratio === null ? '' : digits(ratio)
	} | ${target} | ${ok ? 'yes' : '**no**'} |`;

/** @param versions lines such as "Chromium 156.0" */
export function toReport(figures: readonly Figure[], day: string, versions: readonly string[]): string {
	const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / GIB)} GiB`;
	return `# Benchmarks

Written by \`bun run bench --report\` on ${day}: ${[machine, ...versions].join(', ')}.

Each value is the median of several repetitions in one run, the ratio is against the baseline of the same run. Machines differ and may be shared: ratios and CPU seconds hold, milliseconds are an example. What each figure does stands beside it in \`bench/src\`.

| Name | Value | Baseline | Ratio | Target | Reached |
| ---- | ----- | -------- | ----- | ------ | ------- |
${figures.map(toRow).join('\n')}
`;
}
