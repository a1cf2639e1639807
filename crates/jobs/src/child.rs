use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// The running program, to be started again in another part: as a worker, or as the guard of a command.
#[derive(Clone, Debug)]
pub struct OwnBinary(PathBuf);

impl OwnBinary {
	/// The program of this process, even if its file was replaced since.
	pub fn current() -> std::io::Result<Self> {
		if cfg!(target_os = "linux") {
			return Ok(Self(PathBuf::from("/proc/self/exe")));
		}
		std::env::current_exe().map(Self)
	}

	/// Another file that has the same parts, for tests.
	pub fn at(path: impl Into<PathBuf>) -> Self {
		Self(path.into())
	}

	/// In a process group of its own: what is typed at a terminal does not reach it, and it is ended as one.
	pub(crate) fn command(
		&self,
		part: &str,
		arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
	) -> Command {
		let mut command = Command::new(&self.0);
		command.arg(part).args(arguments).process_group(0);
		command
	}
}

/// The process group of a child. It is ended at most while its leader is not collected: afterwards the number
/// may belong to somebody else.
#[derive(Clone)]
pub(crate) struct Group(Arc<Mutex<Option<Pid>>>);

impl Group {
	pub(crate) fn of(child: &Child) -> Self {
		Self(Arc::new(Mutex::new(Some(Pid::from_child(child)))))
	}

	pub(crate) fn kill(&self) {
		if let Some(pid) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
			// Fails only when nobody is left in it.
			let _ = kill_process_group(pid, Signal::KILL);
		}
	}

	/// Whether the leader has ended; it stays uncollected.
	pub(crate) fn has_ended(&self) -> bool {
		let Some(pid) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) else { return true };
		let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
		!matches!(waitid(WaitId::Pid(pid), options), Ok(None))
	}

	/// Ends whoever is left of the group and collects the leader.
	pub(crate) fn collect(&self, child: &mut Child) -> std::io::Result<ExitStatus> {
		self.kill();
		let mut pid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		*pid = None;
		child.wait()
	}
}
