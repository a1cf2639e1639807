//! Changed lines between commits, index and working tree.

use std::collections::HashMap;

use gix::bstr::{BString, ByteSlice};
use gix::index::entry::Stage;
use gix::objs::Kind;
use gix::objs::tree::{EntryKind, EntryMode};
use stemma_paths::text_to_bytes;
use stemma_proto::error::HostError;
use stemma_proto::git::{Diff, DiffOf, DiffRequest, FileDiff, Untracked};

use crate::changes::{Change, Comparison, Side, is_blob};
use crate::commit::parse;
use crate::hunks::{Hunks, hunks_between, is_binary};
use crate::repository::Repository;
use crate::status::Survey;
use crate::worktree::Worktree;
use crate::{Context, GitError};

/// Files in one answer.
const MAX_FILES: usize = 3_000;
/// Bytes of lines in one answer.
const MAX_TEXT: usize = 2 << 20;
/// A larger file is told to have changed, without its lines.
const MAX_FILE: u64 = 4 << 20;
const DEFAULT_CONTEXT: u32 = 3;
const MAX_CONTEXT: u32 = 1_000;

/// The lines that differ. No driver, filter or textconv is run: files are compared as Git stores them.
pub fn diff(context: Context<'_>, request: &DiffRequest) -> Result<Diff, HostError> {
	let repository = Repository::open(context)?;
	let comparison = Comparison {
		no_renames: request.no_renames,
		paths: request.paths.iter().map(|path| text_to_bytes(path).into()).collect(),
	};
	let mut worktree = None;
	let mut truncated = false;
	let changes = match &request.of {
		DiffOf::Commit { commit, parent } => {
			let id = repository.commit_id(commit)?;
			let mut buffer = Vec::new();
			repository.read(&id, Kind::Commit, &mut buffer)?;
			let commit = parse(&buffer, id)?;
			let parent = repository.parent_of(&commit, *parent)?;
			let old = parent.map(|parent| repository.tree_of(&parent)).transpose()?;
			let compared = comparison.trees(&repository, old, Some(commit.tree()))?;
			truncated = compared.truncated;
			compared.changes
		}
		DiffOf::Commits { old, new } => {
			let old = repository.tree_of(&repository.commit_id(old)?)?;
			let new = repository.tree_of(&repository.commit_id(new)?)?;
			let compared = comparison.trees(&repository, Some(old), Some(new))?;
			truncated = compared.truncated;
			compared.changes
		}
		DiffOf::Staged => {
			let survey = Survey::of(&repository, Untracked::None)?;
			wanted(&comparison, survey.staged()?)
		}
		DiffOf::Unstaged => {
			let mut survey = Survey::of(&repository, Untracked::None)?;
			let changes = unstaged_changes(&mut survey)?;
			worktree = Some(survey.worktree);
			wanted(&comparison, changes)
		}
		DiffOf::Worktree => {
			let mut survey = Survey::of(&repository, Untracked::None)?;
			let staged = survey.staged()?;
			let changes = overlay(staged, unstaged_changes(&mut survey)?);
			worktree = Some(survey.worktree);
			wanted(&comparison, changes)
		}
	};
	let mut writer = Writer {
		repository: &repository,
		worktree,
		context: request.context.unwrap_or(DEFAULT_CONTEXT).min(MAX_CONTEXT),
		budget: MAX_TEXT,
	};
	let mut files = Vec::new();
	for change in &changes {
		context.check_cancelled()?;
		if files.len() == MAX_FILES {
			truncated = true;
			break;
		}
		let file = writer.file(change)?;
		truncated |= file.truncated;
		if !file.hunks.is_empty() || file.binary || file.truncated || !is_only_content(change) {
			files.push(file);
		}
	}
	Ok(Diff { files, truncated })
}

fn wanted(comparison: &Comparison, mut changes: Vec<Change>) -> Vec<Change> {
	changes.retain(|change| {
		[&change.old, &change.new].into_iter().flatten().any(|side| comparison.wants(&side.path))
	});
	if comparison.no_renames {
		changes = changes.into_iter().flat_map(split_rename).collect();
		changes.sort_by(|a, b| a.path().cmp(b.path()));
	}
	changes
}

fn split_rename(change: Change) -> Vec<Change> {
	if change.similarity.is_none() {
		return vec![change];
	}
	let gone = Change { old: change.old, new: None, similarity: None };
	vec![gone, Change { old: None, new: change.new, similarity: None }]
}

/// A modification whose modes are equal: without hunks there is nothing to tell.
fn is_only_content(change: &Change) -> bool {
	match (&change.old, &change.new) {
		(Some(old), Some(new)) => old.mode.kind() == new.mode.kind() && change.similarity.is_none(),
		_ => false,
	}
}

/// The working tree against the index; of a conflicted file our version is the old one.
fn unstaged_changes(survey: &mut Survey<'_>) -> Result<Vec<Change>, GitError> {
	let mut changes: Vec<Change> = survey
		.unstaged()?
		.into_iter()
		.map(|unstaged| Change {
			new: unstaged.mode.map(|mode| Side { path: unstaged.index.path.clone(), mode, id: None }),
			old: Some(unstaged.index),
			similarity: None,
		})
		.collect();
	let index: &gix::index::State = &survey.worktree.index;
	for path in &survey.looked.conflicts {
		let Some(ours) = index.entry_by_path_and_stage(path.as_bstr(), Stage::Ours) else { continue };
		let Some(mode) = ours.mode.to_tree_entry_mode() else { continue };
		let side = |id| Some(Side { path: path.clone(), mode, id });
		changes.push(Change { old: side(Some(ours.id)), new: side(None), similarity: None });
	}
	changes.sort_by(|a, b| a.path().cmp(b.path()));
	Ok(changes)
}

/// What was staged, with what the working tree has instead.
fn overlay(staged: Vec<Change>, unstaged: Vec<Change>) -> Vec<Change> {
	let mut by_path: HashMap<BString, Change> = HashMap::new();
	for change in staged {
		by_path.insert(change.path().clone(), change);
	}
	for change in unstaged {
		match by_path.get_mut(change.path()) {
			Some(known) => known.new = change.new,
			None => {
				by_path.insert(change.path().clone(), change);
			}
		}
	}
	let mut changes: Vec<Change> = by_path.into_values().collect();
	// Added to the index and gone since.
	changes.retain(|change| change.old.is_some() || change.new.is_some());
	for change in &mut changes {
		if change.new.is_none() {
			change.similarity = None;
		}
	}
	changes.sort_by(|a, b| a.path().cmp(b.path()));
	changes
}

struct Writer<'r> {
	repository: &'r Repository<'r>,
	worktree: Option<Worktree<'r>>,
	context: u32,
	budget: usize,
}

impl Writer<'_> {
	fn file(&mut self, change: &Change) -> Result<FileDiff, GitError> {
		let mut file = FileDiff {
			change: change.described(),
			binary: false,
			hunks: Vec::new(),
			truncated: self.budget == 0,
		};
		if file.truncated || self.is_same_content(change) {
			return Ok(file);
		}
		let (Some(old), Some(new)) = (self.content(change.old.as_ref())?, self.content(change.new.as_ref())?)
		else {
			file.truncated = true;
			return Ok(file);
		};
		if is_binary(&old) || is_binary(&new) {
			file.binary = old != new;
			return Ok(file);
		}
		let Hunks { hunks, truncated } = hunks_between(&old, &new, self.context, &mut self.budget);
		if truncated {
			self.budget = 0;
		}
		(file.hunks, file.truncated) = (hunks, truncated);
		Ok(file)
	}

	fn is_same_content(&self, change: &Change) -> bool {
		let id = |side: &Option<Side>| side.as_ref().and_then(|side| side.id);
		id(&change.old).is_some() && id(&change.old) == id(&change.new)
	}

	/// `None` when it is too large. A submodule's content is the sentence Git writes for it.
	fn content(&mut self, side: Option<&Side>) -> Result<Option<Vec<u8>>, GitError> {
		let Some(side) = side else { return Ok(Some(Vec::new())) };
		match side.id {
			Some(id) if side.mode.is_commit() => Ok(Some(format!("Subproject commit {id}\n").into_bytes())),
			Some(id) => {
				let mut data = Vec::new();
				match self.repository.read_capped(&id, Kind::Blob, MAX_FILE, &mut data) {
					Ok(()) => Ok(Some(data)),
					Err(GitError::TooLarge { .. }) => Ok(None),
					Err(error) => Err(error),
				}
			}
			None => self.worktree_content(&side.path, side.mode),
		}
	}

	fn worktree_content(&mut self, path: &BString, mode: EntryMode) -> Result<Option<Vec<u8>>, GitError> {
		let Some(worktree) = &mut self.worktree else { return Ok(Some(Vec::new())) };
		if !is_blob(mode) && mode.kind() != EntryKind::Link {
			return Ok(Some(Vec::new()));
		}
		match worktree.read(path.as_bstr(), mode.kind() == EntryKind::Link, MAX_FILE) {
			Ok(data) => Ok(Some(data)),
			Err(GitError::TooLarge { .. }) => Ok(None),
			Err(error) => Err(error),
		}
	}
}
