use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use stemma_jobs::{OwnBinary, limit_this_process, run_guard};

use crate::{Api, Context, Handlers, serve};

/// Memory of a worker. Objects are read whole only below caps that are far smaller.
const WORKER_MEMORY: u64 = 1 << 30;
/// A worker that nobody asks for so long ends, and with it what it remembers of a repository.
const WORKER_IDLE: Duration = Duration::from_secs(60);

/// Every program with a host in it begins with this: started again as a worker or a guard, it is nothing else.
/// `more` is what was given to [`Api::new`].
pub fn run_part(
	mut arguments: impl Iterator<Item = OsString>,
	more: impl FnOnce(&mut Handlers),
) -> Option<ExitCode> {
	match arguments.next()?.to_str()? {
		"--guard" => Some(run_guard(arguments)),
		"--worker" => Some(run_worker(arguments, more)),
		_ => None,
	}
}

fn run_worker(mut arguments: impl Iterator<Item = OsString>, more: impl FnOnce(&mut Handlers)) -> ExitCode {
	let data = match (arguments.next(), arguments.next()) {
		(Some(flag), Some(folder)) if flag == "--data" => PathBuf::from(folder),
		_ => return ExitCode::from(2),
	};
	if limit_this_process(WORKER_MEMORY).is_err() {
		eprintln!("This system sets no limit to the memory of a process; reading goes on without one.");
	}
	let Ok(own) = OwnBinary::current() else { return ExitCode::FAILURE };
	serve(&Api::new(Context::worker(data, own), more), Some(WORKER_IDLE));
	ExitCode::SUCCESS
}
