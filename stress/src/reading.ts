/** What a database holds, read the same way in a page and in a file. */
import type { Row } from '@stemma/store/port';

/** How many messages an import of the writer has: all of them are there, or none. */
export const IMPORTED = 12;

/** How often each mark that starts with ?1 is there; an import counts once when it is whole. */
export const MARKS = `
SELECT substr(text, 1, instr(text, '.')) AS mark,
	CASE WHEN max(text) GLOB '*.*.' THEN count(*) * 1.0 / ${IMPORTED} ELSE count(*) END AS times
FROM (
	SELECT b.data ->> '$[0].text' AS text FROM node n JOIN body b ON b.id = n.body_id
	UNION ALL SELECT payload ->> 'value' FROM op WHERE kind = 'set'
)
WHERE text GLOB ?1 || '*' GROUP BY mark`;

export const toMarks = (rows: readonly Row[]): Record<string, number> =>
	Object.fromEntries(rows.map(({ mark, times }) => [String(mark), Number(times)]));

/** Messages, operations, and what branches point at. */
export const CONTENT = `
SELECT hex(hash) AS hash FROM node UNION ALL SELECT hex(hash) FROM op
UNION ALL SELECT hex(node.hash) FROM ref_head JOIN node ON node.id = ref_head.node_id`;

const HEX_DIGITS = 12;

/** One number for all of it. Of two databases that share nothing, the union has the sum. */
export const toContent = (rows: readonly Row[]): bigint =>
	rows.reduce((sum, { hash }) => sum + BigInt(`0x${String(hash).slice(0, HEX_DIGITS)}`), 0n);
