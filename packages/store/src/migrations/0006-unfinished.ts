/** What is under way on a screen, kept where backups carry it; and the nodes of a conversation as they came. */
export const unfinished = /* sql */ `
-- Marks of a bisect, passages picked for a merge. Numbers and ids only: no text, so nothing here outlives a redaction.
CREATE TABLE unfinished (
	kind TEXT NOT NULL,
	-- Hex, like the ids in the key.
	conv TEXT NOT NULL,
	key TEXT NOT NULL,
	data TEXT NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (conv, kind, key)
) STRICT, WITHOUT ROWID;

-- An outline from one index, newest first, without sorting and without the wide rows.
CREATE INDEX node_outline ON node (conv_id, id, parent_id, created_at, role, kind);
CREATE INDEX edge_further ON edge (child_id) WHERE ord > 0;

-- What is purged leaves no work to go on with.
CREATE TRIGGER bury_unfinished_at AFTER INSERT ON tombstone WHEN new.scope = 'node' BEGIN
	DELETE FROM unfinished WHERE instr(key, new.uid) > 0;
END;
CREATE TRIGGER bury_unfinished AFTER INSERT ON tombstone WHEN new.scope = 'conversation' BEGIN
	DELETE FROM unfinished WHERE conv = new.uid;
	DELETE FROM replay WHERE conv_id = (SELECT id FROM conv WHERE uid = unhex(new.uid));
END;
`;
