//! The host about itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a folder comes to be linked with this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Linking {
	/// In a native dialog, opened by `roots.link`.
	Dialog,
	/// Named when the program is started: `npm start -- --root PATH`.
	StartFlag,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostInfo {
	pub version: String,
	/// `linux`, `macos` or `windows`.
	pub os: String,
	pub linking: Linking,
	/// Names of the commands that are answered here and now; the page offers nothing else.
	pub commands: Vec<String>,
}
