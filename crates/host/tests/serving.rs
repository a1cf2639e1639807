//! The binary as the local server sees it: lines in, lines out.
#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

struct Host {
	child: Child,
	input: Option<ChildStdin>,
	output: BufReader<ChildStdout>,
}

impl Host {
	fn start(arguments: &[&str], data: &Path) -> Self {
		let mut child = Command::new(env!("CARGO_BIN_EXE_stemma-host"))
			.args(["--data", data.to_str().unwrap()])
			.args(arguments)
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			.spawn()
			.unwrap();
		let output = BufReader::new(child.stdout.take().unwrap());
		let mut host = Self { input: child.stdin.take(), output, child };
		assert_eq!(host.next()["type"], "ready");
		host
	}

	fn send(&mut self, line: &Value) {
		writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
	}

	fn next(&mut self) -> Value {
		let mut line = String::new();
		self.output.read_line(&mut line).unwrap();
		serde_json::from_str(&line).unwrap_or(Value::Null)
	}

	fn call(&mut self, command: &str, request: Value) -> Value {
		self.send(&json!({ "type": "call", "id": 9, "command": command, "request": request }));
		self.next()
	}

	fn ends(&mut self) -> bool {
		let start = Instant::now();
		while start.elapsed() < Duration::from_secs(20) {
			if self.child.try_wait().unwrap().is_some() {
				return true;
			}
			std::thread::sleep(Duration::from_millis(20));
		}
		false
	}
}

impl Drop for Host {
	fn drop(&mut self) {
		drop(self.input.take());
		let _ = self.child.kill();
		let _ = self.child.wait();
	}
}

#[test]
fn folders_named_at_the_start_are_linked_and_stay_so() {
	let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let mut host = Host::start(&["--root", folder.path().to_str().unwrap()], data.path());
	let roots = host.call("roots.list", json!({}))["value"]["roots"].clone();
	assert_eq!(roots[0]["state"], "linked");
	assert!(roots[0].get("path").is_none(), "the page knows an id");
	let mut later = Host::start(&[], data.path());
	assert_eq!(later.call("roots.list", Value::Null)["value"]["roots"], roots);
	let id = roots[0]["id"].clone();
	assert_eq!(later.call("roots.unlink", json!({ "root": id }))["type"], "answer");
	assert_eq!(host.call("roots.list", json!({}))["value"]["roots"], json!([]));
}

#[test]
fn a_repository_that_leads_out_is_read_after_the_user_agreed_at_the_start() {
	let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let git = |words: &[&str]| {
		let status = Command::new("git")
			.args(["-C", folder.path().to_str().unwrap(), "-c", "user.name=A", "-c", "user.email=a@b.c"])
			.args(words)
			.stdout(Stdio::null())
			.stderr(Stdio::null())
			.status();
		assert!(status.unwrap().success(), "{words:?}");
	};
	git(&["init", "--quiet", "inner"]);
	git(&["-C", "inner", "commit", "--quiet", "--allow-empty", "-m", "first"]);
	git(&["-C", "inner", "worktree", "add", "--quiet", "../outer"]);
	let outer = folder.path().join("outer");
	let root = outer.to_str().unwrap();
	for (arguments, answer) in
		[(vec!["--root", root], "failed"), (vec!["--root", root, "--outside"], "answer")]
	{
		let mut host = Host::start(&arguments, data.path());
		let id = host.call("roots.list", json!({}))["value"]["roots"][0]["id"].clone();
		let line = host.call("git.log", json!({ "root": id }));
		assert_eq!(line["type"], answer, "{line}");
		assert_eq!(line["error"]["code"] == "outside_root", answer == "failed");
	}
}

#[test]
fn a_root_that_is_no_folder_stops_the_start_with_a_sentence() {
	let data = tempfile::tempdir().unwrap();
	let output = Command::new(env!("CARGO_BIN_EXE_stemma-host"))
		.args(["--data", data.path().to_str().unwrap(), "--root", "/nowhere/at/all"])
		.stdin(Stdio::null())
		.output()
		.unwrap();
	assert!(!output.status.success());
	assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/at/all"));
	assert!(output.stdout.is_empty(), "nothing but lines of the protocol goes there");
}

#[test]
fn a_stream_goes_on_beside_other_calls_until_it_is_cancelled() {
	let data = tempfile::tempdir().unwrap();
	let mut host = Host::start(&[], data.path());
	host.send(&json!({ "type": "call", "id": 1, "command": "jobs.watch" }));
	assert_eq!(host.next(), json!({ "type": "item", "id": 1, "seq": 1, "value": { "jobs": [] } }));
	host.send(&json!({ "type": "ack", "id": 1, "seq": 1 }));
	assert_eq!(host.call("jobs.list", json!({}))["type"], "answer");
	host.send(&json!({ "type": "cancel", "id": 1 }));
	assert_eq!(host.next(), json!({ "type": "end", "id": 1 }));
	host.send(&json!({ "type": "cancel", "id": 1 }));
	assert_eq!(host.call("jobs.list", json!({}))["type"], "answer", "a cancel that comes late harms nobody");
}

#[test]
fn errors_have_a_code_and_leave_the_host_as_it_was() {
	let data = tempfile::tempdir().unwrap();
	let mut host = Host::start(&[], data.path());
	for (command, request, code) in [
		("no.such", json!({}), "denied"),
		("roots.link", json!({}), "denied"),
		("roots.unlink", json!({ "path": "/" }), "invalid"),
		("roots.unlink", json!({ "root": "x" }), "not_found"),
		("jobs.log", json!({ "job": "job-1" }), "not_found"),
	] {
		let answer = host.call(command, request);
		assert_eq!((answer["type"].clone(), answer["error"]["code"].clone()), (json!("failed"), json!(code)));
	}
}

#[test]
fn it_ends_with_the_server_that_started_it() {
	let data = tempfile::tempdir().unwrap();
	let mut host = Host::start(&[], data.path());
	host.send(&json!({ "type": "call", "id": 1, "command": "jobs.watch" }));
	host.next();
	drop(host.input.take());
	assert!(host.ends(), "even while a stream is open");
}

#[test]
fn it_ends_when_nobody_asks_for_long() {
	let data = tempfile::tempdir().unwrap();
	let mut host = Host::start(&["--idle", "1"], data.path());
	assert!(host.ends());
}

#[test]
fn a_line_that_is_none_ends_it() {
	let data = tempfile::tempdir().unwrap();
	let mut host = Host::start(&[], data.path());
	host.send(&json!({ "type": "unheard" }));
	assert!(host.ends());
	let mut rest = String::new();
	host.output.read_to_string(&mut rest).unwrap();
	assert_eq!(rest, "", "it says nothing on the way out");
}
