//! Children that are killed when they are not wanted: the real binary as a worker.
#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stemma_api::Roots;
use stemma_jobs::{Cancel, Frame, OwnBinary, WorkerCall, WorkerPool};
use stemma_proto::error::{ErrorCode, HostError};

const LONG: Duration = Duration::from_secs(60);

fn pool(data: &Path, size: usize) -> WorkerPool {
	let arguments = vec!["--data".into(), data.as_os_str().to_owned()];
	WorkerPool::new(OwnBinary::at(env!("CARGO_BIN_EXE_stemma-host")), arguments, size)
}

fn asked<'a>(command: &'a str, request: &'a Value, silence: Duration) -> WorkerCall<'a> {
	WorkerCall { command, request, silence, may_repeat: true }
}

fn one(pool: &WorkerPool, command: &str, request: Value) -> Result<Value, HostError> {
	let mut answer = Value::Null;
	pool.call(&asked(command, &request, LONG), &Cancel::default(), &mut |frame| {
		if let Frame::Value(value) = frame {
			answer = serde_json::from_str(value.get()).unwrap();
		}
		ControlFlow::Continue(())
	})?;
	Ok(answer)
}

/// Process ids of the workers of this test.
fn workers(data: &Path) -> Vec<String> {
	let is_ours = |pid: &String| {
		let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
		let line = String::from_utf8_lossy(&line).into_owned();
		line.contains("--worker") && line.contains(data.to_str().unwrap())
	};
	let entries = std::fs::read_dir("/proc").unwrap();
	entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok()).filter(is_ours).collect()
}

#[test]
fn a_worker_sees_what_the_host_keeps_and_is_used_again() {
	let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let pool = pool(data.path(), 2);
	assert_eq!(one(&pool, "roots.list", json!({})).unwrap(), json!({ "roots": [] }));
	let first = workers(data.path());
	let linked = Roots::in_folder(data.path().into()).link(folder.path(), 1).unwrap();
	assert_eq!(one(&pool, "roots.list", json!({})).unwrap()["roots"][0]["id"], json!(linked.id));
	assert_eq!(workers(data.path()), first, "calls one after the other need one worker");
	let error = one(&pool, "roots.unlink", json!({ "root": "other" })).unwrap_err();
	assert_eq!(error.code, ErrorCode::NotFound, "errors pass as they are");
	assert_eq!(workers(data.path()), first, "an error is no end");
	drop(pool);
	assert_eq!(workers(data.path()), Vec::<String>::new());
}

#[test]
fn a_call_that_is_not_wanted_any_more_ends_with_its_worker() {
	let data = tempfile::tempdir().unwrap();
	let pool = pool(data.path(), 1);
	let cancel = Cancel::default();
	let error = pool
		.call(&asked("jobs.watch", &json!({}), LONG), &cancel, &mut |_| {
			cancel.cancel();
			ControlFlow::Continue(())
		})
		.unwrap_err();
	assert_eq!(error.code, ErrorCode::Cancelled);
	assert_eq!(workers(data.path()), Vec::<String>::new());
	assert!(one(&pool, "roots.list", json!({})).is_ok(), "the next one gets a new worker");
}

#[test]
fn a_sink_that_wants_no_more_ends_the_call() {
	let data = tempfile::tempdir().unwrap();
	let pool = pool(data.path(), 1);
	let error = pool
		.call(&asked("jobs.watch", &json!({}), LONG), &Cancel::default(), &mut |_| ControlFlow::Break(()))
		.unwrap_err();
	assert_eq!(error.code, ErrorCode::Cancelled);
	assert_eq!(workers(data.path()), Vec::<String>::new());
}

#[test]
fn a_worker_that_says_nothing_for_too_long_is_killed() {
	let data = tempfile::tempdir().unwrap();
	let pool = pool(data.path(), 1);
	let mut parts = 0;
	let error = pool
		.call(&asked("jobs.watch", &json!({}), Duration::from_secs(2)), &Cancel::default(), &mut |_| {
			parts += 1;
			ControlFlow::Continue(())
		})
		.unwrap_err();
	assert_eq!((error.code, error.retryable, parts), (ErrorCode::TimedOut, true, 1));
	assert_eq!(workers(data.path()), Vec::<String>::new());
}

#[test]
fn an_idle_worker_that_went_away_is_replaced_unnoticed() {
	let data = tempfile::tempdir().unwrap();
	let pool = pool(data.path(), 1);
	one(&pool, "roots.list", json!({})).unwrap();
	for pid in workers(data.path()) {
		assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
	}
	assert!(one(&pool, "roots.list", json!({})).is_ok());
}

#[test]
fn more_calls_than_workers_wait_their_turn_and_may_give_up() {
	let data = tempfile::tempdir().unwrap();
	let pool = pool(data.path(), 1);
	let (long, waiting) = (Cancel::default(), Cancel::default());
	std::thread::scope(|scope| {
		let (started, has_started) = std::sync::mpsc::channel();
		let (pool, long, waiting) = (&pool, &long, &waiting);
		scope.spawn(move || {
			let _ = pool.call(&asked("jobs.watch", &json!({}), LONG), long, &mut |_| {
				started.send(()).unwrap();
				ControlFlow::Continue(())
			});
		});
		has_started.recv().unwrap();
		let start = Instant::now();
		let second = scope.spawn(move || {
			pool.call(&asked("roots.list", &json!({}), LONG), waiting, &mut |_| panic!("not its turn"))
		});
		std::thread::sleep(Duration::from_millis(100));
		waiting.cancel();
		assert_eq!(second.join().unwrap().unwrap_err().code, ErrorCode::Cancelled);
		assert!(start.elapsed() < LONG);
		long.cancel();
	});
	assert!(one(&pool, "roots.list", json!({})).is_ok());
}

#[test]
fn a_worker_has_a_memory_limit() {
	let data = tempfile::tempdir().unwrap();
	let pool = pool(data.path(), 1);
	one(&pool, "roots.list", json!({})).unwrap();
	let pids = workers(data.path());
	let limits = std::fs::read_to_string(format!("/proc/{}/limits", pids[0])).unwrap();
	for name in ["Max data size", "Max address space", "Max core file size"] {
		let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
		assert!(!line.contains("unlimited"), "{line}");
	}
}
