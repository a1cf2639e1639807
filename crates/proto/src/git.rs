//! What the page asks about a repository and what it is told.
//!
//! Object ids are lower-case hex. Paths and names are text without loss: a byte that is no UTF-8 is the
//! private character U+10FF00 + byte. Times are seconds since 1970, offsets minutes east of UTC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! data {
	($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? }) => {
		$(#[$meta])*
		#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
		#[serde(rename_all = "camelCase")]
		pub struct $name { $($(#[$field_meta])* pub $field: $type),* }
	};
}

macro_rules! choice {
	($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident),* $(,)? }) => {
		$(#[$meta])*
		#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
		#[serde(rename_all = "camelCase")]
		pub enum $name { $($(#[$variant_meta])* $variant),* }
	};
}

data! {
	/// Everything that is asked about a whole repository: info, refs, stashes.
	RepositoryRequest {
		/// Id of the linked folder.
		root: String,
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
	RedirectKind {
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
	Redirect {
		kind: RedirectKind,
		/// Where it leads, for people.
		target: String,
		/// It leaves the linked folder: nothing is read before the user agrees.
		outside: bool,
	}
}

data! {
	Head {
		/// Short name; absent when HEAD is detached.
		branch: Option<String>,
		/// Absent when the branch has no commit yet.
		commit: Option<String>,
	}
}

choice! {
	/// What was begun and not finished.
	Operation { Merge, Rebase, CherryPick, Revert, Bisect, ApplyMailbox }
}

data! {
	Submodule { path: String, url: Option<String> }
}

data! {
	Worktree { name: String, branch: Option<String>, commit: Option<String> }
}

data! {
	InfoResponse {
		head: Head,
		object_format: ObjectFormat,
		ref_format: RefFormat,
		bare: bool,
		/// History is cut off: some parents are not here.
		shallow: bool,
		/// Objects are fetched on demand by Git; those missing are not read here.
		partial: bool,
		/// Some files are pointers to LFS.
		lfs: bool,
		operation: Option<Operation>,
		redirects: Vec<Redirect>,
		submodules: Vec<Submodule>,
		worktrees: Vec<Worktree>,
		stashes: u32,
	}
}

choice! {
	RefKind { Branch, Tag, Remote, Other }
}

data! {
	Ref {
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
	RefsResponse { head: Head, refs: Vec<Ref>, truncated: bool }
}

data! {
	Person { name: String, email: String, time: i64, offset: i32 }
}

data! {
	/// A commit in a list.
	CommitLine {
		id: String,
		parents: Vec<String>,
		author: Person,
		/// The committer's time, by which lists are ordered.
		committed: i64,
		/// First paragraph of the message on one line.
		subject: String,
		/// Full names of the refs that lead to it.
		refs: Vec<String>,
	}
}

data! {
	LogRequest {
		root: String,
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
	LogResponse { commits: Vec<CommitLine>, next: Option<String> }
}

data! {
	IngestRequest {
		root: String,
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
	IngestResponse {
		commits: u32,
		/// Parents a shallow repository does not have.
		missing: u32,
	}
}

data! {
	CommitRequest {
		root: String,
		/// A commit id, a full ref name or `HEAD`.
		commit: String,
		/// Number of the parent to compare with; the first (0) when absent.
		parent: Option<u32>,
	}
}

data! {
	CommitResponse {
		commit: CommitLine,
		committer: Person,
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
#[serde(rename_all = "camelCase", tag = "kind")]
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
		root: String,
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
	DiffResponse {
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
		root: String,
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
	TreeResponse { entries: Vec<TreeEntry>, truncated: bool }
}

data! {
	/// A file at a commit: `file_info` tells about it, `file` answers its bytes.
	FileRequest {
		root: String,
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
	FileInfoResponse {
		id: String,
		mode: String,
		size: u64,
		binary: bool,
		lfs: Option<LfsPointer>,
	}
}

data! {
	BlameRequest {
		root: String,
		commit: String,
		path: String,
		/// First and last line, from 1; the whole file when absent.
		lines: Option<(u32, u32)>,
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
	BlameResponse { hunks: Vec<BlameHunk>, commits: Vec<CommitLine> }
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
		root: String,
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
	StatusResponse { entries: Vec<StatusEntry>, truncated: bool }
}

data! {
	Stash { index: u32, commit: String, message: String, time: i64 }
}

data! {
	StashesResponse { stashes: Vec<Stash>, truncated: bool }
}

/// A change to the working tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Edit {
	/// A unified diff with `a/` and `b/` before its paths, of one or more files.
	Patch { patch: String },
	/// A whole file.
	File {
		path: String,
		/// Absent removes it.
		text: Option<String>,
		/// The text that must be there now; absent where no file must be.
		expected: Option<String>,
	},
}

data! {
	ApplyRequest {
		root: String,
		edit: Edit,
		/// Only say whether it would apply.
		#[serde(default)]
		check: bool,
	}
}

data! {
	/// One file before and after; also what takes the change back when it is sent to `undo`.
	AppliedFile {
		path: String,
		/// Absent when there was none.
		before: Option<FileState>,
		/// Absent when it was removed.
		after: Option<FileState>,
	}
}

data! {
	FileState {
		/// The whole content, bytes as in paths.
		text: String,
		executable: bool,
	}
}

data! {
	ApplyResponse { files: Vec<AppliedFile> }
}

data! {
	UndoRequest {
		root: String,
		/// What `apply` answered.
		files: Vec<AppliedFile>,
	}
}
