/** What models there are, what waits to be sent, and texts too long to stand in a message. */
export const desk = /* sql */ `
-- When each endpoint was last asked, so that its models are known without a network, with their age.
CREATE TABLE catalogue (
	endpoint TEXT PRIMARY KEY,
	fetched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
	endpoint TEXT NOT NULL,
	id TEXT NOT NULL,
	ord INTEGER NOT NULL,
	name TEXT NOT NULL,
	context INTEGER,
	-- JSON lists of words such as "text" and "image"; empty when the server does not say.
	inputs TEXT NOT NULL,
	outputs TEXT NOT NULL,
	PRIMARY KEY (endpoint, id)
) STRICT, WITHOUT ROWID;

-- In nano-dollars per million tokens (per request: nano-dollars), null when unknown. A new row when one changes.
CREATE TABLE model_price (
	endpoint TEXT NOT NULL,
	model TEXT NOT NULL,
	since INTEGER NOT NULL,
	prompt INTEGER,
	completion INTEGER,
	cached INTEGER,
	request INTEGER,
	PRIMARY KEY (endpoint, model, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
	id INTEGER PRIMARY KEY,
	sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
	size INTEGER NOT NULL,
	mime TEXT NOT NULL,
	-- Null when redacted.
	data BLOB
) STRICT;

CREATE TABLE queued (
	id INTEGER PRIMARY KEY,
	uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),
	conv_id INTEGER NOT NULL REFERENCES conv (id),
	ord INTEGER NOT NULL,
	parts TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX queued_conv ON queued (conv_id, ord);

ALTER TABLE draft ADD COLUMN attached TEXT NOT NULL DEFAULT '[]';
`;
