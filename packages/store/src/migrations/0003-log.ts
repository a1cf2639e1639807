/** Operations that belong together, what is shown of them, and how what is buried goes. */
export const log = /* sql */ `
ALTER TABLE op ADD COLUMN lead INTEGER;
ALTER TABLE op ADD COLUMN restores INTEGER;
-- What an operation is about, as the log is filtered by it.
ALTER TABLE op ADD COLUMN facet TEXT GENERATED ALWAYS AS (CASE
	WHEN kind = 'ref' THEN 'branch'
	WHEN kind = 'tombstone' THEN 'removal'
	WHEN register GLOB 'setting/*' THEN 'setting'
	WHEN register GLOB '*/title' THEN 'name'
	WHEN register GLOB '*/tag' OR register GLOB '*/role' THEN 'tag'
	WHEN register GLOB '*/pin' OR register GLOB '*/pinned' OR register GLOB '*/exclude' THEN 'pin'
	WHEN register GLOB '*/hidden' THEN 'hiding'
	ELSE 'other' END) VIRTUAL;
CREATE INDEX op_entry ON op (hlc, id) WHERE lead IS NULL AND facet <> 'setting';
CREATE INDEX op_facet ON op (facet, hlc, id) WHERE lead IS NULL;
CREATE INDEX op_lead ON op (device_id, lead) WHERE lead IS NOT NULL;
CREATE INDEX op_undoes ON op (undoes) WHERE undoes IS NOT NULL;

-- A row can only go when nothing refers to it: these find out without reading the tables.
CREATE INDEX node_body ON node (body_id);
CREATE INDEX node_jump ON node (jump_id) WHERE jump_id IS NOT NULL;
CREATE INDEX run_parent ON run (parent_id);
CREATE INDEX visit_node ON visit (node_id);

-- Links to messages that are not here: they are part of what the hash of the one that links is made of.
CREATE TABLE link_gone (
	src_id INTEGER NOT NULL REFERENCES node (id),
	kind TEXT NOT NULL,
	dst BLOB NOT NULL CHECK (length(dst) = 32),
	PRIMARY KEY (src_id, kind, dst)
) STRICT, WITHOUT ROWID;

-- What was said stays said, unless it is buried.
DROP TRIGGER node_no_delete;
DROP TRIGGER edge_no_delete;
DROP TRIGGER link_no_delete;
DROP TRIGGER body_no_delete;
CREATE TRIGGER node_no_delete BEFORE DELETE ON node
WHEN NOT EXISTS (SELECT 1 FROM tombstone WHERE scope = 'node' AND uid = lower(hex(old.hash)))
BEGIN SELECT raise(ABORT, 'node is immutable'); END;
CREATE TRIGGER edge_no_delete BEFORE DELETE ON edge
WHEN NOT EXISTS (SELECT 1 FROM node JOIN tombstone ON scope = 'node' AND uid = lower(hex(node.hash)) WHERE node.id = old.child_id)
BEGIN SELECT raise(ABORT, 'edge is immutable'); END;
CREATE TRIGGER link_no_delete BEFORE DELETE ON link
WHEN NOT EXISTS (SELECT 1 FROM node JOIN tombstone ON scope = 'node' AND uid = lower(hex(node.hash))
	WHERE node.id IN (old.src_id, old.dst_id))
BEGIN SELECT raise(ABORT, 'link is immutable'); END;
CREATE TRIGGER body_no_delete BEFORE DELETE ON body WHEN EXISTS (SELECT 1 FROM node WHERE body_id = old.id)
BEGIN SELECT raise(ABORT, 'body is immutable'); END;

-- The fold once more, now with what is buried.
DROP TRIGGER op_set;
CREATE TRIGGER op_set AFTER INSERT ON op WHEN new.kind = 'set' BEGIN
	INSERT INTO scalar (register, entity, uid, field, value, hlc, device, seq)
	SELECT new.register, p.value ->> 'entity', p.value ->> 'id', p.value ->> 'field', p.value -> 'value',
		new.hlc, device.uid, new.seq
	FROM (SELECT new.payload AS value) p JOIN device ON device.id = new.device_id
	WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE scope = p.value ->> 'entity' AND uid = p.value ->> 'id')
	ON CONFLICT (register) DO UPDATE SET
		value = excluded.value, hlc = excluded.hlc, device = excluded.device, seq = excluded.seq
	WHERE (excluded.hlc, excluded.device, excluded.seq) > (scalar.hlc, scalar.device, scalar.seq);
END;
DROP TRIGGER op_ref;
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
		AND NOT EXISTS (SELECT 1 FROM op_seen WHERE hash = new.hash AND register = new.register)
		AND NOT EXISTS (SELECT 1 FROM tombstone WHERE scope = 'node' AND uid = new.payload ->> 'target')
		AND NOT EXISTS (SELECT 1 FROM tombstone WHERE scope = 'conversation' AND uid = new.payload ->> 'conversation');
END;
DROP TRIGGER op_add;
CREATE TRIGGER op_add AFTER INSERT ON op WHEN new.kind = 'add' BEGIN
	INSERT INTO member (register, value, op_id) SELECT new.register, new.payload ->> 'value', new.id
	WHERE NOT EXISTS (SELECT 1 FROM op_seen WHERE hash = new.hash AND register = new.register)
		AND NOT EXISTS (SELECT 1 FROM tombstone WHERE scope = new.payload ->> 'entity' AND uid = new.payload ->> 'id');
END;

-- Attached texts that only a body or message about to go refers to.
CREATE VIEW lone_blob (id, body_id) AS
SELECT blob.id, b.id FROM body b JOIN json_each(b.data) p JOIN blob ON blob.sha256 = unhex(p.value ->> 'hash')
WHERE p.value ->> 'hash' IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM body o WHERE o.id <> b.id AND instr(o.data, p.value ->> 'hash') > 0)
	AND NOT EXISTS (SELECT 1 FROM draft WHERE instr(attached, p.value ->> 'hash') > 0)
	AND NOT EXISTS (SELECT 1 FROM queued WHERE instr(parts, p.value ->> 'hash') > 0);

-- Both secret columns go; what hangs on the text goes with them.
CREATE TRIGGER bury_body AFTER INSERT ON tombstone WHEN new.scope = 'body' BEGIN
	UPDATE blob SET data = NULL WHERE id IN (
		SELECT l.id FROM body CROSS JOIN lone_blob l ON l.body_id = body.id WHERE body.hash = unhex(new.uid));
	UPDATE body SET nonce = NULL, data = NULL WHERE hash = unhex(new.uid) AND nonce IS NOT NULL;
END;
CREATE TRIGGER body_gone AFTER UPDATE ON body WHEN old.data IS NOT NULL AND new.data IS NULL BEGIN
	-- The preview is the first line of the first question: it must not outlive it.
	UPDATE conv SET preview = coalesce((
		SELECT substr(t.line, 1, instr(t.line || char(10), char(10)) - 1) FROM (
			SELECT n.id, substr(ltrim((SELECT group_concat(p.value ->> 'text', char(10)) FROM json_each(b.data) p WHERE p.value ->> 'type' = 'text'), ' ' || char(9, 10, 13)), 1, 120) AS line
			FROM node n JOIN body b ON b.id = n.body_id WHERE n.conv_id = conv.id AND n.role = 'user' AND b.data IS NOT NULL) t
		WHERE t.line <> '' ORDER BY t.id LIMIT 1), 'Redacted')
	WHERE preview IS NOT NULL AND id IN (
		SELECT n.conv_id FROM node n WHERE n.body_id = new.id AND n.role = 'user' AND NOT EXISTS (
			SELECT 1 FROM node e JOIN body eb ON eb.id = e.body_id
			WHERE e.conv_id = n.conv_id AND e.role = 'user' AND e.id < n.id AND eb.data IS NOT NULL));
END;
CREATE TRIGGER bury_node AFTER INSERT ON tombstone WHEN new.scope = 'node' BEGIN
	DELETE FROM scalar WHERE entity = 'node' AND uid = new.uid;
	DELETE FROM member WHERE register > 'set/node/' || new.uid || '/' AND register < 'set/node/' || new.uid || '0';
	DELETE FROM ref_head WHERE node_id = (SELECT id FROM node WHERE hash = unhex(new.uid));
	DELETE FROM visit WHERE node_id = (SELECT id FROM node WHERE hash = unhex(new.uid));
	DELETE FROM draft WHERE parent = new.uid;
	UPDATE blob SET data = NULL WHERE id IN (
		SELECT l.id FROM node CROSS JOIN lone_blob l ON l.body_id = node.body_id WHERE node.hash = unhex(new.uid));
	UPDATE body SET nonce = NULL, data = NULL WHERE nonce IS NOT NULL
		AND id = (SELECT body_id FROM node WHERE hash = unhex(new.uid))
		AND NOT EXISTS (SELECT 1 FROM node n WHERE n.body_id = body.id AND NOT EXISTS (
			SELECT 1 FROM tombstone WHERE scope = 'node' AND uid = lower(hex(n.hash))));
	DELETE FROM attempt WHERE run_id IN (SELECT run.id FROM node JOIN run ON run.node_id = node.id WHERE node.hash = unhex(new.uid)
		UNION SELECT run.id FROM node JOIN run ON run.parent_id = node.id WHERE node.hash = unhex(new.uid));
	DELETE FROM run_chunk WHERE run_id IN (SELECT run.id FROM node JOIN run ON run.node_id = node.id WHERE node.hash = unhex(new.uid)
		UNION SELECT run.id FROM node JOIN run ON run.parent_id = node.id WHERE node.hash = unhex(new.uid));
	DELETE FROM run WHERE id IN (SELECT run.id FROM node JOIN run ON run.node_id = node.id WHERE node.hash = unhex(new.uid)
		UNION SELECT run.id FROM node JOIN run ON run.parent_id = node.id WHERE node.hash = unhex(new.uid));
	-- The row goes too, unless a message that is not buried rests on it.
	INSERT INTO link_gone (src_id, kind, dst) SELECT link.src_id, link.kind, node.hash
	FROM node JOIN link ON link.dst_id = node.id WHERE node.hash = unhex(new.uid)
		AND NOT EXISTS (SELECT 1 FROM edge WHERE parent_id = node.id);
	DELETE FROM link WHERE (src_id, kind, dst_id) IN (SELECT link.src_id, link.kind, link.dst_id FROM node
		JOIN link ON link.dst_id = node.id WHERE node.hash = unhex(new.uid)
			AND NOT EXISTS (SELECT 1 FROM edge WHERE parent_id = node.id));
	DELETE FROM link WHERE src_id = (SELECT id FROM node WHERE hash = unhex(new.uid)
		AND NOT EXISTS (SELECT 1 FROM edge WHERE parent_id = node.id));
	DELETE FROM link_gone WHERE src_id = (SELECT id FROM node WHERE hash = unhex(new.uid)
		AND NOT EXISTS (SELECT 1 FROM edge WHERE parent_id = node.id));
	DELETE FROM edge WHERE child_id = (SELECT id FROM node WHERE hash = unhex(new.uid)
		AND NOT EXISTS (SELECT 1 FROM edge WHERE parent_id = node.id));
	DELETE FROM node WHERE hash = unhex(new.uid) AND NOT EXISTS (SELECT 1 FROM edge WHERE parent_id = node.id);
END;
CREATE TRIGGER node_gone AFTER DELETE ON node BEGIN
	DELETE FROM body WHERE id = old.body_id AND NOT EXISTS (SELECT 1 FROM node WHERE body_id = old.body_id);
END;
-- The row stays, for the log refers to it; a purged conversation is in no list.
CREATE TRIGGER bury_conversation AFTER INSERT ON tombstone WHEN new.scope = 'conversation' BEGIN
	DELETE FROM scalar WHERE entity = 'conversation' AND uid = new.uid;
	DELETE FROM member WHERE register > 'set/conversation/' || new.uid || '/' AND register < 'set/conversation/' || new.uid || '0';
	DELETE FROM ref_head WHERE ref_id IN (SELECT ref.id FROM conv JOIN ref ON ref.conv_id = conv.id WHERE conv.uid = unhex(new.uid));
	DELETE FROM queued WHERE conv_id = (SELECT id FROM conv WHERE uid = unhex(new.uid));
	DELETE FROM draft WHERE conv = new.uid;
	UPDATE conv SET title = NULL, preview = NULL, pinned = 0, hidden = 1 WHERE uid = unhex(new.uid);
END;
-- What is buried and comes again, with an import or another device, comes without its text.
CREATE TRIGGER body_buried AFTER INSERT ON body
WHEN new.data IS NOT NULL AND EXISTS (SELECT 1 FROM tombstone WHERE scope = 'body' AND uid = lower(hex(new.hash)))
BEGIN UPDATE body SET nonce = NULL, data = NULL WHERE id = new.id; END;
CREATE TRIGGER node_buried AFTER INSERT ON node
WHEN EXISTS (SELECT 1 FROM tombstone WHERE scope = 'node' AND uid = lower(hex(new.hash)))
BEGIN
	UPDATE body SET nonce = NULL, data = NULL WHERE id = new.body_id AND nonce IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM node n WHERE n.body_id = body.id AND NOT EXISTS (
			SELECT 1 FROM tombstone WHERE scope = 'node' AND uid = lower(hex(n.hash))));
END;
`;
