//! Work that takes a while, as the page shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::HostError;
use crate::roots::RootId;

/// Names a job while this host runs; never used twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct JobId(pub String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
	Running,
	/// Was told to stop and has not ended yet.
	Stopping,
	Done,
	Failed,
	Cancelled,
}

impl JobState {
	pub fn is_over(self) -> bool {
		matches!(self, JobState::Done | JobState::Failed | JobState::Cancelled)
	}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
	pub done: u64,
	/// Null while nobody knows.
	pub total: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
	pub id: JobId,
	/// What sort of work: the name of the command that started it.
	pub kind: String,
	/// What it works on, in words.
	pub label: String,
	/// Which window asked for it, and does without it when it goes.
	pub owner: Option<String>,
	/// The linked folder it runs in.
	pub root: Option<RootId>,
	pub state: JobState,
	pub progress: Option<Progress>,
	/// Milliseconds since 1970.
	pub started_at: u64,
	pub ended_at: Option<u64>,
	/// Why it failed.
	pub error: Option<HostError>,
	/// How many lines it has said.
	pub lines: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Jobs {
	/// Running ones first, then the newest.
	pub jobs: Vec<Job>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobRequest {
	pub job: JobId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogSource {
	/// What the program wrote to its output.
	Out,
	/// What it wrote to its error output.
	Err,
	/// What the host says about it.
	Host,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
	pub source: LogSource,
	pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogBatch {
	/// Number of the first line here, from 0. Lines before it that were not sent are kept no longer.
	pub first: u64,
	pub lines: Vec<LogLine>,
}
