use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::jobs::LogSource;

use crate::child::Group;
use crate::{Cancel, OwnBinary};

/// How often a quiet program is looked at.
const GLANCE: Duration = Duration::from_millis(50);
/// How long output is awaited of a program that has ended: somebody outside its group may hold the pipe.
const REST: Duration = Duration::from_secs(1);
const CHUNK: usize = 16 * 1024;
/// A longer line is handed on in pieces.
const LINE: usize = 8 * 1024;

/// What a program may know of its surroundings. Keys, tokens and whatever steers Git or a loader stay here.
const ENVIRONMENT: &[&str] = &[
	"PATH",
	"HOME",
	"USER",
	"LOGNAME",
	"SHELL",
	"LANG",
	"LC_ALL",
	"LC_CTYPE",
	"TZ",
	"TMPDIR",
	"XDG_CACHE_HOME",
	"XDG_CONFIG_HOME",
	"XDG_DATA_HOME",
	"XDG_RUNTIME_DIR",
];

/// A program to run: exactly these arguments, no shell in between.
#[derive(Clone, Debug)]
pub struct Process<'a> {
	pub argv: &'a [String],
	pub folder: &'a Path,
	/// Added to the little that every program gets to know.
	pub env: &'a [(String, String)],
	pub time_limit: Option<Duration>,
	/// Bytes of output, both kinds together.
	pub output_cap: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
	/// With this code; 128 and more is a signal, as in shells.
	Exited(i32),
	Cancelled,
	TimedOut,
	TooMuchOutput,
}

/// Runs a program until it ends or has to, and hands on its output line by line. When this returns, nothing of
/// its process group is left; only what has left the group on purpose (a daemon) goes on.
pub fn run_process(
	own: &OwnBinary,
	process: &Process<'_>,
	cancel: &Cancel,
	line: &mut dyn FnMut(LogSource, &str),
) -> Result<Ending, HostError> {
	let program = find_program(process)?;
	let arguments = process.argv.iter().skip(1).map(Into::into);
	let known = ENVIRONMENT.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value)));
	let mut command = own.command("--guard", std::iter::once(program.into_os_string()).chain(arguments));
	command
		.current_dir(process.folder)
		.env_clear()
		.envs(known)
		.env("TERM", "dumb")
		.envs(process.env.iter().map(|(name, value)| (name, value)))
		.stdin(Stdio::piped())
		.stdout(Stdio::piped())
		.stderr(Stdio::piped());
	let mut child = command.spawn().map_err(|error| not_started(&error))?;
	let group = Group::of(&child);
	// The guard ends the group when this closes.
	let _leash = child.stdin.take();
	let hook = cancel.on_cancel({
		let group = group.clone();
		move || group.kill()
	});

	let (sender, chunks) = sync_channel(4);
	if let Some(out) = child.stdout.take() {
		read_chunks(out, LogSource::Out, sender.clone());
	}
	if let Some(err) = child.stderr.take() {
		read_chunks(err, LogSource::Err, sender);
	}
	let forced = hand_on(&chunks, process, &group, line);
	let status = group.collect(&mut child).map_err(|error| not_started(&error))?;
	drop(hook);
	Ok(match forced {
		_ if cancel.is_cancelled() => Ending::Cancelled,
		Some(ending) => ending,
		None => Ending::Exited(status.code().unwrap_or(128 + 9)),
	})
}

/// Until the program has ended and its output is read, or until it has to be ended.
fn hand_on(
	chunks: &Receiver<(LogSource, Vec<u8>)>,
	process: &Process<'_>,
	group: &Group,
	line: &mut dyn FnMut(LogSource, &str),
) -> Option<Ending> {
	let start = Instant::now();
	let mut ended_at: Option<Instant> = None;
	let mut seen = 0;
	let (mut out, mut err) = (Vec::new(), Vec::new());
	let forced = loop {
		match chunks.recv_timeout(GLANCE) {
			Ok((source, chunk)) => {
				seen += chunk.len() as u64;
				if seen > process.output_cap {
					break Some(Ending::TooMuchOutput);
				}
				let rest = if source == LogSource::Out { &mut out } else { &mut err };
				rest.extend_from_slice(&chunk);
				take_lines(rest, false, &mut |text| line(source, text));
			}
			Err(RecvTimeoutError::Disconnected) if ended_at.is_some() || group.has_ended() => break None,
			// A program may close its output and go on.
			Err(RecvTimeoutError::Disconnected) => std::thread::sleep(GLANCE),
			Err(RecvTimeoutError::Timeout) => {}
		}
		match ended_at {
			Some(at) if at.elapsed() > REST => break None,
			Some(_) => {}
			None if group.has_ended() => {
				ended_at = Some(Instant::now());
				// What it left in the background holds its output open.
				group.kill();
			}
			None if process.time_limit.is_some_and(|limit| start.elapsed() > limit) => {
				break Some(Ending::TimedOut);
			}
			None => {}
		}
	};
	take_lines(&mut out, true, &mut |text| line(LogSource::Out, text));
	take_lines(&mut err, true, &mut |text| line(LogSource::Err, text));
	forced
}

fn read_chunks(
	mut from: impl Read + Send + 'static,
	source: LogSource,
	to: SyncSender<(LogSource, Vec<u8>)>,
) {
	std::thread::spawn(move || {
		let mut buffer = vec![0; CHUNK];
		while let Ok(size @ 1..) = from.read(&mut buffer) {
			if to.send((source, buffer[..size].to_vec())).is_err() {
				return;
			}
		}
	});
}

/// Takes whole lines off the front; at the end, what is left as well.
fn take_lines(bytes: &mut Vec<u8>, at_end: bool, line: &mut dyn FnMut(&str)) {
	let mut start = 0;
	loop {
		let rest = &bytes[start..];
		let (text, next) = match rest.iter().take(LINE).position(|byte| *byte == b'\n') {
			Some(end) => (&rest[..end], start + end + 1),
			None if rest.len() >= LINE => (&rest[..LINE], start + LINE),
			None if at_end && !rest.is_empty() => (rest, bytes.len()),
			None => break,
		};
		line(String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text)).as_ref());
		start = next;
	}
	bytes.drain(..start);
}

/// As a shell would find it: a path when it has a slash, else a name on the PATH.
fn find_program(process: &Process<'_>) -> Result<PathBuf, HostError> {
	let invalid = |words: String| HostError::new(ErrorCode::Invalid, words);
	let name = process.argv.first().filter(|name| !name.is_empty());
	let name = name.ok_or_else(|| invalid("The command is empty.".to_owned()))?;
	if process.argv.iter().any(|argument| argument.contains('\0')) {
		return Err(invalid("An argument holds a NUL character.".to_owned()));
	}
	if name.contains('/') {
		return Ok(process.folder.join(name));
	}
	let paths = std::env::var_os("PATH").unwrap_or_default();
	std::env::split_paths(&paths)
		.filter(|folder| folder.is_absolute())
		.map(|folder| folder.join(name))
		.find(|path| path.is_file())
		.ok_or_else(|| {
			HostError::new(ErrorCode::NotFound, format!("There is no program “{name}” on the PATH."))
		})
}

fn not_started(error: &std::io::Error) -> HostError {
	HostError::new(ErrorCode::Internal, format!("The program could not be started: {}.", error.kind()))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn lines_of(pieces: &[&[u8]]) -> Vec<String> {
		let (mut bytes, mut lines) = (Vec::new(), Vec::new());
		for piece in pieces {
			bytes.extend_from_slice(piece);
			take_lines(&mut bytes, false, &mut |line| lines.push(line.to_owned()));
		}
		take_lines(&mut bytes, true, &mut |line| lines.push(line.to_owned()));
		lines
	}

	#[test]
	fn lines_are_the_same_however_output_is_cut() {
		let text = "one\r\ntwo ä\n\nlast".as_bytes();
		let whole = lines_of(&[text]);
		assert_eq!(whole, ["one", "two ä", "", "last"]);
		for size in [1, 3, 7] {
			let pieces: Vec<&[u8]> = text.chunks(size).collect();
			assert_eq!(lines_of(&pieces), whole, "in pieces of {size}");
		}
	}

	#[test]
	fn a_line_without_an_end_is_handed_on_in_pieces() {
		let lines = lines_of(&[&vec![b'x'; LINE * 2 + 5]]);
		assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LINE, LINE, 5]);
	}
}
