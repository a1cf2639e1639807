//! Files of a linked folder as they are on disk. Paths are written as in `git.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::roots::RootId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScanRequest {
	pub root: RootId,
	/// Start at this folder; the root when empty.
	#[serde(default)]
	pub path: String,
	/// Folders to go down; 1 lists one folder. Everything when absent.
	pub depth: Option<u32>,
	/// Tell folders as well.
	#[serde(default)]
	pub folders: bool,
	/// Only text files of at most so many bytes. Everything when absent.
	pub max_text_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
	File,
	Folder,
	/// Told, never followed.
	Link,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScannedEntry {
	pub path: String,
	pub kind: EntryKind,
	/// Bytes; 0 for folders.
	pub size: u64,
	/// Milliseconds since 1970.
	pub modified: i64,
}

/// Files in no order, without those that `.gitignore` and `.ignore` leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanBatch {
	pub entries: Vec<ScannedEntry>,
	/// Folders that were passed over because their ignore file is a pipe, a link or far too large.
	pub refused: Vec<String>,
	/// There is more than is told. Only in the last batch.
	pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadRequest {
	pub root: RootId,
	pub path: String,
	/// Refuse more bytes than this; 8 MB when absent, at most 64 MB.
	pub max_bytes: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WatchRequest {
	pub root: RootId,
}

/// What changed since the last batch. The first one says that watching has begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WatchBatch {
	/// Files and folders that changed, came or went; ignored ones are left out.
	pub paths: Vec<String>,
	/// More than is told: look at everything again.
	pub everything: bool,
	/// HEAD, a ref or the index of the repository.
	pub repository: bool,
	/// The system watches no more folders: changes are found by looking every few seconds.
	pub polling: bool,
}
