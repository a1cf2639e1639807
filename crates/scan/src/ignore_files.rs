//! Ignore files are opened by a library that follows links and waits for pipes: look first.

use std::fs;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use stemma_paths::{RelPath, Root};

const MAX_BYTES: u64 = 1 << 20;
pub(crate) const NAMES: [&str; 2] = [".gitignore", ".ignore"];

/// Whether the ignore files of a folder may be opened.
pub(crate) fn are_harmless(folder: &Path) -> bool {
	NAMES.iter().all(|name| match fs::symlink_metadata(folder.join(name)) {
		Ok(metadata) => metadata.is_file() && metadata.len() <= MAX_BYTES || metadata.is_dir(),
		Err(_) => true,
	})
}

/// `.git/info/exclude`, when it is a file of that very folder.
pub(crate) fn exclude_file(root: &Root) -> Option<std::path::PathBuf> {
	let is_plain = |path: &Path, wanted: fn(&fs::Metadata) -> bool| {
		fs::symlink_metadata(path).is_ok_and(|metadata| wanted(&metadata))
	};
	let git = root.path().join(".git");
	let info = git.join("info");
	let exclude = info.join("exclude");
	let is_there = is_plain(&git, fs::Metadata::is_dir)
		&& is_plain(&info, fs::Metadata::is_dir)
		&& is_plain(&exclude, |metadata| metadata.is_file() && metadata.len() <= MAX_BYTES);
	is_there.then_some(exclude)
}

/// What the ignore files at the top leave out.
pub(crate) fn at_the_top(root: &Root) -> Gitignore {
	let mut builder = GitignoreBuilder::new(root.path());
	let top = NAMES.iter().filter_map(|name| {
		let path = RelPath::parse(name).ok()?;
		root.read_file(&path, MAX_BYTES).ok()
	});
	let excluded = exclude_file(root).and_then(|path| fs::read(path).ok());
	for text in excluded.into_iter().chain(top) {
		for line in String::from_utf8_lossy(&text).lines() {
			// A line nobody can read leaves nothing out.
			let _ = builder.add_line(None, line);
		}
	}
	builder.build().unwrap_or_else(|_| Gitignore::empty())
}
