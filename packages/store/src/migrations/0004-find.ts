/** Words of messages, so that they are found; and replays that are under way. */

/**
 * What of a body is searched: what was said and quoted, not what a model thought. The index cannot read it by itself
 * (it may not use json_each), so it is told the words when they come and when they go.
 */
const textOf = (b: string): string =>
	`(SELECT group_concat(p.value ->> 'text', char(10, 10)) FROM json_each(${b}.data) p WHERE p.value ->> 'type' IN ('text', 'quote', 'tool_result'))`;

export const find = /* sql */ `
CREATE INDEX IF NOT EXISTS node_body ON node (body_id);

-- Bodies whose words are not in the index yet. They are taken from here in small portions, wherever they came from.
CREATE TABLE find_pending (body_id INTEGER PRIMARY KEY) STRICT;
-- Bodies whose words are, with those the tokenizer does not see (parts of names, pairs of CJK characters).
CREATE TABLE find_entry (
	body_id INTEGER PRIMARY KEY REFERENCES body (id),
	aux TEXT NOT NULL
) STRICT;
CREATE VIEW find_text (id, text, aux) AS
SELECT e.body_id, ${textOf('b')}, e.aux FROM find_entry e JOIN body b ON b.id = e.body_id;
CREATE VIRTUAL TABLE find USING fts5 (text, aux, content = 'find_text', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 2");
-- What is redacted leaves no trace in the index.
INSERT INTO find (find, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER find_added AFTER INSERT ON body WHEN new.data IS NOT NULL BEGIN
	INSERT INTO find_pending (body_id) VALUES (new.id);
END;
CREATE TRIGGER find_taken AFTER INSERT ON find_entry BEGIN
	INSERT INTO find (rowid, text, aux) SELECT id, text, aux FROM find_text WHERE id = new.body_id;
	DELETE FROM find_pending WHERE body_id = new.body_id;
END;
-- Before, because the index has to be told the words it is to forget.
CREATE TRIGGER find_dropped BEFORE DELETE ON find_entry BEGIN
	INSERT INTO find (find, rowid, text, aux) SELECT 'delete', id, text, aux FROM find_text WHERE id = old.body_id;
END;
CREATE TRIGGER find_redacted BEFORE UPDATE ON body WHEN new.data IS NULL AND old.data IS NOT NULL BEGIN
	DELETE FROM find_entry WHERE body_id = old.id;
	DELETE FROM find_pending WHERE body_id = old.id;
END;
CREATE TRIGGER find_buried BEFORE DELETE ON body BEGIN
	DELETE FROM find_entry WHERE body_id = old.id;
	DELETE FROM find_pending WHERE body_id = old.id;
END;

-- From the index of the hashes, not from the texts: a large file must open as fast as a small one.
INSERT INTO find_pending (body_id) SELECT id FROM body ORDER BY id;

-- A plan, and the messages made so far, one for each of its steps. What was made is in the graph anyway.
CREATE TABLE replay (
	id INTEGER PRIMARY KEY,
	uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),
	conv_id INTEGER NOT NULL REFERENCES conv (id),
	plan TEXT NOT NULL,
	made TEXT NOT NULL DEFAULT '[]',
	created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX replay_conv ON replay (conv_id, created_at);
`;
