import type { Migration } from '../migrate.ts';
import { foundation } from './0001-foundation.ts';
import { desk } from './0002-desk.ts';
import { log } from './0003-log.ts';
import { find } from './0004-find.ts';
import { mergingRuns } from './0005-merging-runs.ts';
import { unfinished } from './0006-unfinished.ts';
import { turnCommits } from './0007-turn-commits.ts';

/** In order; a released entry never changes again. The checksums are tested, so that no start has to compute them. */
export const migrations: readonly Migration[] = [
	{
		version: 1,
		name: 'foundation',
		sql: foundation,
		checksum: '419d94126359a58e709207f188fe10a9e1be33095abacfa42237891c8f399b04'
	},
	{
		version: 2,
		name: 'desk',
		sql: desk,
		checksum: '6debe04946530e1110068daf3a35489c68b72b55baade9aa7150d283c59a70b3'
	},
	{
		version: 3,
		name: 'log',
		sql: log,
		checksum: 'b8bd27d1f3f54cde112b3c9db3ddc93fc7620b49eb74684176bb85b4e710ea8a'
	},
	{
		version: 4,
		name: 'find',
		sql: find,
		checksum: '00355b15bee15b62e40a2c02a95824a97e9cc2632f9af6766c6582ec4485aa77'
	},
	{
		version: 5,
		name: 'merging-runs',
		sql: mergingRuns,
		checksum: 'c802fe498211dda4d494c79c4a9149c995ca8159ae4bd6ab406ae95b2ede263b'
	},
	{
		version: 6,
		name: 'unfinished',
		sql: unfinished,
		checksum: '442a3739128e1150a32917d2ef557436ae109686684415e64cca4f08a2c05019'
	},
	{
		version: 7,
		name: 'turn-commits',
		sql: turnCommits,
		checksum: 'e74898a6f64febcead3cf5dfb40bec51576641435c3b355e2b5e62838384501b'
	}
];
