//! The index against HEAD.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::index::State;
use gix::index::entry::{Flags, Mode, Stage};
use gix::index::extension::Tree as CachedTree;
use gix::objs::{Kind, TreeRefIter};

use crate::GitError;
use crate::changes::{Change, Side};
use crate::renames::find_renames;
use crate::repository::Repository;

/// Files of HEAD that are compared one by one.
const MAX_NAMES: usize = 1_000_000;
const MAX_DEPTH: usize = 256;

/// Changes by path, renames found; conflicted files are left out.
pub(crate) fn staged(
	repository: &Repository<'_>,
	index: &State,
	conflicts: &BTreeSet<BString>,
) -> Result<Vec<Change>, GitError> {
	let mut head = Head { repository, index, files: Vec::new(), same: Vec::new(), names: 0 };
	if let Some(commit) = repository.head_commit()? {
		let tree = repository.tree_of(&commit)?;
		head.collect(tree, index.tree(), &mut BString::default(), 0)?;
	}
	head.files.sort_by(|a, b| a.path.cmp(&b.path));
	let mut changes = compare(&head, index);
	changes.retain(|change| !conflicts.contains(change.path()));
	find_renames(repository, &mut changes)?;
	changes.sort_by(|a, b| a.path().cmp(b.path()));
	Ok(changes)
}

/// Files of HEAD, but for folders that the index knows to be the same.
struct Head<'a> {
	repository: &'a Repository<'a>,
	index: &'a State,
	files: Vec<Side>,
	/// Places in the index that need no comparison.
	same: Vec<Range<usize>>,
	names: usize,
}

impl Head<'_> {
	fn collect(
		&mut self,
		tree: ObjectId,
		cached: Option<&CachedTree>,
		path: &mut BString,
		depth: usize,
	) -> Result<(), GitError> {
		if depth > MAX_DEPTH {
			return Err(GitError::Unsupported("Folders of this commit are too deep for a status.".into()));
		}
		self.repository.context.check_cancelled()?;
		if cached.is_some_and(|cached| cached.id == tree && cached.num_entries.is_some())
			|| self.is_sparse(path, tree)
		{
			let range = if path.is_empty() {
				Some(0..self.index.entries().len())
			} else {
				let prefix = [path.as_slice(), b"/"].concat();
				self.index.prefixed_entries_range(prefix.as_bstr())
			};
			self.same.extend(range);
			return Ok(());
		}
		let mut data = Vec::new();
		self.repository.read_unchecked(&tree, Kind::Tree, &mut data)?;
		for entry in TreeRefIter::from_bytes(&data, tree.kind()) {
			let entry = entry?;
			self.names += 1;
			if self.names > MAX_NAMES {
				return Err(GitError::Unsupported("This commit has too many files for a status.".into()));
			}
			let length = path.len();
			if length > 0 {
				path.push(b'/');
			}
			path.extend_from_slice(entry.filename);
			if entry.mode.is_tree() {
				let below = cached.and_then(|cached| {
					cached.children.iter().find(|child| child.name.as_slice() == entry.filename.as_bytes())
				});
				self.collect(entry.oid.to_owned(), below, path, depth + 1)?;
			} else {
				self.files.push(Side {
					path: path.clone(),
					mode: entry.mode,
					id: Some(entry.oid.to_owned()),
				});
			}
			path.truncate(length);
		}
		Ok(())
	}

	/// A folder that a sparse index has as one entry.
	fn is_sparse(&self, path: &BString, tree: ObjectId) -> bool {
		if !self.index.is_sparse() || path.is_empty() {
			return false;
		}
		let name = [path.as_slice(), b"/"].concat();
		let entry = self.index.entry_by_path(name.as_bstr());
		entry.is_some_and(|entry| entry.mode == Mode::DIR && entry.id == tree)
	}
}

fn compare(head: &Head<'_>, index: &State) -> Vec<Change> {
	let mut same = head.same.clone();
	same.sort_by_key(|range| range.start);
	let mut same = same.into_iter().peekable();
	let mut places = Vec::new();
	let mut place = 0;
	while place < index.entries().len() {
		if let Some(range) = same.next_if(|range| range.start <= place) {
			place = place.max(range.end);
			continue;
		}
		let entry = index.entry(place);
		if entry.stage() == Stage::Unconflicted
			&& !entry.flags.contains(Flags::INTENT_TO_ADD)
			&& entry.mode != Mode::DIR
		{
			places.push(place);
		}
		place += 1;
	}
	let (mut old, mut new) = (head.files.iter().peekable(), places.into_iter().peekable());
	let mut changes = Vec::new();
	loop {
		let order = match (old.peek(), new.peek()) {
			(Some(old), Some(new)) => old.path.as_bstr().cmp(index.entry(*new).path(index)),
			(Some(_), None) => Ordering::Less,
			(None, Some(_)) => Ordering::Greater,
			(None, None) => return changes,
		};
		let before = if order == Ordering::Greater { None } else { old.next().cloned() };
		let after = if order == Ordering::Less { None } else { new.next() }.and_then(|place| {
			let entry = index.entry(place);
			let mode = entry.mode.to_tree_entry_mode()?;
			Some(Side { path: entry.path(index).to_owned(), mode, id: Some(entry.id) })
		});
		let is_same = match (&before, &after) {
			(Some(before), Some(after)) => before.id == after.id && before.mode.kind() == after.mode.kind(),
			(None, None) => true,
			_ => false,
		};
		if !is_same {
			changes.push(Change { old: before, new: after, similarity: None });
		}
	}
}
