//! What differs between two trees.
//!
//! Written here because a library that collects first and asks later can be made to collect without end: a
//! tree may name itself a billion times over in a few kilobytes.

use std::cmp::Ordering;

use gix::ObjectId;
use gix::bstr::BString;
use gix::objs::tree::{EntryKind, EntryMode, EntryRef};
use gix::objs::{Kind, TreeRef, TreeRefIter};
use stemma_paths::bytes_to_text;
use stemma_proto::git::{ChangeKind, FileChange, FileSide};

use crate::GitError;
use crate::renames::find_renames;
use crate::repository::Repository;

/// Entries looked at in one comparison.
const MAX_ENTRIES: usize = 1_000_000;
/// Changes found in one comparison.
const MAX_CHANGES: usize = 100_000;
const MAX_DEPTH: usize = 512;

/// A file on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
	pub path: BString,
	pub mode: EntryMode,
	/// `None` for a file that is only in the working tree.
	pub id: Option<ObjectId>,
}

/// At least one side is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
	pub old: Option<Side>,
	pub new: Option<Side>,
	/// Percent, for a rename.
	pub similarity: Option<u8>,
}

impl Change {
	pub fn path(&self) -> &BString {
		static NONE: BString = BString::new(Vec::new());
		self.new.as_ref().or(self.old.as_ref()).map_or(&NONE, |side| &side.path)
	}

	pub fn kind(&self) -> ChangeKind {
		match (&self.old, &self.new) {
			(None, _) => ChangeKind::Added,
			(_, None) => ChangeKind::Deleted,
			_ if self.similarity.is_some() => ChangeKind::Renamed,
			(Some(old), Some(new)) if is_blob(old.mode) != is_blob(new.mode) => ChangeKind::TypeChanged,
			(Some(old), Some(new)) if old.mode.is_commit() != new.mode.is_commit() => ChangeKind::TypeChanged,
			_ => ChangeKind::Modified,
		}
	}

	pub fn described(&self) -> FileChange {
		let side = |side: &Side| FileSide {
			path: bytes_to_text(&side.path),
			mode: mode_text(side.mode),
			id: side.id.map(|id| id.to_string()),
		};
		FileChange {
			kind: self.kind(),
			old: self.old.as_ref().map(side),
			new: self.new.as_ref().map(side),
			similarity: self.similarity,
		}
	}
}

pub(crate) fn mode_text(mode: EntryMode) -> String {
	format!("{:06o}", mode.value())
}

/// A file that is no link.
pub(crate) fn is_blob(mode: EntryMode) -> bool {
	matches!(mode.kind(), EntryKind::Blob | EntryKind::BlobExecutable)
}

pub(crate) struct Compared {
	/// By path.
	pub changes: Vec<Change>,
	pub truncated: bool,
}

/// How trees are compared.
#[derive(Default)]
pub(crate) struct Comparison {
	pub no_renames: bool,
	/// Only these files and folders; everything when empty.
	pub paths: Vec<BString>,
}

impl Comparison {
	/// Whether a file lies in what is asked for.
	pub fn wants(&self, path: &[u8]) -> bool {
		self.paths.is_empty() || self.paths.iter().any(|wanted| is_at_or_below(path, wanted))
	}

	/// Whether something below a folder may be asked for.
	fn wants_folder(&self, folder: &[u8]) -> bool {
		self.wants(folder) || self.paths.iter().any(|wanted| is_at_or_below(wanted, folder))
	}

	pub fn trees(
		&self,
		repository: &Repository<'_>,
		old: Option<ObjectId>,
		new: Option<ObjectId>,
	) -> Result<Compared, GitError> {
		let mut search =
			Search { comparison: self, repository, changes: Vec::new(), entries: 0, full: false };
		search.compare(&mut BString::default(), old, new, 0)?;
		let (mut changes, truncated) = (search.changes, search.full);
		if !self.no_renames {
			find_renames(repository, &mut changes)?;
		}
		changes.sort_by(|a, b| a.path().cmp(b.path()));
		Ok(Compared { changes, truncated })
	}
}

impl Repository<'_> {
	/// An error for a tree that has more entries than any project.
	pub fn check_size_of_tree(&self, tree: ObjectId) -> Result<(), GitError> {
		let mut folders = vec![(tree, 0)];
		let (mut entries, mut data) = (0, Vec::new());
		while let Some((tree, depth)) = folders.pop() {
			self.context.check_cancelled()?;
			self.read_unchecked(&tree, Kind::Tree, &mut data)?;
			for entry in TreeRefIter::from_bytes(&data, tree.kind()) {
				let entry = entry?;
				entries += 1;
				if entries > MAX_ENTRIES || depth > MAX_DEPTH {
					return Err(GitError::Unsupported("This commit has too many files to be read.".into()));
				}
				if entry.mode.is_tree() {
					folders.push((entry.oid.to_owned(), depth + 1));
				}
			}
		}
		Ok(())
	}
}

fn is_at_or_below(path: &[u8], folder: &[u8]) -> bool {
	path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest[0] == b'/' || folder.is_empty())
}

struct Search<'a> {
	comparison: &'a Comparison,
	repository: &'a Repository<'a>,
	changes: Vec<Change>,
	entries: usize,
	full: bool,
}

impl Search<'_> {
	fn compare(
		&mut self,
		path: &mut BString,
		old: Option<ObjectId>,
		new: Option<ObjectId>,
		depth: usize,
	) -> Result<(), GitError> {
		if old == new || self.full {
			return Ok(());
		}
		if depth > MAX_DEPTH {
			self.full = true;
			return Ok(());
		}
		self.repository.context.check_cancelled()?;
		let (mut old_data, mut new_data) = (Vec::new(), Vec::new());
		let old = self.entries(old, &mut old_data)?;
		let new = self.entries(new, &mut new_data)?;
		let (mut i, mut j) = (0, 0);
		while (i < old.len() || j < new.len()) && !self.full {
			self.entries += 1;
			self.full = self.entries > MAX_ENTRIES || self.changes.len() > MAX_CHANGES;
			let order = match (old.get(i), new.get(j)) {
				(Some(a), Some(b)) => a.cmp(b),
				(Some(_), None) => Ordering::Less,
				_ => Ordering::Greater,
			};
			let a = (order != Ordering::Greater).then(|| old.get(i)).flatten();
			let b = (order != Ordering::Less).then(|| new.get(j)).flatten();
			i += usize::from(a.is_some());
			j += usize::from(b.is_some());
			self.entry(path, a, b, depth)?;
		}
		Ok(())
	}

	fn entries<'d>(
		&self,
		tree: Option<ObjectId>,
		data: &'d mut Vec<u8>,
	) -> Result<Vec<EntryRef<'d>>, GitError> {
		let Some(id) = tree else { return Ok(Vec::new()) };
		self.repository.read_unchecked(&id, Kind::Tree, data)?;
		Ok(TreeRef::from_bytes(data, id.kind())?.entries)
	}

	/// The two sides have one name and are both folders or both not, if both are there.
	fn entry(
		&mut self,
		path: &mut BString,
		old: Option<&EntryRef<'_>>,
		new: Option<&EntryRef<'_>>,
		depth: usize,
	) -> Result<(), GitError> {
		if let (Some(old), Some(new)) = (old, new)
			&& old.oid == new.oid
			&& old.mode.kind() == new.mode.kind()
		{
			return Ok(());
		}
		let Some(either) = old.or(new) else { return Ok(()) };
		let length = path.len();
		if length > 0 {
			path.push(b'/');
		}
		path.extend_from_slice(either.filename);
		let tree = |entry: Option<&EntryRef<'_>>| entry.map(|entry| entry.oid.to_owned());
		if either.mode.is_tree() {
			if self.comparison.wants_folder(path) {
				self.compare(path, tree(old), tree(new), depth + 1)?;
			}
		} else if self.comparison.wants(path) {
			let side = |entry: &EntryRef<'_>| Side {
				path: path.clone(),
				mode: entry.mode,
				id: Some(entry.oid.to_owned()),
			};
			self.changes.push(Change { old: old.map(side), new: new.map(side), similarity: None });
		}
		path.truncate(length);
		Ok(())
	}
}
