use std::path::PathBuf;

use serde_json::Value;
use stemma_jobs::{Cancel, OwnBinary, Registry, WorkerPool};
use stemma_paths::Root;
use stemma_proto::command::{Class, CommandInfo};
use stemma_proto::error::HostError;
use stemma_proto::host::Linking;

use crate::{Api, Roots};

/// How many repositories are read at the same time.
const WORKERS: usize = 2;

/// Who says yes to what a page alone may not do.
pub trait Consent: Send + Sync {
	/// Whether commands of this class can be had at all.
	fn offers(&self, class: Class) -> bool;
	/// Asks, outside the page and about this very request. May wait for a person.
	fn allows(&self, call: &Call<'_>, command: &CommandInfo, request: &Value) -> Result<bool, HostError>;
}

/// Nobody is there to ask: the page gets what needs no confirmation, and nothing else.
pub struct NoConsent;

impl Consent for NoConsent {
	fn offers(&self, class: Class) -> bool {
		!class.needs_confirmation()
	}

	fn allows(&self, _: &Call<'_>, command: &CommandInfo, _: &Value) -> Result<bool, HostError> {
		Ok(self.offers(command.class))
	}
}

/// What all commands of a host share.
pub struct Context {
	pub roots: Roots,
	pub jobs: Registry,
	pub linking: Linking,
	pub consent: Box<dyn Consent>,
	/// For what may go wrong in a way that takes a process with it. A worker has none: it is one.
	pub(crate) workers: Option<WorkerPool>,
	pub own: OwnBinary,
}

impl Context {
	/// A host that keeps its own data in the folder `data`.
	pub fn host(data: PathBuf, own: OwnBinary, linking: Linking, consent: Box<dyn Consent>) -> Self {
		let arguments = vec!["--data".into(), data.clone().into_os_string()];
		let workers = Some(WorkerPool::new(own.clone(), arguments, WORKERS));
		Self { roots: Roots::in_folder(data), jobs: Registry::new(now), linking, consent, workers, own }
	}

	/// A child of a host, which asks it nothing but what was let through already.
	pub fn worker(data: PathBuf, own: OwnBinary) -> Self {
		Self {
			roots: Roots::in_folder(data),
			jobs: Registry::new(now),
			linking: Linking::StartFlag,
			consent: Box::new(NoConsent),
			workers: None,
			own,
		}
	}
}

/// A command under way, as its implementation sees it.
pub struct Call<'a> {
	pub api: &'a Api,
	/// Which window asked.
	pub owner: Option<&'a str>,
	pub cancel: &'a Cancel,
}

impl Call<'_> {
	pub fn jobs(&self) -> &Registry {
		&self.api.context.jobs
	}

	pub fn roots(&self) -> &Roots {
		&self.api.context.roots
	}

	/// A linked folder, opened; an error when it is not linked or not the same folder any more.
	pub fn root(&self, id: &str) -> Result<Root, HostError> {
		self.roots().open(id)
	}
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
	let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
	since.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
