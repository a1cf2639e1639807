/** Which commits the linked repositories were on when a model was asked, and what was asked on a commit. */
import type { NodeId } from '@stemma/graph/node';
import type { ConversationId } from '@stemma/graph/op';
import { ok } from '@stemma/graph/result';
import * as z from 'zod/mini';
import type { WorkspaceContext } from './context.ts';
import type { Outcome } from './outcome.ts';

/** A repository as it was. */
export interface TurnCommit {
	/** The folder's id on the host it is linked on. */
	readonly root: string;
	readonly folder: string;
	/** Hex. */
	readonly commit: string;
	/** Null when HEAD was at no branch. */
	readonly branch: string | null;
	/** Whether tracked files were changed, staged or not; null when it is not known. */
	readonly dirty: boolean | null;
}

/** A question that was asked while a repository was on a commit. */
export interface TurnOn {
	readonly conversation: ConversationId;
	readonly title: string | null;
	/** First line of the conversation, where it has no title. */
	readonly preview: string | null;
	/** How what was asked begins; null where it has no text (any more). */
	readonly question: string | null;
	/** The answer, or while there is none the message that asks for it. */
	readonly node: NodeId;
	readonly askedAt: number;
	readonly dirty: boolean | null;
}

export interface TurnCommits {
	/** Said again, the last word counts. A run that is not there (any more) has none. */
	noteCommits(run: string, commits: readonly TurnCommit[]): Outcome<void>;
	commitsOf(run: string): Outcome<readonly TurnCommit[]>;
	/** The newest first; hidden conversations are left out. */
	turnsOn(commit: string, limit: number): Outcome<readonly TurnOn[]>;
}

const QUESTION_CHARS = 160;

const flag = z.pipe(
	z.nullable(z.number()),
	z.transform((value) => (value === null ? null : value === 1))
);
const commitRow = z.object({
	root: z.string(),
	folder: z.string(),
	commit: z.string(),
	branch: z.nullable(z.string()),
	dirty: flag
});
const turnRow = z.object({
	conversation: z.string(),
	title: z.nullable(z.string()),
	preview: z.nullable(z.string()),
	question: z.nullable(z.string()),
	node: z.string(),
	askedAt: z.number(),
	dirty: flag
});

export function createTurnCommits({ store }: WorkspaceContext): TurnCommits {
	return {
		async noteCommits(run, commits) {
			if (commits.length === 0) return ok(undefined);
			const written = await store.batch(
				commits.map(({ root, folder, commit, branch, dirty }) => ({
					sql: `INSERT INTO run_commit (run_id, root, folder, commit_id, branch, dirty)
						SELECT id, ?2, ?3, ?4, ?5, ?6 FROM run WHERE uid = unhex(?1)
						ON CONFLICT (run_id, root) DO UPDATE SET folder = excluded.folder, commit_id = excluded.commit_id,
							branch = excluded.branch, dirty = excluded.dirty`,
					params: [run, root, folder, commit, branch, dirty === null ? null : Number(dirty)]
				})),
				{ touched: { tables: ['run_commit'] } }
			);
			return written.ok ? ok(undefined) : written;
		},
		async commitsOf(run) {
			const rows = await store.query(
				`SELECT c.root, c.folder, c.commit_id AS "commit", c.branch, c.dirty FROM run JOIN run_commit c ON c.run_id = run.id
				WHERE run.uid = unhex(?1) ORDER BY c.folder, c.root`,
				[run]
			);
			return rows.ok ? ok(rows.value.map((row) => commitRow.parse(row))) : rows;
		},
		async turnsOn(commit, limit) {
			// Runs are numbered as they are asked, so the index has them in order.
			const rows = await store.query(
				`SELECT lower(hex(conv.uid)) AS conversation, conv.title, conv.preview, lower(hex(n.hash)) AS node,
					run.created_at AS askedAt, max(c.dirty) AS dirty,
					(SELECT substr(trim(p.value ->> 'text', char(9, 10, 13, 32)), 1, ?3) FROM json_each(b.data) p
						WHERE p.value ->> 'type' = 'text' LIMIT 1) AS question
				FROM run_commit c CROSS JOIN run ON run.id = c.run_id CROSS JOIN conv ON conv.id = run.conv_id
				CROSS JOIN node n ON n.id = coalesce(run.node_id, run.parent_id)
				CROSS JOIN node q ON q.id = run.parent_id CROSS JOIN body b ON b.id = q.body_id
				WHERE c.commit_id = ?1 AND conv.hidden = 0 GROUP BY c.run_id ORDER BY c.run_id DESC LIMIT ?2`,
				[commit, limit, QUESTION_CHARS]
			);
			return rows.ok ? ok(rows.value.map((row) => turnRow.parse(row))) : rows;
		}
	};
}
