/** What the linked repositories were like when a model was asked. */
export const turnCommits = /* sql */ `
CREATE TABLE run_commit (
	run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	-- The folder's id on the host it is linked on, and its name, which says something elsewhere, too.
	root TEXT NOT NULL,
	folder TEXT NOT NULL,
	-- Hex. A commit is the same one in every copy of its repository.
	commit_id TEXT NOT NULL,
	branch TEXT,
	-- Whether something was not committed; null when it was not known in time.
	dirty INTEGER CHECK (dirty IN (0, 1)),
	PRIMARY KEY (run_id, root)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_commit_at ON run_commit (commit_id, run_id);
`;
