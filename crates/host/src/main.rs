//! The host for the local server: answers on standard input and output.
//!
//! `stemma-host --data FOLDER [--root FOLDER]… [--idle SECONDS]`

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
	idle: Option<Duration>,
}

const USAGE: &str = "stemma-host --data FOLDER [--root FOLDER]… [--idle SECONDS]";

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Options, String> {
	let (mut data, mut roots, mut idle) = (None, Vec::new(), None);
	while let Some(flag) = arguments.next() {
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
	Ok(Options { data, roots, idle })
}

fn run() -> Result<(), String> {
	let options = parse(std::env::args_os().skip(1))?;
	let own = OwnBinary::current().map_err(|error| format!("This program does not find itself: {error}."))?;
	let context = Context::host(options.data, own, Linking::StartFlag, Box::new(NoConsent));
	for root in &options.roots {
		context.roots.link(root, now()).map_err(|error| format!("--root {}: {error}", root.display()))?;
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
