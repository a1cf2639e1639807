//! Programs of the user, run by the real guard.
#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

use std::path::Path;
use std::time::{Duration, Instant};

use stemma_jobs::{Cancel, Ending, OwnBinary, Process, run_process};
use stemma_proto::error::ErrorCode;
use stemma_proto::jobs::LogSource;

const BINARY: &str = env!("CARGO_BIN_EXE_stemma-host");

fn shell(script: &str) -> Vec<String> {
	vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()]
}

fn process<'a>(argv: &'a [String], folder: &'a Path) -> Process<'a> {
	Process { argv, folder, env: &[], time_limit: Some(Duration::from_secs(60)), output_cap: 1 << 20 }
}

/// How it ended and what it said.
fn run(process: &Process<'_>, cancel: &Cancel) -> (Ending, Vec<(LogSource, String)>) {
	let mut lines = Vec::new();
	let ending = run_process(&OwnBinary::at(BINARY), process, cancel, &mut |source, line| {
		lines.push((source, line.to_owned()));
	});
	(ending.unwrap(), lines)
}

/// Whether a process is still there. A zombie is gone.
fn is_alive(pid: &str) -> bool {
	std::fs::read_to_string(format!("/proc/{pid}/stat"))
		.is_ok_and(|stat| !stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}

fn until(what: &str, condition: impl Fn() -> bool) {
	let start = Instant::now();
	while !condition() {
		assert!(start.elapsed() < Duration::from_secs(20), "{what} did not happen");
		std::thread::sleep(Duration::from_millis(20));
	}
}

#[test]
fn output_code_and_folder_are_the_programs_own() {
	let folder = tempfile::tempdir().unwrap();
	let argv = shell("pwd; echo oops >&2; printf unended; exit 7");
	let (ending, mut lines) = run(&process(&argv, folder.path()), &Cancel::default());
	assert_eq!(ending, Ending::Exited(7));
	lines.sort_by_key(|(source, _)| *source == LogSource::Err);
	let place = folder.path().canonicalize().unwrap().to_str().unwrap().to_owned();
	assert_eq!(
		lines,
		[
			(LogSource::Out, place),
			(LogSource::Out, "unended".to_owned()),
			(LogSource::Err, "oops".to_owned())
		]
	);
}

#[test]
fn arguments_reach_the_program_as_they_are() {
	let folder = tempfile::tempdir().unwrap();
	let mut argv = shell(r#"for word; do printf '[%s]\n' "$word"; done"#);
	argv.extend(["sh", "a b", "$HOME", "'; rm -rf x", ""].map(str::to_owned));
	let (_, lines) = run(&process(&argv, folder.path()), &Cancel::default());
	let words: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
	assert_eq!(words, ["[a b]", "[$HOME]", "['; rm -rf x]", "[]"]);
}

#[test]
fn nothing_of_our_surroundings_reaches_it_but_what_everybody_needs() {
	let folder = tempfile::tempdir().unwrap();
	let argv = vec!["env".to_owned()];
	let env = [("ASKED_FOR".to_owned(), "1".to_owned())];
	let (_, lines) = run(&Process { env: &env, ..process(&argv, folder.path()) }, &Cancel::default());
	let names: Vec<&str> = lines.iter().filter_map(|(_, line)| line.split('=').next()).collect();
	assert!(names.contains(&"PATH") && names.contains(&"ASKED_FOR"));
	assert!(!names.iter().any(|name| name.starts_with("CARGO") || name.starts_with("STEMMA")), "{names:?}");
}

#[test]
fn it_reads_nothing_and_does_not_wait_for_it() {
	let folder = tempfile::tempdir().unwrap();
	let argv = shell("cat; echo read");
	let (ending, lines) = run(&process(&argv, folder.path()), &Cancel::default());
	assert_eq!((ending, lines.len()), (Ending::Exited(0), 1));
}

#[test]
fn stopping_ends_children_of_children_too() {
	let folder = tempfile::tempdir().unwrap();
	let pids = folder.path().join("pids");
	let argv = shell(
		"trap '' TERM; sh -c 'sleep 300 & echo $! >>pids; wait' & echo $! >>pids; echo $$ >>pids; wait",
	);
	let cancel = Cancel::default();
	let written = || std::fs::read_to_string(&pids).unwrap_or_default().lines().count() == 3;
	let ending = std::thread::scope(|scope| {
		let running = scope.spawn(|| run(&process(&argv, folder.path()), &cancel).0);
		until("the start of all three", written);
		cancel.cancel();
		running.join().unwrap()
	});
	assert_eq!(ending, Ending::Cancelled);
	let pids = std::fs::read_to_string(&pids).unwrap();
	until("the end of all three", || !pids.lines().any(is_alive));
}

#[test]
fn what_a_program_leaves_in_the_background_ends_with_it() {
	let folder = tempfile::tempdir().unwrap();
	let argv = shell("sleep 300 & echo $!");
	let start = Instant::now();
	let (ending, lines) = run(&process(&argv, folder.path()), &Cancel::default());
	assert_eq!(ending, Ending::Exited(0));
	assert!(start.elapsed() < Duration::from_secs(30), "it is not waited for");
	until("the end of what was left", || !is_alive(&lines[0].1));
}

#[test]
fn a_program_ends_with_the_host_that_started_it_even_when_that_is_killed() {
	let folder = tempfile::tempdir().unwrap();
	// The guard as a host would start it; the host is this test, and dies by closing the pipe.
	let mut guard = std::process::Command::new(BINARY)
		.args(["--guard", "sh", "-c", "echo $$ >pid; sleep 300"])
		.current_dir(folder.path())
		.stdin(std::process::Stdio::piped())
		.spawn_in_group();
	let pid = || std::fs::read_to_string(folder.path().join("pid")).unwrap_or_default().trim().to_owned();
	until("the start", || !pid().is_empty());
	assert!(is_alive(&pid()));
	drop(guard.stdin.take());
	until("the end", || !is_alive(&pid()));
	guard.wait().unwrap();
}

#[test]
fn time_and_output_are_bounded() {
	let folder = tempfile::tempdir().unwrap();
	let sleeps = shell("sleep 300");
	let short = Process { time_limit: Some(Duration::from_millis(100)), ..process(&sleeps, folder.path()) };
	assert_eq!(run(&short, &Cancel::default()).0, Ending::TimedOut);
	let endless = vec!["yes".to_owned()];
	let (ending, lines) = run(&process(&endless, folder.path()), &Cancel::default());
	assert_eq!(ending, Ending::TooMuchOutput);
	assert!(lines.len() as u64 * 2 <= 1 << 20, "not more is handed on than the cap");
}

#[test]
fn a_program_that_is_not_there_is_said_to_be_missing() {
	let folder = tempfile::tempdir().unwrap();
	let argv = vec!["no-such-program-anywhere".to_owned()];
	let error = run_process(
		&OwnBinary::at(BINARY),
		&process(&argv, folder.path()),
		&Cancel::default(),
		&mut |_, _| {},
	)
	.unwrap_err();
	assert_eq!(error.code, ErrorCode::NotFound);
	let (ending, lines) = run(&process(&["./missing".to_owned()], folder.path()), &Cancel::default());
	assert_eq!(ending, Ending::Exited(127));
	assert!(lines[0].1.contains("missing"), "{lines:?}");
}

trait SpawnInGroup {
	fn spawn_in_group(&mut self) -> std::process::Child;
}

impl SpawnInGroup for std::process::Command {
	fn spawn_in_group(&mut self) -> std::process::Child {
		std::os::unix::process::CommandExt::process_group(self, 0).spawn().unwrap()
	}
}
