//! Writes what is derived from the table of commands. `generate` writes, `generate --check` only compares.

mod tauri;
mod typescript;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A file of the repository, by its path from the root.
struct Generated {
	path: &'static str,
	text: String,
}

fn files() -> Result<Vec<Generated>, String> {
	let mut files = vec![typescript::client()?];
	files.extend(tauri::files());
	Ok(files)
}

fn root() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn stale(files: &[Generated]) -> Vec<&'static str> {
	let differs =
		|file: &&Generated| std::fs::read_to_string(root().join(file.path)).ok() != Some(file.text.clone());
	files.iter().filter(differs).map(|file| file.path).collect()
}

fn run() -> Result<(), String> {
	let files = files()?;
	if std::env::args().any(|argument| argument == "--check") {
		let stale = stale(&files);
		if stale.is_empty() {
			return Ok(());
		}
		return Err(format!(
			"Run `cargo run -p stemma-proto --bin generate`, these do not fit the table: {}",
			stale.join(", ")
		));
	}
	for file in &files {
		let path = root().join(file.path);
		let folder = path.parent().unwrap_or(Path::new("."));
		std::fs::create_dir_all(folder)
			.and_then(|()| std::fs::write(&path, &file.text))
			.map_err(|error| format!("{} could not be written: {error}", file.path))?;
	}
	Ok(())
}

fn main() -> ExitCode {
	match run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(message) => {
			eprintln!("{message}");
			ExitCode::FAILURE
		}
	}
}

#[test]
fn generated_files_fit_the_table() {
	let files = files().unwrap();
	assert_eq!(stale(&files), Vec::<&str>::new(), "run `cargo run -p stemma-proto --bin generate`");
}
