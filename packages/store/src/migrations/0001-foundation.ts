/** Nodes, bodies, operations, refs, runs, and where the reader was. */
export const foundation = /* sql */ `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE device (
	id INTEGER PRIMARY KEY,
	uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),
	name TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE conv (
	id INTEGER PRIMARY KEY,
	uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),
	-- Caches of the scalars of the same name, kept by trigger.
	title TEXT,
	pinned INTEGER NOT NULL DEFAULT 0,
	hidden INTEGER NOT NULL DEFAULT 0,
	preview TEXT,
	created_at INTEGER NOT NULL,
	last_at INTEGER NOT NULL
) STRICT;
CREATE INDEX conv_last_at ON conv (last_at DESC);

CREATE TABLE body (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	-- nonce and data are null when redacted.
	nonce BLOB,
	enc INTEGER NOT NULL DEFAULT 0,
	size INTEGER NOT NULL,
	data TEXT
) STRICT;

CREATE TABLE node (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	conv_id INTEGER NOT NULL REFERENCES conv (id),
	kind TEXT NOT NULL,
	role TEXT NOT NULL,
	parent_id INTEGER REFERENCES node (id),
	jump_id INTEGER REFERENCES node (id),
	gen INTEGER NOT NULL,
	pos INTEGER NOT NULL,
	change_id BLOB NOT NULL CHECK (length(change_id) = 16),
	body_id INTEGER NOT NULL REFERENCES body (id),
	tokens INTEGER,
	chars INTEGER NOT NULL,
	device_id INTEGER REFERENCES device (id),
	created_at INTEGER NOT NULL,
	flags INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX node_conv_pos ON node (conv_id, pos);
CREATE INDEX node_parent ON node (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX node_change ON node (change_id);

CREATE TABLE edge (
	child_id INTEGER NOT NULL REFERENCES node (id),
	ord INTEGER NOT NULL,
	parent_id INTEGER NOT NULL REFERENCES node (id),
	PRIMARY KEY (child_id, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_parent ON edge (parent_id, child_id);

CREATE TABLE link (
	src_id INTEGER NOT NULL REFERENCES node (id),
	kind TEXT NOT NULL,
	dst_id INTEGER NOT NULL REFERENCES node (id),
	PRIMARY KEY (src_id, kind, dst_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_dst ON link (dst_id, kind);

CREATE TABLE op (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	device_id INTEGER NOT NULL REFERENCES device (id),
	seq INTEGER NOT NULL,
	hlc INTEGER NOT NULL,
	kind TEXT NOT NULL,
	conv_id INTEGER REFERENCES conv (id),
	-- What the operation writes to: all operations on one register are found by it.
	register TEXT NOT NULL,
	payload TEXT NOT NULL,
	undoes BLOB,
	prev_hash BLOB,
	UNIQUE (device_id, seq)
) STRICT;
CREATE INDEX op_hlc ON op (hlc);
CREATE INDEX op_conv ON op (conv_id, hlc);
CREATE INDEX op_register ON op (register, hlc);

-- Operations that a later one has replaced: they hold no head and no member, whenever they arrive.
CREATE TABLE op_seen (register TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (hash, register)) STRICT, WITHOUT ROWID;

-- The fold of all 'set' operations: last writer wins by (hlc, device, seq).
CREATE TABLE scalar (
	register TEXT PRIMARY KEY,
	entity TEXT NOT NULL,
	uid TEXT NOT NULL,
	field TEXT NOT NULL,
	value TEXT NOT NULL,
	hlc INTEGER NOT NULL,
	device BLOB NOT NULL,
	seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX scalar_field ON scalar (entity, uid, field);

CREATE TABLE ref (
	id INTEGER PRIMARY KEY,
	conv_id INTEGER NOT NULL REFERENCES conv (id),
	name TEXT NOT NULL,
	kind TEXT NOT NULL,
	UNIQUE (conv_id, name)
) STRICT;
-- The fold of all 'ref' operations: those that no other has seen. More than one row = diverged.
CREATE TABLE ref_head (
	ref_id INTEGER NOT NULL REFERENCES ref (id),
	op_id INTEGER NOT NULL REFERENCES op (id),
	node_id INTEGER NOT NULL REFERENCES node (id),
	PRIMARY KEY (ref_id, op_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ref_head_node ON ref_head (node_id);

-- The fold of all 'add' and 'remove' operations (tags, role tags, pins).
CREATE TABLE member (
	register TEXT NOT NULL,
	value TEXT NOT NULL,
	op_id INTEGER NOT NULL REFERENCES op (id),
	PRIMARY KEY (register, value, op_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstone (
	scope TEXT NOT NULL,
	uid TEXT NOT NULL,
	op_id INTEGER NOT NULL REFERENCES op (id),
	PRIMARY KEY (scope, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
	id INTEGER PRIMARY KEY,
	uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),
	conv_id INTEGER NOT NULL REFERENCES conv (id),
	parent_id INTEGER NOT NULL REFERENCES node (id),
	node_id INTEGER REFERENCES node (id),
	state TEXT NOT NULL,
	priority INTEGER NOT NULL DEFAULT 0,
	endpoint TEXT NOT NULL,
	model TEXT NOT NULL,
	params TEXT NOT NULL,
	receipt TEXT NOT NULL,
	change_id BLOB NOT NULL,
	links TEXT NOT NULL,
	ref TEXT,
	not_before INTEGER,
	failure TEXT NOT NULL DEFAULT 'null',
	created_at INTEGER NOT NULL,
	started_at INTEGER,
	ended_at INTEGER
) STRICT;
CREATE INDEX run_open ON run (state, priority, created_at)
	WHERE state NOT IN ('done', 'cancelled', 'failed', 'interrupted');
CREATE INDEX run_node ON run (node_id) WHERE node_id IS NOT NULL;
CREATE INDEX run_conv ON run (conv_id, created_at);

CREATE TABLE attempt (
	run_id INTEGER NOT NULL REFERENCES run (id),
	n INTEGER NOT NULL,
	provider TEXT,
	served_model TEXT,
	upstream_id TEXT,
	http_status INTEGER,
	error TEXT NOT NULL DEFAULT 'null',
	sent_at INTEGER NOT NULL,
	first_at INTEGER,
	ended_at INTEGER,
	finish TEXT,
	native_finish TEXT,
	tok_in INTEGER,
	tok_cached INTEGER,
	tok_out INTEGER,
	tok_reason INTEGER,
	cost_nano INTEGER,
	flags TEXT NOT NULL DEFAULT '[]',
	PRIMARY KEY (run_id, n)
) STRICT, WITHOUT ROWID;

-- Text that has arrived and is in no node yet. Gone once the run is sealed.
CREATE TABLE run_chunk (
	run_id INTEGER NOT NULL REFERENCES run (id),
	seq INTEGER NOT NULL,
	channel TEXT NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit (
	conv_id INTEGER NOT NULL REFERENCES conv (id),
	node_id INTEGER NOT NULL REFERENCES node (id),
	ref TEXT,
	seen_at INTEGER NOT NULL,
	PRIMARY KEY (conv_id, node_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_seen ON visit (conv_id, seen_at DESC);

-- Hex ids, empty for "none yet": a draft may come before its conversation.
CREATE TABLE draft (
	conv TEXT NOT NULL,
	parent TEXT NOT NULL,
	text TEXT NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (conv, parent)
) STRICT, WITHOUT ROWID;

-- The fold happens as operations arrive, once each, in any order: here and nowhere else.
CREATE TRIGGER op_set AFTER INSERT ON op WHEN new.kind = 'set' BEGIN
	INSERT INTO scalar (register, entity, uid, field, value, hlc, device, seq)
	SELECT new.register, p.value ->> 'entity', p.value ->> 'id', p.value ->> 'field', p.value -> 'value',
		new.hlc, device.uid, new.seq
	FROM (SELECT new.payload AS value) p JOIN device ON device.id = new.device_id
	WHERE true
	ON CONFLICT (register) DO UPDATE SET
		value = excluded.value, hlc = excluded.hlc, device = excluded.device, seq = excluded.seq
	WHERE (excluded.hlc, excluded.device, excluded.seq) > (scalar.hlc, scalar.device, scalar.seq);
END;
CREATE TRIGGER op_ref AFTER INSERT ON op WHEN new.kind = 'ref' BEGIN
	INSERT INTO op_seen (register, hash) SELECT new.register, unhex(value) FROM json_each(new.payload, '$.seen')
	WHERE true ON CONFLICT DO NOTHING;
	INSERT INTO ref (conv_id, name, kind) VALUES (new.conv_id, new.payload ->> 'name', new.payload ->> 'refKind')
	ON CONFLICT (conv_id, name) DO NOTHING;
	DELETE FROM ref_head WHERE ref_id = (SELECT id FROM ref WHERE conv_id = new.conv_id AND name = new.payload ->> 'name')
		AND op_id IN (SELECT op.id FROM json_each(new.payload, '$.seen') s JOIN op ON op.hash = unhex(s.value));
	INSERT INTO ref_head (ref_id, op_id, node_id)
	SELECT ref.id, new.id, node.id FROM ref, node
	WHERE ref.conv_id = new.conv_id AND ref.name = new.payload ->> 'name'
		AND node.hash = unhex(new.payload ->> 'target')
		AND NOT EXISTS (SELECT 1 FROM op_seen WHERE hash = new.hash AND register = new.register);
END;
CREATE TRIGGER op_add AFTER INSERT ON op WHEN new.kind = 'add' BEGIN
	INSERT INTO member (register, value, op_id) SELECT new.register, new.payload ->> 'value', new.id
	WHERE NOT EXISTS (SELECT 1 FROM op_seen WHERE hash = new.hash AND register = new.register);
END;
CREATE TRIGGER op_remove AFTER INSERT ON op WHEN new.kind = 'remove' BEGIN
	INSERT INTO op_seen (register, hash) SELECT new.register, unhex(value) FROM json_each(new.payload, '$.seen')
	WHERE true ON CONFLICT DO NOTHING;
	DELETE FROM member WHERE register = new.register AND value = new.payload ->> 'value'
		AND op_id IN (SELECT op.id FROM json_each(new.payload, '$.seen') s JOIN op ON op.hash = unhex(s.value));
END;
CREATE TRIGGER op_tombstone AFTER INSERT ON op WHEN new.kind = 'tombstone' BEGIN
	INSERT INTO tombstone (scope, uid, op_id) VALUES (new.payload ->> 'scope', new.payload ->> 'id', new.id)
	ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER scalar_insert AFTER INSERT ON scalar WHEN new.entity = 'conversation' BEGIN
	UPDATE conv SET
		title = iif(new.field = 'title', json_extract(new.value, '$'), title),
		pinned = iif(new.field = 'pinned', coalesce(json_extract(new.value, '$'), 0), pinned),
		hidden = iif(new.field = 'hidden', coalesce(json_extract(new.value, '$'), 0), hidden)
	WHERE uid = unhex(new.uid);
END;
CREATE TRIGGER scalar_update AFTER UPDATE ON scalar WHEN new.entity = 'conversation' BEGIN
	UPDATE conv SET
		title = iif(new.field = 'title', json_extract(new.value, '$'), title),
		pinned = iif(new.field = 'pinned', coalesce(json_extract(new.value, '$'), 0), pinned),
		hidden = iif(new.field = 'hidden', coalesce(json_extract(new.value, '$'), 0), hidden)
	WHERE uid = unhex(new.uid);
END;

-- What was said stays said.
CREATE TRIGGER node_no_update BEFORE UPDATE ON node BEGIN SELECT raise(ABORT, 'node is immutable'); END;
CREATE TRIGGER node_no_delete BEFORE DELETE ON node BEGIN SELECT raise(ABORT, 'node is immutable'); END;
CREATE TRIGGER edge_no_update BEFORE UPDATE ON edge BEGIN SELECT raise(ABORT, 'edge is immutable'); END;
CREATE TRIGGER edge_no_delete BEFORE DELETE ON edge BEGIN SELECT raise(ABORT, 'edge is immutable'); END;
CREATE TRIGGER link_no_update BEFORE UPDATE ON link BEGIN SELECT raise(ABORT, 'link is immutable'); END;
CREATE TRIGGER link_no_delete BEFORE DELETE ON link BEGIN SELECT raise(ABORT, 'link is immutable'); END;
CREATE TRIGGER op_no_update BEFORE UPDATE ON op BEGIN SELECT raise(ABORT, 'op is immutable'); END;
CREATE TRIGGER op_no_delete BEFORE DELETE ON op BEGIN SELECT raise(ABORT, 'op is immutable'); END;
CREATE TRIGGER body_no_delete BEFORE DELETE ON body BEGIN SELECT raise(ABORT, 'body is immutable'); END;
-- Redaction is the one change a body may see: both secret columns become null, nothing else moves.
CREATE TRIGGER body_redact_only BEFORE UPDATE ON body
WHEN new.id IS NOT old.id OR new.hash IS NOT old.hash OR new.nonce IS NOT NULL OR new.data IS NOT NULL
BEGIN SELECT raise(ABORT, 'body is immutable'); END;
-- A terminal run stays as it ended.
CREATE TRIGGER run_terminal BEFORE UPDATE ON run
WHEN old.state IN ('done', 'cancelled', 'failed', 'interrupted') AND new.state IS NOT old.state
BEGIN SELECT raise(ABORT, 'run has ended'); END;
`;
