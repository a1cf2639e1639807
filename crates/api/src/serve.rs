use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use stemma_jobs::{Cancel, Frame, Window};
use stemma_proto::command::Answer;
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::wire::{FromHost, PROTOCOL, ToHost};

use crate::Api;

/// A longer line is no request.
const MAX_LINE: u64 = 16 * 1024 * 1024;
/// Calls under way at the same time; each has a thread.
const MAX_CALLS: usize = 256;
const TICK: Duration = Duration::from_millis(500);
/// How long calls may take to notice that everything ends.
const FAREWELL: Duration = Duration::from_secs(2);

struct Active {
	cancel: Cancel,
	window: Arc<Window>,
}

struct Server {
	api: Arc<Api>,
	active: Mutex<HashMap<u64, Active>>,
	output: Mutex<std::io::Stdout>,
}

/// Answers calls on standard input and output until the other side is gone, or until nothing was asked and
/// nothing ran for `idle`. Whatever still runs then is stopped.
pub fn serve(api: &Arc<Api>, idle: Option<Duration>) {
	let server = Arc::new(Server {
		api: Arc::clone(api),
		active: Mutex::default(),
		output: Mutex::new(std::io::stdout()),
	});
	let version = env!("CARGO_PKG_VERSION").to_owned();
	server.write(&FromHost::Ready { protocol: PROTOCOL, version }, &[]);
	let lines = read_lines();
	let mut quiet_since = Instant::now();
	loop {
		match lines.recv_timeout(TICK) {
			Ok(line) => {
				quiet_since = Instant::now();
				server.take(line);
			}
			Err(RecvTimeoutError::Disconnected) => break,
			Err(RecvTimeoutError::Timeout) => {
				if !server.active().is_empty() || api.context.jobs.is_busy() {
					quiet_since = Instant::now();
				} else if idle.is_some_and(|idle| quiet_since.elapsed() >= idle) {
					break;
				}
			}
		}
	}
	for call in server.active().values() {
		call.cancel.cancel();
	}
	api.context.jobs.cancel_all();
	let end = Instant::now() + FAREWELL;
	while !server.active().is_empty() && Instant::now() < end {
		std::thread::sleep(Duration::from_millis(10));
	}
}

impl Server {
	fn take(self: &Arc<Self>, line: ToHost) {
		match line {
			ToHost::Call { id, command, request, owner } => self.start(id, command, request, owner),
			ToHost::Ack { id, seq } => {
				let window = self.active().get(&id).map(|call| Arc::clone(&call.window));
				if let Some(window) = window {
					window.ack(seq);
				}
			}
			ToHost::Cancel { id } => {
				let cancel = self.active().get(&id).map(|call| call.cancel.clone());
				if let Some(cancel) = cancel {
					cancel.cancel();
				}
			}
		}
	}

	fn start(self: &Arc<Self>, id: u64, command: String, request: serde_json::Value, owner: Option<String>) {
		let cancel = Cancel::default();
		let window = Arc::new(Window::new(&cancel));
		{
			let mut active = self.active();
			if active.len() >= MAX_CALLS || active.contains_key(&id) {
				drop(active);
				let error = HostError::new(ErrorCode::Conflict, "The host is busy. Try again in a moment.");
				return self.write(&FromHost::Failed { id, error }, &[]);
			}
			active.insert(id, Active { cancel: cancel.clone(), window: Arc::clone(&window) });
		}
		let server = Arc::clone(self);
		std::thread::spawn(move || {
			let is_stream = server.api.find(&command).is_some_and(|info| info.answer == Answer::Stream);
			let mut whole = None;
			let result =
				server.api.call(&command, request, owner.as_deref(), &cancel, &mut |frame| match frame {
					Frame::Value(value) if is_stream => server.pass_on(id, &window, value),
					frame => {
						whole = Some(frame);
						ControlFlow::Continue(())
					}
				});
			// Before the last line: whoever reads that may use the number again.
			server.active().remove(&id);
			match (result, whole) {
				(Err(error), _) => server.write(&FromHost::Failed { id, error }, &[]),
				(Ok(()), Some(Frame::Value(value))) => server.write(&FromHost::Answer { id, value }, &[]),
				(Ok(()), Some(Frame::Bytes(bytes))) => {
					server.write(&FromHost::Bytes { id, length: bytes.len() as u64 }, &bytes);
				}
				(Ok(()), None) => server.write(&FromHost::End { id }, &[]),
			}
		});
	}

	fn pass_on(&self, id: u64, window: &Window, value: Box<RawValue>) -> ControlFlow<()> {
		let Ok(seq) = window.reserve(value.get().len()) else { return ControlFlow::Break(()) };
		self.write(&FromHost::Item { id, seq, value }, &[]);
		ControlFlow::Continue(())
	}

	/// A line and what follows it, in one piece. When nobody reads any more, standard input ends too.
	fn write(&self, line: &FromHost, bytes: &[u8]) {
		let Ok(mut text) = serde_json::to_vec(line) else { return };
		text.push(b'\n');
		let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
		let _ = output.write_all(&text).and_then(|()| output.write_all(bytes)).and_then(|()| output.flush());
	}

	fn active(&self) -> MutexGuard<'_, HashMap<u64, Active>> {
		self.active.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Ends with the input, and with a line that is none: what follows cannot be trusted either.
fn read_lines() -> Receiver<ToHost> {
	let (sender, lines) = sync_channel(16);
	std::thread::spawn(move || {
		let mut input = BufReader::new(std::io::stdin());
		let mut text = Vec::new();
		loop {
			text.clear();
			if !matches!(input.by_ref().take(MAX_LINE).read_until(b'\n', &mut text), Ok(1..)) {
				return;
			}
			let Ok(line) = serde_json::from_slice(&text) else {
				eprintln!("The host was sent a line it does not understand, and ends.");
				return;
			};
			if sender.send(line).is_err() {
				return;
			}
		}
	});
	lines
}
