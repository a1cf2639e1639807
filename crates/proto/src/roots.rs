//! Linked folders as the page knows them: an id, never a path to send back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names a linked folder in requests. Random, and the same over restarts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RootId(pub String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RootState {
	Linked,
	/// Nothing is at its place now: an unmounted disk, a deleted folder.
	Missing,
	/// Another folder is at its place. It is not read until the user links it again.
	Replaced,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Root {
	pub id: RootId,
	/// The folder's own name.
	pub name: String,
	/// Where it is, to be shown and nothing else; `~` is the home folder.
	pub place: String,
	pub state: RootState,
	/// Milliseconds since 1970.
	pub linked_at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Roots {
	/// In the order of linking.
	pub roots: Vec<Root>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RootRequest {
	pub root: RootId,
}
