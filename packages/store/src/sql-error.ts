/** From what SQLite and the engines throw to the codes callers act on. */
import { StoreFailure, type StoreError, type StoreErrorCode } from './port.ts';

/** Thrown inside a transaction to roll it back. */
export class ExpectationFailed extends Error {
	override readonly name = 'ExpectationFailed';
}

const CODE_BY_PRIMARY: Readonly<Record<number, StoreErrorCode>> = {
	11: 'corrupt',
	13: 'full',
	19: 'constraint',
	26: 'corrupt'
};

export function toStoreError(thrown: unknown): StoreError {
	if (thrown instanceof StoreFailure) return thrown.error;
	if (thrown instanceof ExpectationFailed) return { code: 'conflict', message: thrown.message };
	const message = thrown instanceof Error ? thrown.message : String(thrown);
	const resultCode = resultCodeOf(thrown);
	if (resultCode === null) return { code: 'sql', message };
	return { code: CODE_BY_PRIMARY[resultCode & 0xff] ?? 'sql', message };
}

/** bun:sqlite says `errno`, sqlite-wasm `resultCode`. */
function resultCodeOf(thrown: unknown): number | null {
	if (typeof thrown !== 'object' || thrown === null) return null;
	if ('resultCode' in thrown && typeof thrown.resultCode === 'number') return thrown.resultCode;
	if ('errno' in thrown && typeof thrown.errno === 'number') return thrown.errno;
	return null;
}
