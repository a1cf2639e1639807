/**
 * Values as the native engine takes and gives them. A frame is a JSON text behind its length, and then the bytes
 * of all blobs, so that one JSON.parse makes the rows; see crates/store/src/pack.rs.
 */
import { err, ok, type Result } from '@stemma/graph/result';
import type { Row, SqlValue, Statement, StoreError } from '../port.ts';

export interface FrameRows {
	readonly columns: readonly string[];
	/** Of all rows, one row after the other. */
	readonly values: readonly SqlValue[];
	readonly changes: number;
}

interface PackedRows extends FrameRows {
	readonly values: SqlValue[];
	readonly bigs: readonly (readonly [at: number, digits: string])[];
	readonly blobs: readonly (readonly [at: number, length: number])[];
}

type Answer<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly error: StoreError };

/** A byte order mark at the head of a text belongs to it. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const BASE64_SLICE = 0x8000;

function openFrame(frame: Uint8Array): { readonly json: unknown; readonly tail: Uint8Array } {
	const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
	return {
		json: JSON.parse(utf8.decode(frame.subarray(4, 4 + length))) as unknown,
		tail: frame.subarray(4 + length)
	};
}

/** Puts in what JSON cannot hold. Returns how many bytes of the tail it has used. */
function complete({ values, bigs, blobs }: PackedRows, tail: Uint8Array): number {
	for (const [at, digits] of bigs) values[at] = BigInt(digits);
	let used = 0;
	for (const [at, length] of blobs) {
		values[at] = tail.slice(used, used + length);
		used += length;
	}
	return used;
}

export function toRows({ columns, values }: FrameRows): readonly Row[] {
	const rows: Row[] = [];
	for (let at = 0; at < values.length;) {
		const row: Record<string, SqlValue> = {};
		for (const column of columns) row[column] = values[at++] ?? null;
		rows.push(row);
	}
	return rows;
}

export function readResults(frame: Uint8Array): Result<readonly FrameRows[], StoreError> {
	const { json, tail } = openFrame(frame);
	const answer = json as Answer<{ readonly results: readonly PackedRows[] }>;
	if (!answer.ok) return err(answer.error);
	let used = 0;
	for (const rows of answer.results) used += complete(rows, tail.subarray(used));
	return ok(answer.results);
}

/** Rows, or how the stream ended. */
export function readPiece(frame: Uint8Array): FrameRows | Result<unknown, StoreError> {
	const { json, tail } = openFrame(frame);
	const piece = json as PackedRows | Result<unknown, StoreError>;
	if ('columns' in piece) complete(piece, tail);
	return piece;
}

export function readValue(frame: Uint8Array): Result<{ value: unknown; bytes: Uint8Array }, StoreError> {
	const { json, tail } = openFrame(frame);
	const answer = json as Answer<{ readonly value: unknown }>;
	return answer.ok ? ok({ value: answer.value, bytes: tail }) : err(answer.error);
}

type JsonParam = null | number | string | { readonly [kind in 'int' | 'real' | 'blob']?: string };

export const toJsonStatement = ({ sql, params = [], expect }: Statement): object => ({
	sql,
	params: toJsonParams(params),
	...(expect === undefined ? {} : { expect })
});

export const toJsonParams = (params: readonly SqlValue[]): readonly JsonParam[] => params.map(toJsonParam);

function toJsonParam(value: SqlValue): JsonParam {
	if (typeof value === 'bigint') return { int: String(value) };
	if (typeof value === 'number' && !Number.isFinite(value))
		return Number.isNaN(value) ? null : { real: value > 0 ? 'inf' : '-inf' };
	// Half a surrogate pair is no text that SQLite could hold.
	if (typeof value === 'string') return value.toWellFormed();
	return value instanceof Uint8Array ? { blob: toBase64(value) } : value;
}

function toBase64(bytes: Uint8Array): string {
	let text = '';
	for (let at = 0; at < bytes.length; at += BASE64_SLICE)
		text += String.fromCharCode(...bytes.subarray(at, at + BASE64_SLICE));
	return btoa(text);
}
