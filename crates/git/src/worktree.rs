//! Files of the working tree, as Git would store them, read beneath the root.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use gix::bstr::{BStr, BString, ByteSlice};
use gix::filter::plumbing::pipeline::convert::ToGitOutcome;
use gix::worktree::stack::state::attributes::Source;
use rustix::fs::{FileType, Mode, OFlags};
use stemma_paths::{bytes_to_text, is_git_name, open_beneath, stat_beneath};

use crate::GitError;
use crate::repository::Repository;

/// A control file (`.gitattributes`, `.gitignore`) larger than this was made to fill the memory.
const MAX_CONTROL_FILE: u64 = 1 << 20;

pub(crate) struct Worktree<'r> {
	repository: &'r Repository<'r>,
	pub index: gix::worktree::IndexPersistedOrInMemory,
	pipeline: Option<gix::filter::Pipeline<'r>>,
	attributes: Option<gix::AttributeStack<'r>>,
	/// Folders whose `.gitattributes` is known to be harmless.
	looked_at: HashSet<BString>,
}

impl<'r> Worktree<'r> {
	pub fn of(repository: &'r Repository<'r>) -> Result<Self, GitError> {
		if repository.layout.work_tree.is_none() {
			return Err(GitError::Unsupported("This repository is bare: it has no working tree.".into()));
		}
		if repository.git.try_index()?.is_none()
			&& let Some(commit) = repository.head_commit()?
		{
			// The library takes a whole tree for an index, however large it says it is.
			repository.check_size_of_tree(repository.tree_of(&commit)?)?;
		}
		let index = repository.git.index_or_load_from_head_or_empty()?;
		Ok(Self { repository, index, pipeline: None, attributes: None, looked_at: HashSet::new() })
	}

	/// A file's content as Git would store it: line ends and encodings converted, a large file as its LFS
	/// pointer. Filters a repository names are never run. A link's content is its target.
	pub fn read(&mut self, path: &BStr, is_link: bool, cap: u64) -> Result<Vec<u8>, GitError> {
		if !is_plain(path) {
			return Err(GitError::Suspicious(format!("“{}” is no path of a file", bytes_to_text(path))));
		}
		if is_link {
			return self.read_link(path);
		}
		let shown = || bytes_to_text(path);
		let failed = |error: std::io::Error| GitError::Read(format!("“{}”: {}", shown(), error.kind()));
		let root = self.repository.context.root;
		let opened =
			open_beneath(root.as_fd(), path_of(path), OFlags::RDONLY | OFlags::NOFOLLOW, Mode::empty())
				.map_err(failed)?;
		let file = std::fs::File::from(opened);
		let metadata = file.metadata().map_err(failed)?;
		if !metadata.is_file() {
			return Err(GitError::Suspicious(format!("“{}” is not a regular file", shown())));
		}
		let size = metadata.len();
		if size > cap {
			return Err(GitError::TooLarge { what: format!("“{}”", shown()), size, cap });
		}
		let mut data = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
		file.take(cap).read_to_end(&mut data).map_err(failed)?;
		self.as_stored(path, data)
	}

	fn read_link(&self, path: &BStr) -> Result<Vec<u8>, GitError> {
		let (folder, name) = path.rsplit_once_str("/").unwrap_or((b".", path));
		let root = self.repository.context.root;
		let failed = |error: std::io::Error| GitError::Read(error.kind().to_string());
		let folder =
			stemma_paths::open_plain_folder(root.as_fd(), path_of(folder.as_bstr())).map_err(failed)?;
		let target =
			rustix::fs::readlinkat(folder, name, Vec::new()).map_err(|errno| failed(errno.into()))?;
		Ok(target.into_bytes())
	}

	fn as_stored(&mut self, path: &BStr, data: Vec<u8>) -> Result<Vec<u8>, GitError> {
		self.check_attributes_on_the_way(path)?;
		if self.is_in_lfs(path)? {
			return Ok(if parse_lfs_pointer(&data).is_some() { data } else { lfs_pointer(&data)? });
		}
		let pipeline = match &mut self.pipeline {
			Some(pipeline) => pipeline,
			none => {
				let git = &self.repository.git;
				let attributes = git.attributes_only(&self.index, Source::WorktreeThenIdMapping)?;
				none.insert(gix::filter::Pipeline::new(git, attributes.detach())?)
			}
		};
		match pipeline.convert_to_git(data.as_slice(), path_of(path), &self.index)? {
			ToGitOutcome::Buffer(converted) => return Ok(converted.to_vec()),
			ToGitOutcome::Unchanged(_) => {}
			// No driver is ever known here, so none can have been started.
			ToGitOutcome::Process(_) => {
				return Err(GitError::Suspicious("it asked for a filter to be run".into()));
			}
		}
		Ok(data)
	}

	/// The library opens every `.gitattributes` from the top down to a file.
	fn check_attributes_on_the_way(&mut self, path: &BStr) -> Result<(), GitError> {
		let ends = path.find_iter("/").chain([0]).collect::<Vec<_>>();
		for end in ends {
			let folder = path[..end].as_bstr();
			if self.looked_at.contains(folder) {
				continue;
			}
			check_control_file(self.repository, folder, ".gitattributes")?;
			self.looked_at.insert(folder.to_owned());
		}
		Ok(())
	}

	fn is_in_lfs(&mut self, path: &BStr) -> Result<bool, GitError> {
		let stack = match &mut self.attributes {
			Some(stack) => stack,
			none => {
				none.insert(self.repository.git.attributes_only(&self.index, Source::WorktreeThenIdMapping)?)
			}
		};
		let mut found = stack.selected_attribute_matches(["filter"]);
		let entry = stack.at_entry(path, None)?;
		entry.matching_attributes(&mut found);
		Ok(found
			.iter_selected()
			.any(|found| found.assignment.state.as_bstr().is_some_and(|value| value == "lfs")))
	}
}

/// A control file is absent, a link (which is not followed) or a regular file of sane size.
pub(crate) fn check_control_file(
	repository: &Repository<'_>,
	folder: &BStr,
	name: &str,
) -> Result<(), GitError> {
	let path = if folder.is_empty() { BString::from(name) } else { format!("{folder}/{name}").into() };
	// What cannot even be looked at is not read by anybody.
	let Ok(stat) = stat_beneath(repository.context.root.as_fd(), path_of(path.as_bstr())) else {
		return Ok(());
	};
	match FileType::from_raw_mode(stat.st_mode) {
		FileType::RegularFile if u64::try_from(stat.st_size).unwrap_or(0) > MAX_CONTROL_FILE => {
			let size = u64::try_from(stat.st_size).unwrap_or(0);
			Err(GitError::TooLarge { what: format!("“{path}”"), size, cap: MAX_CONTROL_FILE })
		}
		FileType::RegularFile | FileType::Symlink | FileType::Directory => Ok(()),
		_ => Err(GitError::Suspicious(format!("“{path}” is a pipe or device"))),
	}
}

/// Whether a path of an index or tree may be opened: names only, none of them Git's own.
pub(crate) fn is_plain(path: &BStr) -> bool {
	path.split_str("/").all(|name| {
		!name.is_empty() && name != b"." && name != b".." && !name.contains(&0) && !is_git_name(name)
	})
}

pub(crate) fn path_of(path: &BStr) -> &Path {
	Path::new(OsStr::from_bytes(path))
}

pub(crate) struct Pointer {
	pub oid: String,
	pub size: u64,
}

/// The pointer Git LFS keeps in place of a large file.
pub(crate) fn parse_lfs_pointer(data: &[u8]) -> Option<Pointer> {
	if data.len() > 1024 {
		return None;
	}
	let text = std::str::from_utf8(data).ok()?;
	let rest = text.strip_prefix("version https://git-lfs.github.com/spec/v1\n")?;
	let field = |key: &str| rest.lines().find_map(|line| line.strip_prefix(key));
	let oid =
		field("oid sha256:").filter(|oid| oid.len() == 64 && oid.bytes().all(|b| b.is_ascii_hexdigit()))?;
	Some(Pointer { oid: oid.to_owned(), size: field("size ")?.parse().ok()? })
}

fn lfs_pointer(data: &[u8]) -> Result<Vec<u8>, GitError> {
	let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha256);
	hasher.update(data);
	let oid = hasher.try_finalize().map_err(|error| GitError::Read(error.to_string()))?;
	let size = data.len();
	Ok(format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n").into_bytes())
}
