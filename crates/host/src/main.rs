//! The host for the local server: answers on standard input and output.
//!
//! `stemma-host --data FOLDER [--root FOLDER]… [--outside] [--idle SECONDS]`
//!
//! `--outside` agrees that the repositories in these folders lead out of them, as a linked worktree does.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use stemma_api::{Api, Context, NoConsent, now, run_part, serve};
use stemma_jobs::OwnBinary;
use stemma_proto::host::Linking;

struct Options {
	data: PathBuf,
	roots: Vec<PathBuf>,
	may_reach_out: bool,
	idle: Option<Duration>,
}

const USAGE: &str = "stemma-host --data FOLDER [--root FOLDER]… [--outside] [--idle SECONDS]";

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Options, String> {
	let (mut data, mut roots, mut may_reach_out, mut idle) = (None, Vec::new(), false, None);
	while let Some(flag) = arguments.next() {
		if flag == "--outside" {
			may_reach_out = true;
			continue;
		}
		let value = arguments.next().ok_or_else(|| format!("{} needs a value.", flag.to_string_lossy()))?;
		match flag.to_str() {
			Some("--data") => data = Some(PathBuf::from(value)),
			Some("--root") => roots.push(PathBuf::from(value)),
			Some("--idle") => {
				let seconds = value.to_str().and_then(|text| text.parse().ok());
				idle = Some(Duration::from_secs(seconds.ok_or("--idle needs a number of seconds.")?));
			}
			_ => return Err(format!("Not understood: {}. Usage: {USAGE}", flag.to_string_lossy())),
		}
	}
	let data = data.ok_or_else(|| format!("--data is missing. Usage: {USAGE}"))?;
	Ok(Options { data, roots, may_reach_out, idle })
}

fn run() -> Result<(), String> {
	let options = parse(std::env::args_os().skip(1))?;
	let own = OwnBinary::current().map_err(|error| format!("This program does not find itself: {error}."))?;
	let context = Context::host(options.data, own, Linking::StartFlag, Box::new(NoConsent));
	for path in &options.roots {
		let linked = context.roots.link(path, now());
		linked
			.and_then(|root| context.roots.let_reach_out(&root.id.0, options.may_reach_out))
			.map_err(|error| format!("--root {}: {error}", path.display()))?;
	}
	serve(&Api::new(context, |_| {}), options.idle);
	Ok(())
}

fn main() -> ExitCode {
	if let Some(code) = run_part(std::env::args_os().skip(1), |_| {}) {
		return code;
	}
	match run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(message) => {
			eprintln!("{message}");
			ExitCode::from(2)
		}
	}
}
