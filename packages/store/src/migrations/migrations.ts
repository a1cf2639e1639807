import type { Migration } from '../migrate.ts';
import { foundation } from './0001-foundation.ts';
import { desk } from './0002-desk.ts';
import { log } from './0003-log.ts';
import { find } from './0004-find.ts';
import { mergingRuns } from './0005-merging-runs.ts';

/** In order; a released entry never changes again. */
export const migrations: readonly Migration[] = [
	{ version: 1, name: 'foundation', sql: foundation },
	{ version: 2, name: 'desk', sql: desk },
	{ version: 3, name: 'log', sql: log },
	{ version: 4, name: 'find', sql: find },
	{ version: 5, name: 'merging-runs', sql: mergingRuns }
];
