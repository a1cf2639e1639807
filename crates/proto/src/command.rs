//! What a command is. The table of them all is in `table.rs`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a command can do to the world, and so who may send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
	/// Changes nothing outside the host.
	Read,
	/// Changes the host's own data, or files of a linked folder.
	Write,
	/// Sends something over a network.
	Net,
	/// Starts a program the user named. Needs a confirmation outside the page.
	Exec,
	/// Touches a stored key. Needs a confirmation outside the page.
	Secret,
}

impl Class {
	/// The page alone cannot have this done: whoever runs the host has agreed to it beforehand.
	pub fn needs_confirmation(self) -> bool {
		matches!(self, Class::Exec | Class::Secret)
	}
}

/// How a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
	/// One response.
	One,
	/// Raw bytes, never within JSON.
	Bytes,
	/// Any number of responses, each acknowledged by its reader, then an end or an error.
	Stream,
	/// The same, of raw bytes; the first may be JSON.
	Frames,
}

/// Where a command can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
	Everywhere,
	/// Needs a native window: the local server does not route it.
	Desktop,
}

/// A row of the table as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandInfo {
	/// `area.verb`, lower case, words joined by `_`.
	pub name: &'static str,
	pub class: Class,
	pub answer: Answer,
	pub place: Place,
	pub doc: &'static str,
}

impl CommandInfo {
	/// The same name where only identifiers are allowed, such as a Tauri command.
	pub fn identifier(&self) -> String {
		self.name.replace('.', "_")
	}
}

/// A row of the table as a type, which ties an implementation to its shapes.
pub trait Command {
	const INFO: CommandInfo;
	type Request: DeserializeOwned + JsonSchema + 'static;
	/// For a stream: one batch. For bytes and frames: [`Bytes`].
	type Response: Serialize + JsonSchema + 'static;
}

/// A row with its shapes, for the generator.
pub struct Described {
	pub info: CommandInfo,
	pub request: fn(&mut SchemaGenerator) -> Schema,
	pub response: fn(&mut SchemaGenerator) -> Schema,
}

/// The request of a command that asks for nothing in particular, the response of one with nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Stands in the table where a command answers raw bytes.
#[derive(Serialize, JsonSchema)]
pub enum Bytes {}

macro_rules! commands {
	($($(#[doc = $doc:literal])+ $id:ident = $name:literal, $class:ident $answer:ident $place:ident,
		$request:ty => $response:ty;)+) => {
		$(
			$(#[doc = $doc])+
			pub struct $id;

			impl $crate::command::Command for $id {
				const INFO: $crate::command::CommandInfo = $crate::command::CommandInfo {
					name: $name,
					class: $crate::command::Class::$class,
					answer: $crate::command::Answer::$answer,
					place: $crate::command::Place::$place,
					doc: concat!($($doc),+),
				};
				type Request = $request;
				type Response = $response;
			}
		)+

		/// Every command, in the order of the table.
		pub const COMMANDS: &[$crate::command::Described] = &[$($crate::command::Described {
			info: <$id as $crate::command::Command>::INFO,
			request: |generator| generator.subschema_for::<$request>(),
			response: |generator| generator.subschema_for::<$response>(),
		}),+];
	};
}
pub(crate) use commands;
