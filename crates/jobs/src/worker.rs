use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::wire::ToHost;

use crate::child::Group;
use crate::{Cancel, OwnBinary};

/// A worker answers one call at a time, so its calls need no names.
const ID: u64 = 1;
/// How often a caller that waits for a free worker looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(50);

/// A part of an answer. Only streams have more than one.
pub enum Frame {
	Value(Box<RawValue>),
	Bytes(Vec<u8>),
}

/// What a worker is asked.
#[derive(Clone, Copy)]
pub struct WorkerCall<'a> {
	pub command: &'a str,
	pub request: &'a Value,
	/// How long it may say nothing; time that the reader of the answer takes does not count.
	pub silence: Duration,
	/// Doing it twice does no harm: it is asked again when an idle worker turns out to be gone.
	pub may_repeat: bool,
}

/// A line of a worker. Flat, because raw values do not pass through tagged enums.
#[derive(Deserialize)]
struct Line {
	r#type: String,
	seq: Option<u64>,
	value: Option<Box<RawValue>>,
	error: Option<HostError>,
	length: Option<u64>,
}

struct Worker {
	child: Child,
	group: Group,
	input: ChildStdin,
	lines: Receiver<(Line, Vec<u8>)>,
	/// It has answered before: if it is gone now, that says nothing about the call.
	is_used: bool,
}

enum Outcome {
	/// Answered to the end; the worker is as good as before.
	Over(Result<(), HostError>),
	/// Broke off, and the worker with it.
	Broken(HostError),
	/// The worker is gone, and nothing of an answer was handed on.
	NeverAnswered,
}

/// Children that do what may go wrong: they have a memory limit, and are killed when nobody wants their answer
/// any more or they say nothing for too long. The next call then gets a new one.
pub struct WorkerPool {
	own: OwnBinary,
	arguments: Vec<OsString>,
	size: usize,
	/// Idle ones, and how many there are altogether.
	state: Mutex<(Vec<Worker>, usize)>,
	freed: Condvar,
}

impl WorkerPool {
	/// `arguments` follow `--worker`. At most `size` calls are worked on at once; others wait.
	pub fn new(own: OwnBinary, arguments: Vec<OsString>, size: usize) -> Self {
		Self { own, arguments, size, state: Mutex::default(), freed: Condvar::new() }
	}

	/// Has a worker carry out a command. When `part` breaks, the call is over and has failed as cancelled.
	pub fn call(
		&self,
		call: &WorkerCall<'_>,
		cancel: &Cancel,
		part: &mut dyn FnMut(Frame) -> ControlFlow<()>,
	) -> Result<(), HostError> {
		loop {
			let mut worker = self.take(cancel)?;
			let was_used = worker.is_used;
			let hook = cancel.on_cancel({
				let group = worker.group.clone();
				move || group.kill()
			});
			let outcome = worker.answer(call, part);
			drop(hook);
			match outcome {
				_ if cancel.is_cancelled() => {
					self.bury(worker);
					return Err(cancelled());
				}
				Outcome::Over(result) => {
					self.put_back(worker);
					return result;
				}
				Outcome::Broken(error) => {
					self.bury(worker);
					return Err(error);
				}
				Outcome::NeverAnswered => {
					self.bury(worker);
					// An idle worker ends after a while, perhaps in this very moment.
					if !(was_used && call.may_repeat) {
						return Err(lost());
					}
				}
			}
		}
	}

	fn take(&self, cancel: &Cancel) -> Result<Worker, HostError> {
		let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
		loop {
			if cancel.is_cancelled() {
				return Err(cancelled());
			}
			if let Some(worker) = state.0.pop() {
				if !worker.group.has_ended() {
					return Ok(worker);
				}
				drop(state);
				self.bury(worker);
				state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
				continue;
			}
			if state.1 < self.size {
				state.1 += 1;
				drop(state);
				return self.start().inspect_err(|_| self.free_place());
			}
			state = self.freed.wait_timeout(state, GLANCE).unwrap_or_else(PoisonError::into_inner).0;
		}
	}

	fn start(&self) -> Result<Worker, HostError> {
		let mut command = self.own.command("--worker", &self.arguments);
		command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
		let mut child = command.spawn().map_err(|_| lost())?;
		let group = Group::of(&child);
		let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
			return Err(lost());
		};
		let (sender, lines) = sync_channel(2);
		std::thread::spawn(move || read_lines(BufReader::new(output), &sender));
		Ok(Worker { child, group, input, lines, is_used: false })
	}

	fn put_back(&self, mut worker: Worker) {
		worker.is_used = true;
		self.state.lock().unwrap_or_else(PoisonError::into_inner).0.push(worker);
		self.freed.notify_one();
	}

	fn bury(&self, mut worker: Worker) {
		// Killed in any case; how it ended is of no interest.
		let _ = worker.group.collect(&mut worker.child);
		self.free_place();
	}

	fn free_place(&self) {
		self.state.lock().unwrap_or_else(PoisonError::into_inner).1 -= 1;
		self.freed.notify_one();
	}
}

impl Drop for WorkerPool {
	fn drop(&mut self) {
		let idle = std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).0);
		for worker in idle {
			self.bury(worker);
		}
	}
}

impl Worker {
	fn answer(&mut self, call: &WorkerCall<'_>, part: &mut dyn FnMut(Frame) -> ControlFlow<()>) -> Outcome {
		let (command, request) = (call.command.to_owned(), call.request.clone());
		if self.send(&ToHost::Call { id: ID, command, request, owner: None }).is_err() {
			return Outcome::NeverAnswered;
		}
		let mut has_answered = false;
		loop {
			let (line, bytes) = match self.lines.recv_timeout(call.silence) {
				Ok(received) => received,
				Err(RecvTimeoutError::Timeout) => return Outcome::Broken(timed_out()),
				Err(RecvTimeoutError::Disconnected) if has_answered => return Outcome::Broken(lost()),
				Err(RecvTimeoutError::Disconnected) => return Outcome::NeverAnswered,
			};
			let frame = match (line.r#type.as_str(), line.value, line.error) {
				("ready", ..) => continue,
				("end", ..) => return Outcome::Over(Ok(())),
				("failed", _, Some(error)) => return Outcome::Over(Err(error)),
				("answer" | "item", Some(value), _) => Frame::Value(value),
				("bytes", ..) => Frame::Bytes(bytes),
				_ => return Outcome::Broken(lost()),
			};
			has_answered = true;
			if part(frame).is_break() {
				return Outcome::Broken(cancelled());
			}
			let Some(seq) = line.seq else { return Outcome::Over(Ok(())) };
			if self.send(&ToHost::Ack { id: ID, seq }).is_err() {
				return Outcome::Broken(lost());
			}
		}
	}

	fn send(&mut self, line: &ToHost) -> std::io::Result<()> {
		let mut text = serde_json::to_vec(line)?;
		text.push(b'\n');
		self.input.write_all(&text)
	}
}

/// Until the worker ends, or says what nobody understands.
fn read_lines(mut output: impl BufRead, to: &SyncSender<(Line, Vec<u8>)>) {
	let mut text = String::new();
	loop {
		text.clear();
		if !matches!(output.read_line(&mut text), Ok(1..)) {
			return;
		}
		let Ok(line) = serde_json::from_str::<Line>(&text) else { return };
		let mut bytes = Vec::new();
		if let Some(length) = line.length {
			let whole = output.by_ref().take(length).read_to_end(&mut bytes);
			if whole.map(|size| size as u64).ok() != Some(length) {
				return;
			}
		}
		if to.send((line, bytes)).is_err() {
			return;
		}
	}
}

/// Bounds what this process may take, so that a repository made for it cannot take the machine. Memory is what
/// counts; mapped files only take addresses, of which a large repository needs many.
pub fn limit_this_process(memory: u64) -> std::io::Result<()> {
	let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
	setrlimit(Resource::Data, limit(memory))?;
	setrlimit(Resource::As, limit(memory.saturating_mul(16)))?;
	// A crash leaves no copy of what it read.
	setrlimit(Resource::Core, limit(0))?;
	Ok(())
}

fn cancelled() -> HostError {
	HostError::new(ErrorCode::Cancelled, "Stopped.")
}

fn timed_out() -> HostError {
	HostError::new(ErrorCode::TimedOut, "This took too long and was stopped.")
}

fn lost() -> HostError {
	HostError::new(
		ErrorCode::HostLost,
		"Reading broke off, perhaps because it needed more memory than it is given. What was read before is safe.",
	)
}
