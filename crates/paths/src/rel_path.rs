use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::{PathError, bytes_to_text, name_problem, text_to_bytes};

/// A path the page may name: relative to a root, `/` between names, every name harmless on every system.
/// The empty path is the root itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(Vec<u8>);

/// Longer than any path a file system takes.
const MAX_BYTES: usize = 4096;

impl RelPath {
	pub fn root() -> Self {
		Self(Vec::new())
	}

	/// `text` is as [`bytes_to_text`] writes it.
	pub fn parse(text: &str) -> Result<Self, PathError> {
		Self::from_bytes(&text_to_bytes(text))
	}

	pub fn from_bytes(bytes: &[u8]) -> Result<Self, PathError> {
		let refuse = |reason| Err(PathError::Name { path: bytes_to_text(bytes), reason });
		if bytes.len() > MAX_BYTES {
			return Err(PathError::Name { path: "…".into(), reason: "it is too long" });
		}
		if bytes.first() == Some(&b'/') {
			return refuse("it is absolute");
		}
		if bytes.is_empty() {
			return Ok(Self::root());
		}
		match bytes.split(|byte| *byte == b'/').find_map(name_problem) {
			Some(reason) => refuse(reason),
			None => Ok(Self(bytes.to_vec())),
		}
	}

	pub fn as_bytes(&self) -> &[u8] {
		&self.0
	}

	/// For system calls; “.” for the root.
	pub fn as_path(&self) -> &Path {
		Path::new(OsStr::from_bytes(if self.0.is_empty() { b"." } else { &self.0 }))
	}

	pub fn parent(&self) -> Self {
		Self(self.0.iter().rposition(|byte| *byte == b'/').map_or(Vec::new(), |end| self.0[..end].to_vec()))
	}

	/// The last name; empty for the root.
	pub fn name(&self) -> &[u8] {
		&self.0[self.0.iter().rposition(|byte| *byte == b'/').map_or(0, |end| end + 1)..]
	}

	pub fn is_root(&self) -> bool {
		self.0.is_empty()
	}
}

impl std::fmt::Display for RelPath {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str(&bytes_to_text(&self.0))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn paths_that_could_leave_or_name_git_are_refused() {
		for path in [
			"/etc/passwd",
			"..",
			"a/../b",
			"a/..",
			"./a",
			"a//b",
			"a/",
			"a\0",
			".git/config",
			"sub/.GIT/config",
			"GIT~1/config",
			"a\\..\\b",
			"c:evil",
			"sub/nul.txt",
		] {
			assert!(matches!(RelPath::parse(path), Err(PathError::Name { .. })), "{path:?} must be refused");
		}
		assert!(RelPath::parse(&"a/".repeat(3000)).is_err(), "a path has a longest length");
	}

	#[test]
	fn parents_and_names() {
		let path = RelPath::parse("a/b/c.txt").expect("an ordinary path");
		assert_eq!((path.parent().to_string(), path.name()), ("a/b".into(), b"c.txt".as_slice()));
		let top = RelPath::parse("c.txt").expect("an ordinary path");
		assert!(top.parent().is_root());
		assert_eq!(RelPath::root().as_path(), Path::new("."));
	}
}
