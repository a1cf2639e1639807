use tauri_build::{AppManifest, Attributes};

/// Only what is in the manifest is checked against capabilities: all of the table is.
const COMMANDS: &[&str] = include!("src/generated/names.rs");

fn main() {
	println!("cargo:rerun-if-changed=src/generated/names.rs");
	let attributes = Attributes::new().app_manifest(AppManifest::new().commands(COMMANDS));
	if let Err(error) = tauri_build::try_build(attributes) {
		println!("cargo:warning={error:#}");
		std::process::exit(1);
	}
}
