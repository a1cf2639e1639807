//! Commands that a person has named for a folder. Only a host that can ask outside the page has them.

use stemma_jobs::{Cancel, Ending, OwnBinary, Process, run_process};
use stemma_paths::Root;
use stemma_proto::command::{Command, Nothing};
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::jobs::LogSource;
use stemma_proto::process::{NamedCommand, NamedCommands, StartedCommand};
use stemma_proto::table;

use crate::Handlers;

/// A confirmation shows all of it, so all of it has to fit.
const MAX_WORDS: usize = 64;
const MAX_CHARS: usize = 1_000;
const MAX_NAME: usize = 60;
/// More than this is no answer to anybody, and something that runs wild.
const OUTPUT_CAP: u64 = 256 << 20;

pub fn enter(handlers: &mut Handlers) {
	handlers.one::<table::ProcessList>(|call, request| {
		Ok(NamedCommands { commands: call.roots().commands(&request.root.0)? })
	});
	handlers.one::<table::ProcessName>(|call, request| {
		check(&request.command)?;
		call.roots().name_command(&request.root.0, request.command)?;
		Ok(Nothing {})
	});
	handlers.one::<table::ProcessForget>(|call, request| {
		call.roots().forget_command(&request.root.0, &request.name)?;
		Ok(Nothing {})
	});
	handlers.one::<table::ProcessRun>(|call, request| {
		if !call.roots().may_run(&request.root.0, &request.command)? {
			return Err(HostError::new(ErrorCode::Denied, "This was not confirmed, so nothing was done."));
		}
		let root = call.root(&request.root.0)?;
		// Of no window: it goes on while a page loads anew, and ends with the host.
		let kind = table::ProcessRun::INFO.name;
		let job = call.jobs().start(kind, &request.command.name, None, &Cancel::default());
		job.runs_in(&request.root);
		let started = StartedCommand { job: job.id().clone() };
		let own = call.api.context.own.clone();
		std::thread::spawn(move || {
			job.say(LogSource::Host, &format!("$ {}", shown(&request.command.argv)));
			let result = run(&own, &root, &request.command, job.cancel(), &mut |source, line| {
				job.say(source, line);
			});
			if let Err(error) = &result {
				job.say(LogSource::Host, &format!("[{}]", error.message));
			}
			job.end(&result);
		});
		Ok(started)
	});
}

fn run(
	own: &OwnBinary,
	root: &Root,
	command: &NamedCommand,
	cancel: &Cancel,
	line: &mut dyn FnMut(LogSource, &str),
) -> Result<(), HostError> {
	root.check()?;
	let process = Process {
		argv: &command.argv,
		folder: root.path(),
		env: &[],
		time_limit: None,
		output_cap: OUTPUT_CAP,
	};
	let failed = |words: String| HostError::new(ErrorCode::Internal, words);
	match run_process(own, &process, cancel, line)? {
		Ending::Exited(0) => Ok(()),
		Ending::Exited(code) => Err(failed(format!("It ended with code {code}."))),
		Ending::Cancelled => Err(HostError::new(ErrorCode::Cancelled, "Stopped.")),
		Ending::TimedOut => Err(failed("It took too long.".into())),
		Ending::TooMuchOutput => {
			Err(failed(format!("It was ended: it wrote more than {} MB.", OUTPUT_CAP >> 20)))
		}
	}
}

fn check(command: &NamedCommand) -> Result<(), HostError> {
	let invalid = |words: &str| Err(HostError::new(ErrorCode::Invalid, words));
	let NamedCommand { name, argv } = command;
	if name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
		return invalid("A command needs a name of one line and 60 characters at most.");
	}
	if argv.first().is_none_or(String::is_empty) {
		return invalid("The command is empty.");
	}
	if argv.iter().any(|word| word.contains('\0')) {
		return invalid("An argument holds a NUL character.");
	}
	if argv.len() > MAX_WORDS || shown(argv).chars().count() > MAX_CHARS {
		return invalid("The command is too long to be shown whole. Put it into a script of the project.");
	}
	Ok(())
}

/// So that nothing in it passes for something else: words that are not plain are quoted, and what cannot be
/// seen is escaped.
pub fn shown(argv: &[String]) -> String {
	let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
	let words = argv.iter().map(|word| {
		if !word.is_empty() && word.chars().all(is_plain) { word.clone() } else { format!("{word:?}") }
	});
	words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
	use super::*;

	fn command(name: &str, argv: &[&str]) -> NamedCommand {
		NamedCommand { name: name.into(), argv: argv.iter().map(|word| (*word).to_owned()).collect() }
	}

	#[test]
	fn a_command_is_shown_as_it_is() {
		let words = |words: &[&str]| shown(&command("", words).argv);
		assert_eq!(words(&["npm", "run", "test:unit", "--", "-t=a"]), "npm run test:unit -- -t=a");
		assert_eq!(words(&["sh", "-c", "rm  x; true", ""]), r#"sh -c "rm  x; true" """#);
		assert_eq!(words(&["a\u{202e}b", "c\nd", "e\"f", "100%"]), r#""a\u{202e}b" "c\nd" "e\"f" "100%""#);
	}

	#[test]
	fn what_is_no_command_is_refused() {
		assert!(check(&command("test", &["make"])).is_ok());
		for wrong in [
			command(" ", &["make"]),
			command("two\nlines", &["make"]),
			command(&"x".repeat(MAX_NAME + 1), &["make"]),
			command("test", &[]),
			command("test", &["", "make"]),
			command("test", &["make", "a\0b"]),
			command("test", &["make", &"x".repeat(MAX_CHARS)]),
			command("test", &["x"; MAX_WORDS + 1]),
		] {
			assert_eq!(check(&wrong).unwrap_err().code, ErrorCode::Invalid, "{wrong:?}");
		}
	}
}
