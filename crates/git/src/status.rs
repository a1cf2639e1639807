//! What is not committed.
//!
//! Written here rather than asked of a library, because the files are then looked at beneath the root only,
//! a folder that became a link is not walked into, and no pipe can stand in for a file.

use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::{Flags, Mode};
use gix::objs::Kind;
use gix::objs::tree::EntryMode;
use stemma_paths::bytes_to_text;
use stemma_proto::error::HostError;
use stemma_proto::git::{ChangeKind, RepositoryStatus, StatusEntry, StatusKind, StatusRequest, Untracked};

use crate::changes::{Change, Side};
use crate::look::{Looked, Seen, look};
use crate::repository::Repository;
use crate::staged::staged;
use crate::worktree::{Worktree, is_plain};
use crate::{Context, GitError};

/// Entries in one answer.
const MAX_ENTRIES: usize = 20_000;
/// A file whose size is the same is read up to this size to see whether it changed.
const MAX_COMPARED: u64 = 512 << 20;

/// The index against HEAD, the working tree against the index, and files that are new.
///
/// Submodules are told when they are gone or no folder any more; their own state is not looked at.
pub fn status(context: Context<'_>, request: &StatusRequest) -> Result<RepositoryStatus, HostError> {
	let repository = Repository::open(context)?;
	let mut survey = Survey::of(&repository, request.untracked.unwrap_or(Untracked::Folders))?;
	let mut entries: HashMap<BString, StatusEntry> = HashMap::new();
	for change in survey.staged()? {
		let kind = match change.kind() {
			ChangeKind::Added => StatusKind::Added,
			ChangeKind::Deleted => StatusKind::Deleted,
			ChangeKind::Renamed => StatusKind::Renamed,
			ChangeKind::Modified => StatusKind::Modified,
			ChangeKind::TypeChanged => StatusKind::TypeChanged,
		};
		let entry = entry_of(&mut entries, change.path().as_bstr());
		entry.index = Some(kind);
		entry.old_path = change.similarity.and(change.old.as_ref()).map(|old| bytes_to_text(&old.path));
	}
	for unstaged in survey.unstaged()? {
		entry_of(&mut entries, unstaged.index.path.as_bstr()).worktree = Some(unstaged.kind);
	}
	for path in &survey.looked.conflicts {
		let entry = entry_of(&mut entries, path.as_bstr());
		(entry.index, entry.worktree) = (Some(StatusKind::Conflicted), Some(StatusKind::Conflicted));
	}
	for path in &survey.looked.untracked {
		entry_of(&mut entries, path.as_bstr()).worktree = Some(StatusKind::Untracked);
	}
	let mut entries: Vec<_> = entries.into_iter().collect();
	entries.sort_by(|a, b| a.0.cmp(&b.0));
	let truncated = survey.looked.full || entries.len() > MAX_ENTRIES;
	entries.truncate(MAX_ENTRIES);
	Ok(RepositoryStatus { entries: entries.into_iter().map(|(_, entry)| entry).collect(), truncated })
}

fn entry_of<'e>(entries: &'e mut HashMap<BString, StatusEntry>, path: &BStr) -> &'e mut StatusEntry {
	entries.entry(path.to_owned()).or_insert_with(|| StatusEntry {
		path: bytes_to_text(path),
		old_path: None,
		index: None,
		worktree: None,
	})
}

/// A tracked file that differs in the working tree.
pub(crate) struct Unstaged {
	pub kind: StatusKind,
	/// The file as the index has it.
	pub index: Side,
	/// Its mode now; `None` when it is gone.
	pub mode: Option<EntryMode>,
}

/// Index and working tree, looked at once.
pub(crate) struct Survey<'r> {
	repository: &'r Repository<'r>,
	pub worktree: Worktree<'r>,
	pub looked: Looked,
}

impl<'r> Survey<'r> {
	pub fn of(repository: &'r Repository<'r>, untracked: Untracked) -> Result<Self, GitError> {
		let worktree = Worktree::of(repository)?;
		let looked = look(repository, &worktree.index, untracked)?;
		Ok(Self { repository, worktree, looked })
	}

	/// The index against HEAD, with renames, by path.
	pub fn staged(&self) -> Result<Vec<Change>, GitError> {
		staged(self.repository, &self.worktree.index, &self.looked.conflicts)
	}

	/// Tracked files that differ from the index, by path.
	pub fn unstaged(&mut self) -> Result<Vec<Unstaged>, GitError> {
		let mut unstaged = Vec::new();
		for (place, seen) in std::mem::take(&mut self.looked.seen) {
			let entry = self.worktree.index.entry(place);
			let (id, flags, was) = (entry.id, entry.flags, entry.mode);
			let path = entry.path(&self.worktree.index).to_owned();
			if !is_plain(path.as_bstr()) {
				continue;
			}
			let (kind, now) = match seen {
				Seen::Gone => (StatusKind::Deleted, None),
				Seen::TypeChanged(mode) => (StatusKind::TypeChanged, Some(mode)),
				// What `add --intent-to-add` promised.
				Seen::Changed(_) | Seen::Unsure if flags.contains(Flags::INTENT_TO_ADD) => {
					(StatusKind::Added, Some(was))
				}
				Seen::Changed(mode) => (StatusKind::Modified, Some(mode)),
				Seen::Unsure if self.content_differs(path.as_bstr(), was, id)? => {
					(StatusKind::Modified, Some(was))
				}
				Seen::Unsure => continue,
			};
			if let Some(mode) = was.to_tree_entry_mode() {
				unstaged.push(Unstaged {
					kind,
					index: Side { path, mode, id: Some(id) },
					mode: now.and_then(|mode| mode.to_tree_entry_mode()),
				});
			}
		}
		Ok(unstaged)
	}

	fn content_differs(&mut self, path: &BStr, mode: Mode, id: ObjectId) -> Result<bool, GitError> {
		self.repository.context.check_cancelled()?;
		match self.worktree.read(path, mode == Mode::SYMLINK, MAX_COMPARED) {
			Ok(data) => Ok(gix::objs::compute_hash(id.kind(), Kind::Blob, &data)? != id),
			Err(GitError::TooLarge { .. }) => Ok(true),
			Err(error) => Err(error),
		}
	}
}
