//! What a repository is, before anything of it is shown.

use std::fs;

use gix::bstr::ByteSlice;
use gix::hash::Kind as HashKind;
use gix::objs::Kind;
use stemma_paths::bytes_to_text;
use stemma_proto::error::HostError;
use stemma_proto::git::{
	GitHead, GitOperation, ObjectFormat, RepositoryInfo, RepositoryRequest, Submodule, Worktree,
};

use crate::changes::is_blob;
use crate::layout::{Layout, boolean, read_small};
use crate::repository::{Reach, Repository};
use crate::worktree::check_control_file;
use crate::{Context, GitError};

const MAX_MODULES_FILE: u64 = 1 << 20;
const MAX_SUBMODULES: usize = 1_000;
const MAX_WORKTREES: usize = 200;

/// What a repository is and where it reaches. One that leaves its folder unasked is told with its redirects,
/// and nothing else of it is read.
pub fn info(context: Context<'_>, _request: &RepositoryRequest) -> Result<RepositoryInfo, HostError> {
	let layout = Layout::inspect(context.root)?;
	let reaches_out = layout.redirects.iter().any(|redirect| redirect.outside);
	if context.reach == Reach::Inside && reaches_out {
		let sha256 = layout.config.string("extensions.objectFormat").is_some_and(|name| name == "sha256");
		return Ok(RepositoryInfo {
			head: GitHead { branch: None, commit: None },
			object_format: if sha256 { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 },
			ref_format: layout.ref_format(),
			bare: layout.work_tree.is_none(),
			shallow: false,
			partial: layout.is_partial(),
			lfs: false,
			operation: None,
			redirects: layout.redirects,
			submodules: Vec::new(),
			worktrees: Vec::new(),
			stashes: 0,
		});
	}
	let repository = Repository::open(context)?;
	Ok(RepositoryInfo {
		head: repository.head()?,
		object_format: match repository.git.object_hash() {
			HashKind::Sha256 => ObjectFormat::Sha256,
			_ => ObjectFormat::Sha1,
		},
		ref_format: repository.layout.ref_format(),
		bare: repository.layout.work_tree.is_none(),
		shallow: repository.is_shallow()?,
		partial: repository.layout.is_partial(),
		lfs: repository.uses_lfs()?,
		operation: repository.operation(),
		submodules: repository.submodules()?,
		worktrees: repository.worktrees()?,
		stashes: u32::try_from(repository.stashes()?.0.len()).unwrap_or(u32::MAX),
		redirects: repository.layout.redirects,
	})
}

impl Repository<'_> {
	fn is_shallow(&self) -> Result<bool, GitError> {
		Ok(self.git.shallow_commits()?.is_some())
	}

	fn uses_lfs(&self) -> Result<bool, GitError> {
		if self.layout.common_dir.join("lfs").is_dir() {
			return Ok(true);
		}
		let Some(text) = self.top_file(".gitattributes")? else { return Ok(false) };
		Ok(text.lines().any(|line| !line.trim_start().starts_with(b"#") && line.contains_str("filter=lfs")))
	}

	/// A control file at the top of the working tree, not through a link; of `HEAD` where there is none.
	fn top_file(&self, name: &str) -> Result<Option<Vec<u8>>, GitError> {
		let Some(work_tree) = &self.layout.work_tree else { return self.top_file_of_head(name) };
		check_control_file(self, b"".as_bstr(), name)?;
		let path = work_tree.join(name);
		if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
			return read_small(&path, MAX_MODULES_FILE);
		}
		Ok(None)
	}

	fn top_file_of_head(&self, name: &str) -> Result<Option<Vec<u8>>, GitError> {
		let Some(commit) = self.head_commit()? else { return Ok(None) };
		// A partial clone may lack both, which says nothing about the rest of it.
		let Ok(Some((mode, id))) = self.entry_at(&commit, &name.into()) else { return Ok(None) };
		let mut data = Vec::new();
		let is_read = is_blob(mode) && self.read_capped(&id, Kind::Blob, MAX_MODULES_FILE, &mut data).is_ok();
		Ok(is_read.then_some(data))
	}

	fn operation(&self) -> Option<GitOperation> {
		[
			("rebase-merge", GitOperation::Rebase),
			("rebase-apply/rebasing", GitOperation::Rebase),
			("rebase-apply", GitOperation::ApplyMailbox),
			("MERGE_HEAD", GitOperation::Merge),
			("CHERRY_PICK_HEAD", GitOperation::CherryPick),
			("REVERT_HEAD", GitOperation::Revert),
			("BISECT_LOG", GitOperation::Bisect),
		]
		.into_iter()
		.find_map(|(name, operation)| self.layout.git_dir.join(name).exists().then_some(operation))
	}

	fn submodules(&self) -> Result<Vec<Submodule>, GitError> {
		let Some(text) = self.top_file(".gitmodules")? else { return Ok(Vec::new()) };
		let metadata = gix::config::file::Metadata::from(gix::config::Source::Local);
		// What Git could not read either has no submodules.
		let Ok(file) = gix::config::File::from_bytes_no_includes(&text, metadata, Default::default()) else {
			return Ok(Vec::new());
		};
		let sections = file.sections_by_name("submodule").into_iter().flatten();
		let described = sections.filter_map(|section| {
			let path = bytes_to_text(&section.value("path")?);
			Some(Submodule { path, url: section.value("url").map(|url| bytes_to_text(&url)) })
		});
		Ok(described.take(MAX_SUBMODULES).collect())
	}

	fn worktrees(&self) -> Result<Vec<Worktree>, GitError> {
		let Ok(entries) = fs::read_dir(self.layout.common_dir.join("worktrees")) else {
			return Ok(Vec::new());
		};
		let mut worktrees = Vec::new();
		for entry in entries.flatten().take(MAX_WORKTREES) {
			let Some(head) = read_small(&entry.path().join("HEAD"), 8 << 10)? else { continue };
			let head = head.trim_end();
			let branch = head.strip_prefix(b"ref: refs/heads/");
			worktrees.push(Worktree {
				name: bytes_to_text(std::os::unix::ffi::OsStrExt::as_bytes(entry.file_name().as_os_str())),
				branch: branch.map(bytes_to_text),
				commit: gix::ObjectId::from_hex(head).ok().map(|id| id.to_string()),
			});
		}
		worktrees.sort_by(|a, b| a.name.cmp(&b.name));
		Ok(worktrees)
	}

	/// Whether the executable bit of a file says anything here.
	pub fn trusts_file_mode(&self) -> bool {
		boolean(&self.layout.config, "core.fileMode").unwrap_or(true)
	}

	pub fn has_links(&self) -> bool {
		boolean(&self.layout.config, "core.symlinks").unwrap_or(true)
	}
}
