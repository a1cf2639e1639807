//! The one way Git itself is run: only where the library cannot, and never as the repository wishes.
//!
//! Most commands of Git that only read run programs a repository names. All of those are switched off here,
//! one by one, and Git gets no input, no environment, its own process group, and an end. Commands that look at
//! a working tree are not run at all: for each submodule Git starts a Git that is told nothing of this, and
//! runs the filters which the submodule's own configuration names.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::GitError;

/// Configuration by environment variables, which these flags need, came with 2.31.
const OLDEST: (u32, u32) = (2, 31);
/// They read refs and commits, and neither blobs nor files.
const LOOKS_AT_NO_FILE: &[&str] = &["for-each-ref", "rev-list", "rev-parse", "symbolic-ref"];
const GRACE: Duration = Duration::from_millis(800);
const MAX_STDERR: u64 = 64 << 10;

/// Switched off for every command, whatever a repository says.
const HARMLESS: &[(&str, &str)] = &[
	("core.fsmonitor", "false"),
	("core.hooksPath", "/dev/null"),
	("core.attributesFile", "/dev/null"),
	("core.sshCommand", "ssh"),
	("core.askPass", ""),
	("core.gitProxy", ""),
	("core.pager", "cat"),
	("core.editor", "false"),
	("credential.helper", ""),
	("diff.external", ""),
	("gc.auto", "0"),
	("gpg.program", "false"),
	("log.showSignature", "false"),
	("maintenance.auto", "false"),
	("protocol.allow", "never"),
	("safe.bareRepository", "explicit"),
	("sequence.editor", "false"),
	("submodule.recurse", "false"),
	("uploadpack.packObjectsHook", ""),
];

const ENVIRONMENT: &[(&str, &str)] = &[
	("GIT_ALLOW_PROTOCOL", ""),
	("GIT_ATTR_NOSYSTEM", "1"),
	("GIT_CONFIG_GLOBAL", "/dev/null"),
	("GIT_CONFIG_NOSYSTEM", "1"),
	("GIT_NO_LAZY_FETCH", "1"),
	("GIT_NO_REPLACE_OBJECTS", "1"),
	("GIT_OPTIONAL_LOCKS", "0"),
	("GIT_TERMINAL_PROMPT", "0"),
	("HOME", "/nonexistent"),
	("LC_ALL", "C.UTF-8"),
	("XDG_CONFIG_HOME", "/nonexistent"),
];

/// An installed Git.
#[derive(Clone, Debug)]
pub struct Git {
	path: PathBuf,
	version: (u32, u32),
}

/// One run.
pub struct GitRequest<'a> {
	pub git_dir: &'a Path,
	pub args: &'a [&'a OsStr],
	pub timeout: Duration,
	/// Git is stopped when it writes more.
	pub max_output: u64,
	pub cancel: &'a AtomicBool,
}

pub struct GitOutput {
	/// Exit code; absent when a signal ended it.
	pub code: Option<i32>,
	pub stdout: Vec<u8>,
	/// The first 64 kB.
	pub stderr: Vec<u8>,
}

impl Git {
	/// The newest Git in the absolute folders of `PATH`.
	pub fn locate() -> Result<Self, GitError> {
		let path = std::env::var_os("PATH").unwrap_or_default();
		let found = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
		let newest = found.filter_map(|folder| Self::at(folder.join("git"))).max_by_key(|git| git.version);
		match newest {
			Some(git) if git.version >= OLDEST => Ok(git),
			Some(git) => Err(GitError::Unsupported(format!(
				"Git {}.{} is too old; {}.{} or newer is needed.",
				git.version.0, git.version.1, OLDEST.0, OLDEST.1
			))),
			None => Err(GitError::Unsupported("This needs Git, which is not installed.".into())),
		}
	}

	/// The Git of one path; `None` when that is none.
	pub fn at(path: PathBuf) -> Option<Self> {
		let mut command = Command::new(&path);
		command.env_clear().arg("version").current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
		let output = command.output().ok()?;
		let text = String::from_utf8_lossy(&output.stdout).into_owned();
		let mut numbers = text.strip_prefix("git version ")?.split(['.', ' ', '\n']);
		let version = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
		Some(Self { path, version })
	}

	/// Major and minor.
	pub fn version(&self) -> (u32, u32) {
		self.version
	}

	/// Runs Git with everything switched off that a repository could make it run. `Unsupported` for a command
	/// of which that is not known.
	pub fn run(&self, request: &GitRequest<'_>) -> Result<GitOutput, GitError> {
		let name = request.args.first().map(|name| name.to_string_lossy()).unwrap_or_default();
		if !LOOKS_AT_NO_FILE.contains(&name.as_ref()) {
			return Err(GitError::Unsupported(format!("git {name} could run what a repository names.")));
		}
		// Listing the configuration runs nothing.
		let list = ["config", "--list", "--name-only", "--includes", "-z"].map(OsStr::new);
		let listing = GitRequest { args: &list, max_output: 4 << 20, ..*request };
		let names = self.run_with(&listing, &[])?.stdout;
		self.run_with(request, &blanked_drivers(&names))
	}

	fn run_with(
		&self,
		request: &GitRequest<'_>,
		blanked: &[(OsString, &'static str)],
	) -> Result<GitOutput, GitError> {
		let mut command = Command::new(&self.path);
		command.env_clear().envs(ENVIRONMENT.iter().copied());
		command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
		let fixed = HARMLESS.iter().map(|(key, value)| (OsString::from(key), *value));
		let mut count = 0_u32;
		for (key, value) in fixed.chain(blanked.iter().cloned()) {
			command.env(format!("GIT_CONFIG_KEY_{count}"), key);
			command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
			count += 1;
		}
		command.env("GIT_CONFIG_COUNT", count.to_string());
		command.args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"]);
		command.arg(prefixed("--git-dir=", request.git_dir));
		command.args(request.args).current_dir("/").process_group(0);
		command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
		let child = command
			.spawn()
			.map_err(|error| GitError::Unsupported(format!("Git could not be started: {}.", error.kind())))?;
		collect(child, request)
	}
}

/// Every filter and merge driver by its name, set to nothing. By environment variables, because a name may
/// hold the `=` that ends a key on the command line.
fn blanked_drivers(names: &[u8]) -> Vec<(OsString, &'static str)> {
	let mut blanked = Vec::new();
	for name in names.split(|byte| *byte == 0) {
		let Some(end) = name.iter().rposition(|byte| *byte == b'.') else { continue };
		let keys: &[(&str, &str)] = if name.starts_with(b"filter.") {
			&[("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")]
		} else if name.starts_with(b"merge.") {
			&[("driver", "false")]
		} else {
			continue;
		};
		for (key, value) in keys {
			let full = [&name[..=end], key.as_bytes()].concat();
			blanked.push((OsString::from_vec(full), *value));
		}
	}
	blanked.sort();
	blanked.dedup();
	blanked
}

fn prefixed(flag: &str, path: &Path) -> OsString {
	OsString::from_vec([flag.as_bytes(), path.as_os_str().as_bytes()].concat())
}

/// Ends the whole process group when dropped.
struct Group {
	child: Child,
	done: bool,
}

impl Group {
	fn signal(&self, signal: Signal) {
		if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
			// Gone already is what was wanted.
			let _ = kill_process_group(group, signal);
		}
	}

	fn stop(&mut self) {
		if self.done {
			return;
		}
		self.signal(Signal::TERM);
		let end = Instant::now() + GRACE;
		while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
			std::thread::sleep(Duration::from_millis(5));
		}
		self.signal(Signal::KILL);
		let _ = self.child.wait();
		self.done = true;
	}
}

impl Drop for Group {
	fn drop(&mut self) {
		self.stop();
	}
}

enum Part {
	Stdout(Vec<u8>),
	Stderr(Vec<u8>),
}

fn collect(mut child: Child, request: &GitRequest<'_>) -> Result<GitOutput, GitError> {
	let (sender, receiver) = channel();
	if let Some(stdout) = child.stdout.take() {
		read_in_thread(stdout, request.max_output.saturating_add(1), sender.clone(), Part::Stdout);
	}
	if let Some(stderr) = child.stderr.take() {
		read_in_thread(stderr, MAX_STDERR, sender, Part::Stderr);
	}
	let mut group = Group { child, done: false };
	let mut output = GitOutput { code: None, stdout: Vec::new(), stderr: Vec::new() };
	await_output(&receiver, request, &mut output)?;
	let deadline = Instant::now() + request.timeout;
	let status = loop {
		match group.child.try_wait() {
			Ok(Some(status)) => break status,
			Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
			_ => return Err(GitError::TimedOut(request.timeout.as_secs())),
		}
	};
	// What it left running in its group ends with it.
	group.signal(Signal::KILL);
	group.done = true;
	output.code = status.code();
	Ok(output)
}

fn read_in_thread(
	mut pipe: impl Read + Send + 'static,
	cap: u64,
	sender: Sender<Part>,
	part: fn(Vec<u8>) -> Part,
) {
	std::thread::spawn(move || {
		let mut bytes = Vec::new();
		// A pipe that breaks has said what it will say.
		let _ = pipe.by_ref().take(cap).read_to_end(&mut bytes);
		let full = bytes.len() as u64 == cap;
		let _ = sender.send(part(bytes));
		if full {
			// Keeps the writer from blocking until it is stopped or ends.
			let _ = std::io::copy(&mut pipe, &mut std::io::sink());
		}
	});
}

fn await_output(
	receiver: &Receiver<Part>,
	request: &GitRequest<'_>,
	output: &mut GitOutput,
) -> Result<(), GitError> {
	let deadline = Instant::now() + request.timeout;
	loop {
		if request.cancel.load(Ordering::Relaxed) {
			return Err(GitError::Cancelled);
		}
		if Instant::now() >= deadline {
			return Err(GitError::TimedOut(request.timeout.as_secs()));
		}
		match receiver.recv_timeout(Duration::from_millis(10)) {
			Ok(Part::Stdout(bytes)) => {
				let size = bytes.len() as u64;
				if size > request.max_output {
					let what = "The answer of Git".to_owned();
					return Err(GitError::TooLarge { what, size, cap: request.max_output });
				}
				output.stdout = bytes;
			}
			Ok(Part::Stderr(bytes)) => output.stderr = bytes,
			Err(RecvTimeoutError::Timeout) => {}
			Err(RecvTimeoutError::Disconnected) => return Ok(()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_driver_with_an_equals_sign_is_blanked_by_its_whole_name() {
		let names = b"core.bare\0filter.a=b.clean\0filter.a=b.smudge\0merge.x.y.driver\0user.name\0";
		let blanked = blanked_drivers(names);
		let keys: Vec<_> = blanked.iter().map(|(key, value)| format!("{}={value}", key.display())).collect();
		assert_eq!(
			keys,
			[
				"filter.a=b.clean=",
				"filter.a=b.process=",
				"filter.a=b.required=false",
				"filter.a=b.smudge=",
				"merge.x.y.driver=false"
			]
		);
	}

	fn scripted(script: &str, timeout: Duration, max_output: u64) -> (Result<GitOutput, GitError>, Duration) {
		use std::os::unix::fs::PermissionsExt;
		let folder = tempfile::tempdir().expect("a folder");
		let path = folder.path().join("git");
		std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
		std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("set");
		let git = Git { path, version: (2, 47) };
		let cancel = AtomicBool::new(false);
		let request = GitRequest {
			git_dir: Path::new("/nonexistent"),
			args: &[],
			timeout,
			max_output,
			cancel: &cancel,
		};
		let start = Instant::now();
		(git.run_with(&request, &[]), start.elapsed())
	}

	#[test]
	fn a_git_that_hangs_is_stopped_with_what_it_started() {
		let folder = tempfile::tempdir().expect("a folder");
		let alive = folder.path().join("alive");
		// Ignores TERM, and leaves a child that would write later.
		let script =
			format!("trap '' TERM; (sleep 3; touch {}) & while :; do sleep 0.1; done", alive.display());
		let (result, _) = scripted(&script, Duration::from_millis(300), 100);
		assert!(matches!(result, Err(GitError::TimedOut(_))));
		std::thread::sleep(Duration::from_millis(3200));
		assert!(!alive.exists(), "its child went on");
	}

	#[test]
	fn endless_output_is_cut_off() {
		let (result, _) = scripted("yes", Duration::from_secs(20), 1 << 20);
		assert!(matches!(result, Err(GitError::TooLarge { cap: 1_048_576, .. })));
	}

	#[test]
	fn output_errors_and_code_come_back() {
		let (result, _) = scripted("echo out; echo err >&2; exit 3", Duration::from_secs(20), 100);
		let output = result.expect("it ran");
		assert_eq!(
			(output.code, output.stdout.as_slice(), output.stderr.as_slice()),
			(Some(3), b"out\n".as_slice(), b"err\n".as_slice())
		);
	}
}
