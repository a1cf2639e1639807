//! What the page asks about a repository and what it is told.
//!
//! Object ids are lower-case hex. Paths and names are text without loss: a byte that is no UTF-8 is the
//! private character U+10FF00 + byte. Times are seconds since 1970, offsets minutes east of UTC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::roots::RootId;

macro_rules! data {
	($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? }) => {
		$(#[$meta])*
		#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
		#[serde(rename_all = "camelCase", deny_unknown_fields)]
		pub struct $name { $($(#[$field_meta])* pub $field: $type),* }
	};
}

macro_rules! choice {
	($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident),* $(,)? }) => {
		$(#[$meta])*
		#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
		#[serde(rename_all = "snake_case")]
		pub enum $name { $($(#[$variant_meta])* $variant),* }
	};
}

data! {
	/// Everything that is asked about a whole repository: info, refs, stashes.
	RepositoryRequest {
		root: RootId,
	}
}

choice! {
	ObjectFormat { Sha1, Sha256 }
}

choice! {
	/// How refs are kept. Those of reftable repositories need a Git of 2.45 or newer beside the program.
	RefFormat { Files, Reftable }
}

choice! {
	/// Ways out of the linked folder a repository can take.
	GitRedirectKind {
		/// `.git` is a file or a link.
		GitDir,
		/// The objects and refs are another repository's (a linked worktree).
		CommonDir,
		/// Objects are borrowed from another repository.
		Alternate,
		/// A link inside the repository's own folder.
		Link,
	}
}

data! {
	GitRedirect {
		kind: GitRedirectKind,
		/// Where it leads, for people.
		target: String,
		/// It leaves the linked folder: nothing is read before the user agrees.
		outside: bool,
	}
}

data! {
	GitHead {
		/// Short name; absent when HEAD is detached.
		branch: Option<String>,
		/// Absent when the branch has no commit yet.
		commit: Option<String>,
	}
}

choice! {
	/// What was begun and not finished.
	GitOperation { Merge, Rebase, CherryPick, Revert, Bisect, ApplyMailbox }
}

data! {
	Submodule { path: String, url: Option<String> }
}

data! {
	Worktree { name: String, branch: Option<String>, commit: Option<String> }
}

data! {
	RepositoryInfo {
		head: GitHead,
		object_format: ObjectFormat,
		ref_format: RefFormat,
		bare: bool,
		/// History is cut off: some parents are not here.
		shallow: bool,
		/// Objects are fetched on demand by Git; those missing are not read here.
		partial: bool,
		/// Some files are pointers to LFS.
		lfs: bool,
		operation: Option<GitOperation>,
		redirects: Vec<GitRedirect>,
		submodules: Vec<Submodule>,
		worktrees: Vec<Worktree>,
		stashes: u32,
	}
}

choice! {
	RefKind { Branch, Tag, Remote, Other }
}

data! {
	GitRef {
		/// `refs/heads/main`.
		name: String,
		/// `main`.
		short: String,
		kind: RefKind,
		/// The object it leads to after tags are opened.
		commit: String,
		/// An annotated tag's own id.
		tag: Option<String>,
		/// Full name of the ref a branch follows.
		upstream: Option<String>,
	}
}

data! {
	Refs { head: GitHead, refs: Vec<GitRef>, truncated: bool }
}

data! {
	GitPerson { name: String, email: String, time: i64, offset: i32 }
}

data! {
	/// A commit in a list.
	CommitLine {
		id: String,
		parents: Vec<String>,
		author: GitPerson,
		/// The committer's time, by which lists are ordered.
		committed: i64,
		/// First paragraph of the message on one line.
		subject: String,
		/// Full names of the refs that lead to it.
		refs: Vec<String>,
	}
}

data! {
	HistoryRequest {
		root: RootId,
		/// Commit ids or full ref names to start from; HEAD when empty.
		#[serde(default)]
		from: Vec<String>,
		/// Start from every branch, remote branch and tag as well.
		#[serde(default)]
		all: bool,
		/// Commits on a page, 1 to 1,000; 200 when absent.
		limit: Option<u32>,
		/// `next` of the page before; `from` and `all` are then not looked at.
		cursor: Option<String>,
	}
}

data! {
	HistoryPage { commits: Vec<CommitLine>, next: Option<String> }
}

data! {
	IngestRequest {
		root: RootId,
		/// As in a log.
		#[serde(default)]
		from: Vec<String>,
		#[serde(default)]
		all: bool,
	}
}

data! {
	/// A part of the whole history, children before parents but for skewed clocks.
	IngestBatch { commits: Vec<CommitLine> }
}

data! {
	CommitRequest {
		root: RootId,
		/// A commit id, a full ref name or `HEAD`.
		commit: String,
		/// Number of the parent to compare with; the first (0) when absent.
		parent: Option<u32>,
	}
}

data! {
	CommitDetails {
		commit: CommitLine,
		committer: GitPerson,
		message: String,
		/// A signature is there; whether it is good is not checked.
		signed: bool,
		files: Vec<FileChange>,
		truncated: bool,
	}
}

choice! {
	ChangeKind {
		Added,
		Deleted,
		Modified,
		Renamed,
		/// A file became a link, a folder a submodule.
		TypeChanged,
	}
}

data! {
	/// One side of a change.
	FileSide {
		path: String,
		/// Git's octal mode: `100644`, `100755`, `120000`, `160000`.
		mode: String,
		/// Absent for a file in the working tree.
		id: Option<String>,
	}
}

data! {
	FileChange {
		kind: ChangeKind,
		old: Option<FileSide>,
		new: Option<FileSide>,
		/// How alike the two sides of a rename are, in percent.
		similarity: Option<u8>,
	}
}

/// What a diff compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum DiffOf {
	/// A commit against a parent, by default the first; a root commit against nothing.
	Commit {
		commit: String,
		parent: Option<u32>,
	},
	Commits {
		old: String,
		new: String,
	},
	/// Index and working tree against HEAD.
	Worktree,
	/// Working tree against the index.
	Unstaged,
	/// Index against HEAD.
	Staged,
}

data! {
	DiffRequest {
		root: RootId,
		of: DiffOf,
		/// Only these files and what is below these folders; everything when empty.
		#[serde(default)]
		paths: Vec<String>,
		/// Lines around a change, at most 1,000; 3 when absent.
		context: Option<u32>,
		/// Show moved files as deleted and added.
		#[serde(default)]
		no_renames: bool,
	}
}

data! {
	Diff {
		files: Vec<FileDiff>,
		/// There is more than is told here.
		truncated: bool,
	}
}

data! {
	FileDiff {
		change: FileChange,
		/// Not text: there are no hunks.
		binary: bool,
		hunks: Vec<Hunk>,
		/// Hunks are missing because the file or the answer is too large.
		truncated: bool,
	}
}

data! {
	Hunk {
		/// Numbers as in a unified diff: from 1, or the line before when a side is empty.
		old_start: u32,
		old_lines: u32,
		new_start: u32,
		new_lines: u32,
		/// The last line before the hunk that starts a section.
		section: Option<String>,
		/// Lines of a unified diff without line feeds: ` `, `+`, `-` and the text, carriage returns
		/// kept; `\` alone after a line that ends without a line feed.
		lines: Vec<String>,
	}
}

data! {
	TreeRequest {
		root: RootId,
		commit: String,
		/// A folder; the top when empty.
		#[serde(default)]
		path: String,
	}
}

choice! {
	TreeEntryKind { File, Executable, Link, Folder, Submodule }
}

data! {
	TreeEntry {
		name: String,
		path: String,
		kind: TreeEntryKind,
		id: String,
		/// Bytes of a file; absent when it is not here.
		size: Option<u64>,
		/// Why this name is never used on disk.
		problem: Option<String>,
	}
}

data! {
	Folder { entries: Vec<TreeEntry>, truncated: bool }
}

data! {
	/// A file at a commit: `file_info` tells about it, `file` answers its bytes.
	FileAtRequest {
		root: RootId,
		commit: String,
		path: String,
		/// Refuse more bytes than this; 8 MB when absent, at most 64 MB.
		max_bytes: Option<u64>,
	}
}

data! {
	LfsPointer {
		/// SHA-256 of the content.
		oid: String,
		size: u64,
	}
}

data! {
	FileAtInfo {
		id: String,
		mode: String,
		size: u64,
		binary: bool,
		lfs: Option<LfsPointer>,
	}
}

data! {
	BlameRequest {
		root: RootId,
		commit: String,
		path: String,
		/// First line, from 1; the first of the file when absent.
		first: Option<u32>,
		/// Last line; the last of the file when absent.
		last: Option<u32>,
	}
}

data! {
	BlameHunk {
		/// First line, from 1.
		start: u32,
		lines: u32,
		/// First line in the commit's version of the file.
		source_start: u32,
		commit: String,
		/// The file's path there, when it was another one.
		source_path: Option<String>,
	}
}

data! {
	Blame {
		hunks: Vec<BlameHunk>,
		commits: Vec<CommitLine>,
		/// Those of the commits whose parents are not here: their lines may be older.
		cut_off: Vec<String>,
	}
}

choice! {
	Untracked {
		None,
		/// A folder with only new files is one entry that ends in `/`.
		Folders,
		Files,
	}
}

data! {
	StatusRequest {
		root: RootId,
		/// Folders when absent.
		untracked: Option<Untracked>,
	}
}

choice! {
	StatusKind { Added, Deleted, Modified, Renamed, TypeChanged, Untracked, Conflicted }
}

data! {
	StatusEntry {
		path: String,
		/// The path before a rename.
		old_path: Option<String>,
		/// The index against HEAD. Deleted here and untracked there: the file was taken from the index only.
		index: Option<StatusKind>,
		/// The working tree against the index.
		worktree: Option<StatusKind>,
	}
}

data! {
	RepositoryStatus { entries: Vec<StatusEntry>, truncated: bool }
}

data! {
	Stash { index: u32, commit: String, message: String, time: i64 }
}

data! {
	Stashes { stashes: Vec<Stash>, truncated: bool }
}

/// A change to the working tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum FileEdit {
	/// A unified diff with `a/` and `b/` before its paths, of one or more files.
	Patch { patch: String },
	/// A whole file.
	Write {
		path: String,
		text: String,
		/// The text that must be there now; absent where no file must be.
		expected: Option<String>,
	},
	Remove {
		path: String,
		/// The text that must be there now.
		expected: String,
	},
}

data! {
	ApplyRequest {
		root: RootId,
		edit: FileEdit,
		/// Only say whether it would apply.
		#[serde(default)]
		check: bool,
	}
}

data! {
	AppliedFile {
		path: String,
		/// Added, deleted or modified; a file that moved is told twice.
		kind: ChangeKind,
	}
}

data! {
	Applied {
		files: Vec<AppliedFile>,
		/// What takes the change back when it is sent to `undo`. It holds the files as they were.
		undo: String,
	}
}

data! {
	UndoRequest {
		root: RootId,
		/// As it was answered.
		undo: String,
	}
}
