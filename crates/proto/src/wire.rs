//! The host's standard input and output: one JSON object a line. Only `Bytes` is followed by something else,
//! by as many raw bytes as it says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::HostError;

/// Grows with every change that an older page or host would misread.
pub const PROTOCOL: u32 = 1;

/// A stream pauses when this many of its items are not acknowledged, and at first sooner: it begins with one, and
/// may have one more on its way for each that was acknowledged.
pub const WINDOW_ITEMS: u64 = 128;

/// A line to the host. `id` is the caller's, unique among its calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ToHost {
	Call {
		id: u64,
		command: String,
		#[serde(default)]
		request: Value,
		/// Which window asks.
		#[serde(default)]
		owner: Option<String>,
	},
	/// Everything up to this item was taken in.
	Ack { id: u64, seq: u64 },
	/// Nobody wants the answer any more.
	Cancel { id: u64 },
}

/// A line from the host.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromHost {
	/// The first line: calls may be sent from now on.
	Ready {
		protocol: u32,
		version: String,
	},
	Answer {
		id: u64,
		#[schemars(with = "Value")]
		value: Box<RawValue>,
	},
	Failed {
		id: u64,
		error: HostError,
	},
	/// An item of a stream, numbered from 1.
	Item {
		id: u64,
		seq: u64,
		#[schemars(with = "Value")]
		value: Box<RawValue>,
	},
	/// A stream has ended well.
	End {
		id: u64,
	},
	/// The answer is the next `length` bytes; then lines go on.
	Bytes {
		id: u64,
		length: u64,
	},
}
