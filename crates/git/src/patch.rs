//! Reading unified diffs, and what a file is after one.

use gix::bstr::{BStr, ByteSlice};

use crate::GitError;

const MAX_FILES: usize = 1_000;
const MAX_HUNKS: usize = 20_000;

/// What a patch does to one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FilePatch {
	/// `None` for a new file.
	pub old: Option<Vec<u8>>,
	/// `None` for a removed file.
	pub new: Option<Vec<u8>>,
	pub executable: Option<bool>,
	pub hunks: Vec<PatchHunk>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PatchHunk {
	old_lines: usize,
	new_start: usize,
	new_lines: usize,
	/// Whole lines with their line feeds.
	before: Vec<Vec<u8>>,
	after: Vec<Vec<u8>>,
	/// Unchanged lines at the end.
	trailing: usize,
	starts_the_file: bool,
}

/// All files of a patch. Text around it is passed over, as `git apply` does.
pub(crate) fn parse(patch: &[u8]) -> Result<Vec<FilePatch>, GitError> {
	let mut reader = Reader { lines: patch.lines_with_terminator().collect(), at: 0, hunks: 0 };
	let mut files = Vec::new();
	while let Some(line) = reader.peek() {
		if line.starts_with(b"diff --git ") {
			files.push(reader.git_file()?);
		} else if line.starts_with(b"--- ") && reader.peek_at(1).is_some_and(|next| next.starts_with(b"+++ "))
		{
			let mut file = FilePatch::default();
			reader.names_and_hunks(&mut file)?;
			files.push(file);
		} else if line.starts_with(b"@@ -") {
			return Err(invalid(reader.at, "a hunk without a file"));
		} else {
			reader.at += 1;
		}
		if files.len() > MAX_FILES {
			return Err(invalid(reader.at, "too many files"));
		}
	}
	if files.is_empty() {
		return Err(GitError::Invalid("This is no unified diff: it names no file.".into()));
	}
	Ok(files)
}

impl FilePatch {
	/// The content after this patch; `None` when a hunk does not fit, with its number from 1.
	pub fn applied(&self, content: &[u8]) -> Result<Vec<u8>, usize> {
		let mut lines: Vec<&[u8]> = content.lines_with_terminator().collect();
		for (number, hunk) in self.hunks.iter().enumerate() {
			let place = hunk.place_in(&lines).ok_or(number + 1)?;
			let after = hunk.after.iter().map(Vec::as_slice);
			lines.splice(place..place + hunk.before.len(), after);
		}
		Ok(lines.concat())
	}
}

impl PatchHunk {
	/// Where the lines before are exactly as the hunk has them, the nearest to where it says.
	fn place_in(&self, lines: &[&[u8]]) -> Option<usize> {
		let last = lines.len().checked_sub(self.before.len())?;
		let fits = |place: usize| self.before.iter().zip(&lines[place..]).all(|(a, b)| a == b);
		// A hunk with no line before or after the change says that there is none.
		if self.starts_the_file {
			return (fits(0) && (self.trailing > 0 || last == 0)).then_some(0);
		}
		if self.trailing == 0 {
			return fits(last).then_some(last);
		}
		let wanted = self.new_start.saturating_sub(1).min(last);
		let distances = 0..=wanted.max(last - wanted);
		distances
			.flat_map(|distance| [wanted.checked_sub(distance), wanted.checked_add(distance)])
			.flatten()
			.find(|place| *place <= last && fits(*place))
	}
}

struct Reader<'p> {
	lines: Vec<&'p [u8]>,
	at: usize,
	hunks: usize,
}

impl<'p> Reader<'p> {
	fn peek(&self) -> Option<&'p [u8]> {
		self.peek_at(0)
	}

	fn peek_at(&self, offset: usize) -> Option<&'p [u8]> {
		self.lines.get(self.at + offset).copied()
	}

	fn git_file(&mut self) -> Result<FilePatch, GitError> {
		let start = self.at;
		let mut file = FilePatch::default();
		let (mut created, mut removed, mut renamed) = (false, false, false);
		let header = self.peek().unwrap_or_default();
		self.at += 1;
		while let Some(line) = self.peek() {
			let line = line.trim_end_with(|c| c == '\n' || c == '\r');
			let mode = |prefix: &str| line.strip_prefix(prefix.as_bytes()).map(|mode| mode.to_vec());
			if let Some(mode) = mode("new file mode ") {
				created = true;
				file.executable = Some(self.is_executable(&mode)?);
			} else if let Some(mode) = mode("new mode ") {
				file.executable = Some(self.is_executable(&mode)?);
			} else if let Some(mode) = mode("deleted file mode ") {
				removed = true;
				self.is_executable(&mode)?;
			} else if let Some(path) = line.strip_prefix(b"rename from ") {
				renamed = true;
				file.old = Some(unquoted(path));
			} else if let Some(path) = line.strip_prefix(b"rename to ") {
				file.new = Some(unquoted(path));
			} else if line.starts_with(b"copy from ") || line.starts_with(b"copy to ") {
				return Err(invalid(self.at, "copies are not applied"));
			} else if line.starts_with(b"GIT binary patch") || line.starts_with(b"Binary files ") {
				return Err(invalid(self.at, "binary files are not applied"));
			} else if line.starts_with(b"old mode ")
				|| line.starts_with(b"index ")
				|| line.starts_with(b"similarity index ")
				|| line.starts_with(b"dissimilarity index ")
			{
			} else {
				break;
			}
			self.at += 1;
		}
		if self.peek().is_some_and(|line| line.starts_with(b"--- ")) {
			self.names_and_hunks(&mut file)?;
		}
		if !renamed && file.old.is_none() && file.new.is_none() {
			// An empty file, or only a mode: the name is in the header alone.
			let name = name_of_header(header).ok_or_else(|| invalid(start, "no name of a file"))?;
			(file.old, file.new) = (Some(name.clone()), Some(name));
		}
		if created {
			file.old = None;
		}
		if removed {
			file.new = None;
		}
		Ok(file)
	}

	fn is_executable(&self, mode: &[u8]) -> Result<bool, GitError> {
		match mode {
			b"100644" => Ok(false),
			b"100755" => Ok(true),
			_ => Err(invalid(self.at, "links and submodules are not applied")),
		}
	}

	fn names_and_hunks(&mut self, file: &mut FilePatch) -> Result<(), GitError> {
		let names = (self.peek(), self.peek_at(1));
		let (Some(old), Some(new)) = names else { return Err(invalid(self.at, "no name of a file")) };
		let name = |line: &[u8], mark: &[u8], side: &[u8]| {
			let path = unquoted(line.strip_prefix(mark)?.trim_end_with(|c| c == '\n' || c == '\r'));
			// Other tools write a time behind a tab.
			let path = path.split_once_str("\t").map_or(path.as_slice(), |(path, _)| path).to_vec();
			if path == b"/dev/null" {
				return Some(None);
			}
			Some(Some(path.strip_prefix(side)?.to_vec()))
		};
		let old = name(old, b"--- ", b"a/").ok_or_else(|| invalid(self.at, "a path without “a/”"))?;
		let new = name(new, b"+++ ", b"b/").ok_or_else(|| invalid(self.at + 1, "a path without “b/”"))?;
		if old.is_none() && new.is_none() {
			return Err(invalid(self.at, "no name of a file"));
		}
		(file.old, file.new) = (old, new);
		self.at += 2;
		while self.peek().is_some_and(|line| line.starts_with(b"@@ -")) {
			self.hunks += 1;
			if self.hunks > MAX_HUNKS {
				return Err(invalid(self.at, "too many hunks"));
			}
			let hunk = self.hunk()?;
			file.hunks.push(hunk);
		}
		if file.hunks.is_empty() {
			return Err(invalid(self.at, "a file without a change"));
		}
		Ok(())
	}

	fn hunk(&mut self) -> Result<PatchHunk, GitError> {
		let start = self.at;
		let header = self.peek().and_then(parse_header).ok_or_else(|| invalid(start, "a damaged hunk"))?;
		let mut hunk = PatchHunk {
			old_lines: header.old_lines,
			new_start: header.new_start,
			new_lines: header.new_lines,
			starts_the_file: header.old_start <= 1,
			..PatchHunk::default()
		};
		self.at += 1;
		while hunk.before.len() < hunk.old_lines || hunk.after.len() < hunk.new_lines {
			let line = self.peek().ok_or_else(|| invalid(start, "a hunk that is cut off"))?;
			let without_end = self.peek_at(1).is_some_and(|next| next.starts_with(b"\\"));
			let mut text = line.get(1..).unwrap_or_default().to_vec();
			if !text.ends_with(b"\n") {
				text.push(b'\n');
			}
			if without_end {
				text.pop();
			}
			match line.first() {
				// Editors take the space from an empty line.
				Some(b' ' | b'\n') => {
					hunk.before.push(if line == b"\n" { b"\n".to_vec() } else { text.clone() });
					hunk.after.push(if line == b"\n" { b"\n".to_vec() } else { text });
					hunk.trailing += 1;
				}
				Some(b'-') => {
					hunk.before.push(text);
					hunk.trailing = 0;
				}
				Some(b'+') => {
					hunk.after.push(text);
					hunk.trailing = 0;
				}
				_ => return Err(invalid(self.at, "a line that is no part of a hunk")),
			}
			self.at += if without_end { 2 } else { 1 };
		}
		if hunk.before.len() != hunk.old_lines || hunk.after.len() != hunk.new_lines {
			return Err(invalid(start, "a hunk with other lines than it says"));
		}
		Ok(hunk)
	}
}

struct Header {
	old_start: usize,
	old_lines: usize,
	new_start: usize,
	new_lines: usize,
}

fn parse_header(line: &[u8]) -> Option<Header> {
	let text = std::str::from_utf8(line.strip_prefix(b"@@ -")?.split_once_str(" @@")?.0).ok()?;
	let (old, new) = text.split_once(" +")?;
	let range = |text: &str| -> Option<(usize, usize)> {
		let (start, lines) = text.split_once(',').unwrap_or((text, "1"));
		Some((start.parse().ok()?, lines.parse().ok()?))
	};
	let ((old_start, old_lines), (new_start, new_lines)) = (range(old)?, range(new)?);
	Some(Header { old_start, old_lines, new_start, new_lines })
}

/// `diff --git a/name b/name`, where both are the same.
fn name_of_header(line: &[u8]) -> Option<Vec<u8>> {
	let names = line.strip_prefix(b"diff --git ")?.trim_end_with(|c| c == '\n' || c == '\r');
	if names.starts_with(b"\"") {
		let (first, _) = gix::quote::ansi_c::undo(names.as_bstr()).ok()?;
		return Some(first.strip_prefix(b"a/")?.to_vec());
	}
	let half = names.len().checked_sub(1)? / 2;
	let (old, new) = (names.get(..half)?, names.get(half + 1..)?);
	let (old, new) = (old.strip_prefix(b"a/")?, new.strip_prefix(b"b/")?);
	(old == new).then(|| old.to_vec())
}

fn unquoted(path: &[u8]) -> Vec<u8> {
	let path: &BStr = path.as_bstr();
	gix::quote::ansi_c::undo(path).map_or_else(|_| path.to_vec(), |(path, _)| path.to_vec())
}

fn invalid(line: usize, what: &str) -> GitError {
	GitError::Invalid(format!("The patch cannot be read: {what}, in line {}.", line + 1))
}
