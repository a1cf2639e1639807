//! Changes of a folder as they are told.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

use std::fs;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use stemma_paths::Root;
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::files::WatchBatch;
use stemma_scan::{Context, WatchOptions, watch_with};

const LONG: Duration = Duration::from_secs(30);

struct Watched {
	path: PathBuf,
	batches: Receiver<WatchBatch>,
}

impl Watched {
	/// What is told until `done` holds of all of it together.
	fn until(&self, done: impl Fn(&WatchBatch) -> bool) -> WatchBatch {
		let mut all = WatchBatch::default();
		let start = Instant::now();
		while start.elapsed() < LONG {
			let Ok(batch) = self.batches.recv_timeout(Duration::from_millis(100)) else { continue };
			all.paths.extend(batch.paths);
			all.everything |= batch.everything;
			all.repository |= batch.repository;
			all.polling |= batch.polling;
			if done(&all) {
				return all;
			}
		}
		panic!("only {all:?} was told");
	}

	fn write(&self, path: &str, text: &str) {
		fs::write(self.path.join(path), text).unwrap();
	}
}

fn names(batch: &WatchBatch, path: &str) -> bool {
	batch.paths.iter().any(|told| told == path)
}

/// Watches a folder made by `script` while `work` changes it. How the watch ended.
fn watched(script: &str, options: WatchOptions, work: impl FnOnce(&Watched)) -> Result<(), HostError> {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("work");
	fs::create_dir(&path).unwrap();
	run(&path, script);
	let root = Root::link("root", &path).unwrap();
	let cancel = AtomicBool::new(false);
	// A reader that takes one batch at a time.
	let (sender, batches) = sync_channel(0);
	std::thread::scope(|scope| {
		let watcher = scope.spawn(|| {
			watch_with(Context { root: &root, cancel: &cancel }, options, &mut |batch| match sender
				.send(batch)
			{
				Ok(()) => ControlFlow::Continue(()),
				Err(_) => ControlFlow::Break(()),
			})
		});
		let watched = Watched { path, batches };
		let first = watched.batches.recv_timeout(LONG).expect("it says when it has begun");
		assert_eq!((first.paths.len(), first.everything), (0, false));
		// A test that fails must not wait for a watch nobody ends.
		let result = catch_unwind(AssertUnwindSafe(|| work(&watched)));
		cancel.store(true, Ordering::Relaxed);
		drop(watched);
		let ended = watcher.join().unwrap();
		result.map_or_else(|panic| resume_unwind(panic), |()| ended)
	})
}

fn run(folder: &Path, script: &str) {
	let output = Command::new("bash").args(["-ec", script]).current_dir(folder).output().unwrap();
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn changes_are_told_together_and_ignored_ones_are_not() {
	let script = "git init -q; mkdir src target; echo /target > .gitignore; echo 1 > src/a";
	let ended = watched(script, WatchOptions::default(), |watched| {
		watched.write("target/noise", "x");
		watched.write("src/a", "2");
		watched.write("src/b", "1");
		let told = watched.until(|told| names(told, "src/a") && names(told, "src/b"));
		assert!(!told.paths.iter().any(|path| path.starts_with("target")), "{told:?}");
		assert!(!told.polling && !told.repository);
		fs::create_dir_all(watched.path.join("new/deep")).unwrap();
		watched.until(|told| names(told, "new"));
		// The folder is watched from when its coming was told.
		watched.write("new/deep/file", "x");
		watched.until(|told| names(told, "new/deep/file") || names(told, "new/deep"));
		fs::remove_file(watched.path.join("src/b")).unwrap();
		watched.until(|told| names(told, "src/b"));
		watched.write(".gitignore", "/src\n");
		watched.until(|told| names(told, ".gitignore"));
		watched.write("target/now", "x");
		let told = watched.until(|told| names(told, "target/now"));
		assert!(!told.paths.iter().any(|path| path.starts_with("src")));
	});
	assert_eq!(ended.expect_err("cancelled").code, ErrorCode::Cancelled);
}

#[test]
fn of_git_itself_only_what_shows_is_told() {
	let script = "git init -q; echo 1 > a";
	let ended = watched(script, WatchOptions::default(), |watched| {
		run(&watched.path, "git add a; git -c user.name=a -c user.email=a@b commit -q -m x");
		let told = watched.until(|told| told.repository);
		assert!(told.paths.iter().all(|path| !path.starts_with(".git/")), "{told:?}");
	});
	assert!(ended.is_err());
}

#[test]
fn a_flood_is_told_as_everything() {
	let ended = watched("mkdir d", WatchOptions::default(), |watched| {
		watched.write("d/first", "x");
		// Nobody takes the batch that tells of it, and so the rest gathers.
		std::thread::sleep(Duration::from_secs(1));
		for number in 0..3_000 {
			watched.write(&format!("d/{number}"), "x");
		}
		std::thread::sleep(Duration::from_secs(1));
		let told = watched.until(|told| told.everything);
		assert!(told.paths.len() < 2_000, "{}", told.paths.len());
	});
	assert!(ended.is_err());
}

#[test]
fn where_nothing_can_be_watched_it_is_looked() {
	let options = WatchOptions { poll_interval: Duration::from_millis(100), always_poll: true };
	let ended = watched("mkdir d; echo 1 > d/f", options, |watched| {
		std::thread::sleep(Duration::from_millis(300));
		watched.write("d/g", "x");
		assert!(watched.until(|told| names(told, "d/g")).polling);
	});
	assert!(ended.is_err());
}

#[test]
fn a_watch_ends_with_its_folder() {
	let ended = watched("mkdir d", WatchOptions::default(), |watched| {
		fs::rename(&watched.path, watched.path.with_extension("away")).unwrap();
		std::thread::sleep(Duration::from_millis(400));
	});
	assert_eq!(ended.expect_err("gone").code, ErrorCode::RootLost);
}
