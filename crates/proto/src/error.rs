//! Errors as the page receives them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A code exists only where the page acts on it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
	/// The request does not fit the command's schema.
	Invalid,
	/// The caller may not use this command.
	Denied,
	/// The thing asked for is not there.
	NotFound,
	/// A path leaves its root, or names what is never read.
	OutsideRoot,
	/// The linked folder is not the one that was linked: it has to be linked again.
	RootLost,
	/// Larger than the cap of this command.
	TooLarge,
	/// Another writer was first; ask again.
	Conflict,
	/// The repository needs something that is not read here; the message says what.
	Unsupported,
	Cancelled,
	TimedOut,
	/// A server was not reached, or hung up.
	Unreachable,
	/// The host or a child of it ended before it answered.
	HostLost,
	Internal,
}

/// A failed command: a code for the program and a sentence the user can act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostError {
	pub code: ErrorCode,
	pub message: String,
	/// The same request may succeed when it is sent again.
	pub retryable: bool,
}

impl HostError {
	pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
		Self {
			code,
			message: message.into(),
			retryable: matches!(code, ErrorCode::Conflict | ErrorCode::TimedOut | ErrorCode::HostLost),
		}
	}
}

impl std::fmt::Display for HostError {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str(&self.message)
	}
}

impl std::error::Error for HostError {}
