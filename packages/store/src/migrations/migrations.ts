import type { Migration } from '../migrate.ts';
import { foundation } from './0001-foundation.ts';

/** In order; a released entry never changes again. */
export const migrations: readonly Migration[] = [{ version: 1, name: 'foundation', sql: foundation }];
