use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, Stdio};

use rustix::process::{Signal, kill_current_process_group};

/// The part of the program that stands before a command: runs it without input, and ends the whole process
/// group as soon as the host on the other end of standard input is gone, in whatever way that happened.
/// Ends with the command's code, or 128 and the number of its signal, or 127 when it did not start.
pub fn run_guard(mut argv: impl Iterator<Item = OsString>) -> ExitCode {
	let Some(program) = argv.next() else { return ExitCode::from(127) };
	std::thread::spawn(|| {
		let mut buffer = [0; 64];
		while matches!(std::io::stdin().read(&mut buffer), Ok(1..)) {}
		let _ = kill_current_process_group(Signal::KILL);
	});
	match Command::new(&program).args(argv).stdin(Stdio::null()).status() {
		Ok(status) => {
			let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
			ExitCode::from(u8::try_from(code).unwrap_or(1))
		}
		Err(error) => {
			eprintln!("{}: {error}", program.to_string_lossy());
			ExitCode::from(127)
		}
	}
}
