/** The tables as Drizzle sees them. The truth is the SQL of the migrations; a test holds the two together. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { hexBlob } from './hex-blob.ts';

export const device = sqliteTable('device', {
	id: integer().primaryKey(),
	uid: hexBlob().notNull(),
	name: text().notNull(),
	createdAt: integer('created_at').notNull()
});

export const conv = sqliteTable('conv', {
	id: integer().primaryKey(),
	uid: hexBlob().notNull(),
	title: text(),
	pinned: integer({ mode: 'boolean' }).notNull(),
	hidden: integer({ mode: 'boolean' }).notNull(),
	preview: text(),
	createdAt: integer('created_at').notNull(),
	lastAt: integer('last_at').notNull()
});

export const node = sqliteTable('node', {
	id: integer().primaryKey(),
	hash: hexBlob().notNull(),
	convId: integer('conv_id').notNull(),
	kind: text().notNull(),
	role: text().notNull(),
	parentId: integer('parent_id'),
	jumpId: integer('jump_id'),
	gen: integer().notNull(),
	pos: integer().notNull(),
	changeId: hexBlob('change_id').notNull(),
	bodyId: integer('body_id').notNull(),
	tokens: integer(),
	chars: integer().notNull(),
	deviceId: integer('device_id'),
	createdAt: integer('created_at').notNull(),
	flags: integer().notNull()
});

export const op = sqliteTable('op', {
	id: integer().primaryKey(),
	hash: hexBlob().notNull(),
	deviceId: integer('device_id').notNull(),
	seq: integer().notNull(),
	hlc: integer().notNull(),
	kind: text().notNull(),
	convId: integer('conv_id'),
	register: text().notNull(),
	payload: text().notNull(),
	undoes: hexBlob(),
	prevHash: hexBlob('prev_hash'),
	lead: integer(),
	restores: integer()
});

export const scalar = sqliteTable('scalar', {
	register: text().primaryKey(),
	entity: text().notNull(),
	uid: text().notNull(),
	field: text().notNull(),
	value: text().notNull(),
	hlc: integer().notNull(),
	device: hexBlob().notNull(),
	seq: integer().notNull()
});

export const ref = sqliteTable('ref', {
	id: integer().primaryKey(),
	convId: integer('conv_id').notNull(),
	name: text().notNull(),
	kind: text().notNull()
});

export const refHead = sqliteTable(
	'ref_head',
	{
		refId: integer('ref_id').notNull(),
		opId: integer('op_id').notNull(),
		nodeId: integer('node_id').notNull()
	},
	(table) => [primaryKey({ columns: [table.refId, table.opId] })]
);

export const run = sqliteTable('run', {
	id: integer().primaryKey(),
	uid: hexBlob().notNull(),
	convId: integer('conv_id').notNull(),
	parentId: integer('parent_id').notNull(),
	nodeId: integer('node_id'),
	state: text().notNull(),
	priority: integer().notNull(),
	endpoint: text().notNull(),
	model: text().notNull(),
	params: text().notNull(),
	receipt: text().notNull(),
	changeId: hexBlob('change_id').notNull(),
	links: text().notNull(),
	merges: text().notNull(),
	ref: text(),
	notBefore: integer('not_before'),
	failure: text().notNull(),
	createdAt: integer('created_at').notNull(),
	startedAt: integer('started_at'),
	endedAt: integer('ended_at')
});

export const runChunk = sqliteTable(
	'run_chunk',
	{
		runId: integer('run_id').notNull(),
		seq: integer().notNull(),
		channel: text().notNull(),
		text: text().notNull()
	},
	(table) => [primaryKey({ columns: [table.runId, table.seq] })]
);

export const visit = sqliteTable(
	'visit',
	{
		convId: integer('conv_id').notNull(),
		nodeId: integer('node_id').notNull(),
		ref: text(),
		seenAt: integer('seen_at').notNull()
	},
	(table) => [primaryKey({ columns: [table.convId, table.nodeId] })]
);

export const draft = sqliteTable(
	'draft',
	{
		conv: text().notNull(),
		parent: text().notNull(),
		text: text().notNull(),
		attached: text().notNull(),
		updatedAt: integer('updated_at').notNull()
	},
	(table) => [primaryKey({ columns: [table.conv, table.parent] })]
);
