//! Programs that a person has named for a linked folder, with exactly these arguments and no shell in between.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::jobs::JobId;
use crate::roots::RootId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedCommand {
	/// What it is called here: test, build. One of a name in a folder.
	pub name: String,
	/// The program and its arguments.
	pub argv: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedCommands {
	/// In the order in which they were named.
	pub commands: Vec<NamedCommand>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NameCommandRequest {
	pub root: RootId,
	/// Takes the place of the one with its name.
	pub command: NamedCommand,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForgetCommandRequest {
	pub root: RootId,
	pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunCommandRequest {
	pub root: RootId,
	/// As it is kept: what is asked about is what runs.
	pub command: NamedCommand,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartedCommand {
	/// Tells how it goes, gives its output, stops it.
	pub job: JobId,
}
