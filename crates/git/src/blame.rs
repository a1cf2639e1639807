//! Who wrote each line of a file.

use std::collections::HashSet;

use gix::bstr::{BString, ByteSlice};
use gix::objs::Kind;
use gix::worktree::stack::state::attributes::Source;
use stemma_paths::{bytes_to_text, text_to_bytes};
use stemma_proto::error::HostError;
use stemma_proto::git::{Blame, BlameHunk, BlameRequest};

use crate::commit::{commit_line, parse};
use crate::repository::Repository;
use crate::{Context, GitError};

/// Larger files have too many lines to be asked about one by one.
const MAX_BYTES: u64 = 4 << 20;

/// The commit each line comes from, renames followed. It cannot be interrupted from inside: the caller ends
/// the process.
pub fn blame(context: Context<'_>, request: &BlameRequest) -> Result<Blame, HostError> {
	let repository = Repository::open(context)?;
	let commit = repository.commit_id(&request.commit)?;
	let path = BString::from(text_to_bytes(&request.path));
	let (_, id) = repository
		.entry_at(&commit, &path)?
		.filter(|(mode, _)| mode.is_blob())
		.ok_or_else(|| GitError::Missing { what: "file", name: request.path.clone() })?;
	let size = repository.header(&id)?.map_or(0, |(_, size)| size);
	if size > MAX_BYTES {
		let what = format!("“{}”", request.path);
		return Err(GitError::TooLarge { what, size, cap: MAX_BYTES }.into());
	}
	let outcome = run(&repository, commit, &path, request)?;
	let mut hunks = Vec::new();
	let mut seen = HashSet::new();
	let mut commits = Vec::new();
	let mut buffer = Vec::new();
	for entry in outcome.entries {
		if seen.insert(entry.commit_id) {
			context.check_cancelled()?;
			repository.read(&entry.commit_id, Kind::Commit, &mut buffer)?;
			commits.push(commit_line(&parse(&buffer, entry.commit_id)?, entry.commit_id, Vec::new()));
		}
		hunks.push(BlameHunk {
			start: entry.start_in_blamed_file + 1,
			lines: entry.len.get(),
			source_start: entry.start_in_source_file + 1,
			commit: entry.commit_id.to_string(),
			source_path: entry.source_file_name.as_ref().map(|name| bytes_to_text(name)),
		});
	}
	Ok(Blame { hunks, commits })
}

fn run(
	repository: &Repository<'_>,
	commit: gix::ObjectId,
	path: &BString,
	request: &BlameRequest,
) -> Result<gix::blame::Outcome, GitError> {
	use gix::diff::blob::pipeline::{Mode, WorktreeRoots};
	let git = &repository.git;
	// Attributes could only say which driver to run; an empty index has none and costs nothing to look at.
	let index = gix::index::State::new(git.object_hash());
	let attributes = git.attributes_only(&index, Source::IdMapping)?.detach();
	let mut cache = gix::diff::resource_cache(git, Mode::ToGit, attributes, WorktreeRoots::default())?;
	let (first, last) = (request.first.unwrap_or(1), request.last.unwrap_or(u32::MAX));
	if !(1..=last).contains(&first) {
		return Err(GitError::Invalid("These lines are not in the file.".into()));
	}
	let ranges = if request.first.is_none() && request.last.is_none() {
		gix::blame::BlameRanges::WholeFile
	} else {
		gix::blame::BlameRanges::from_one_based_inclusive_range(first..=last)?
	};
	let options = gix::blame::Options {
		diff_algorithm: gix::diff::blob::Algorithm::Myers,
		ranges,
		since: None,
		rewrites: Some(gix::diff::Rewrites::default()),
		debug_track_path: false,
	};
	let graph = git.commit_graph_if_enabled()?;
	let start = gix::blame::Start::Commit(commit);
	Ok(gix::blame::file(&git.objects, start, graph, &mut cache, path.as_bstr(), options)?)
}
