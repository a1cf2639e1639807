/** Hashes and ids: BLOBs in the file, lower-case hex in TypeScript. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { customType } from 'drizzle-orm/sqlite-core';

export const hexBlob = customType<{ data: string; driverData: Uint8Array }>({
	dataType: () => 'blob',
	toDriver: hexToBytes,
	fromDriver: bytesToHex
});
