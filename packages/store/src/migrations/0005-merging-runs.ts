/** A run may make a merge: a message with more parents than the one it answers. */
export const mergingRuns = /* sql */ `
-- JSON list of node ids (hex): the parents after the first one. Empty for an ordinary answer.
ALTER TABLE run ADD COLUMN merges TEXT NOT NULL DEFAULT '[]';
`;
