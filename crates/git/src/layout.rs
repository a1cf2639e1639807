//! Looking at `.git` before anything reads it: where it leads, and whether it holds what no Git writes.
//!
//! A FIFO in the place of a file hangs every reader, a device fills the memory, and an alternate or a link
//! opens another repository. All of that is found here by `lstat`, without opening what was not looked at.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::config::{File as ConfigFile, Source};
use stemma_paths::{Root, bytes_to_text};
use stemma_proto::git::{GitRedirect, GitRedirectKind, RefFormat};

use crate::GitError;

/// Names that are looked at in a repository's own folder. Loose objects of a neglected repository are a few
/// hundred thousand.
const MAX_ENTRIES: usize = 2_000_000;
const MAX_DEPTH: usize = 64;
/// Alternates of alternates; Git stops at five as well.
const MAX_ALTERNATES_DEPTH: usize = 5;
const MAX_ALTERNATES: usize = 64;

pub(crate) struct Layout {
	/// `HEAD` and the index are here.
	pub git_dir: PathBuf,
	/// Objects, refs and the configuration are here.
	pub common_dir: PathBuf,
	/// Absent for a bare repository.
	pub work_tree: Option<PathBuf>,
	pub redirects: Vec<GitRedirect>,
	pub config: ConfigFile,
}

impl Layout {
	pub fn inspect(root: &Root) -> Result<Self, GitError> {
		root.check()?;
		let mut survey = Survey { root: root.path(), redirects: Vec::new(), entries: 0 };
		let (git_dir, has_work_tree) = survey.find_git_dir()?;
		let common_dir = survey.find_common_dir(&git_dir)?;
		survey.walk(&git_dir, Part::GitDir, 0)?;
		if common_dir != git_dir {
			survey.walk(&common_dir, Part::GitDir, 0)?;
		}
		survey.follow_alternates(&common_dir.join("objects"), 0)?;
		let config = read_config(&common_dir.join("config"))?;
		let bare = !has_work_tree || boolean(&config, "core.bare") == Some(true) && common_dir == git_dir;
		Ok(Self {
			work_tree: (!bare).then(|| root.path().to_owned()),
			git_dir,
			common_dir,
			redirects: survey.redirects,
			config,
		})
	}

	pub fn ref_format(&self) -> RefFormat {
		match self.config.string("extensions.refStorage") {
			Some(format) if format.eq_ignore_ascii_case(b"reftable") => RefFormat::Reftable,
			_ => RefFormat::Files,
		}
	}

	pub fn is_partial(&self) -> bool {
		self.config.string("extensions.partialClone").is_some()
			|| self.config.sections_by_name("remote").into_iter().flatten().any(|remote| {
				// A name without a value says yes.
				remote.value_implicit("promisor").is_some_and(|value| {
					value.is_none_or(|value| gix::config::Boolean::try_from(value).is_ok_and(|yes| yes.0))
				})
			})
	}

	/// What of the repository's configuration may be used: plain choices about how files are read, nothing
	/// that names a path or a program.
	pub fn harmless_settings(&self) -> Vec<String> {
		let booleans = ["core.fileMode", "core.ignoreCase", "core.symlinks", "core.precomposeUnicode"];
		let mut settings: Vec<String> = booleans
			.iter()
			.filter_map(|key| Some(format!("{key}={}", boolean(&self.config, key)?)))
			.collect();
		for (key, choices) in [
			("core.autocrlf", ["true", "false", "input"].as_slice()),
			("core.eol", ["lf", "crlf", "native"].as_slice()),
		] {
			let chosen = self.config.string(key);
			if let Some(choice) = choices.iter().find(|choice| {
				chosen.as_ref().is_some_and(|value| value.eq_ignore_ascii_case(choice.as_bytes()))
			}) {
				settings.push(format!("{key}={choice}"));
			}
		}
		settings
	}
}

pub(crate) fn boolean(config: &ConfigFile, key: &str) -> Option<bool> {
	config.boolean(key).ok().flatten()
}

/// Which files of a folder are read, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
	GitDir,
	/// Objects: mapped or unpacked piece by piece, but for the lists beside them.
	Large,
	/// Refs, linked worktrees, `info`: many small files.
	Small,
}

struct Survey<'a> {
	root: &'a Path,
	redirects: Vec<GitRedirect>,
	entries: usize,
}

impl Survey<'_> {
	fn find_git_dir(&mut self) -> Result<(PathBuf, bool), GitError> {
		let dot_git = self.root.join(".git");
		let Some(kind) = kind_of(&dot_git)? else {
			let bare = ["HEAD", "objects", "refs"].iter().all(|name| self.root.join(name).exists());
			return if bare { Ok((self.root.to_owned(), false)) } else { Err(GitError::NoRepository) };
		};
		if kind.is_dir() {
			return Ok((dot_git, true));
		}
		let target = if kind.is_symlink() {
			dot_git.canonicalize().map_err(|_| GitError::NoRepository)?
		} else {
			let text = read_small(&dot_git, 8 << 10)?.ok_or(GitError::NoRepository)?;
			let path = text.strip_prefix(b"gitdir: ").ok_or(GitError::NoRepository)?;
			let joined = self.root.join(path_of(path.trim_end()));
			joined.canonicalize().map_err(|_| GitError::NoRepository)?
		};
		if !target.is_dir() {
			return Err(GitError::NoRepository);
		}
		self.redirect(GitRedirectKind::GitDir, &target);
		Ok((target, true))
	}

	fn find_common_dir(&mut self, git_dir: &Path) -> Result<PathBuf, GitError> {
		let Some(text) = read_small(&git_dir.join("commondir"), 8 << 10)? else {
			return Ok(git_dir.to_owned());
		};
		let path = git_dir.join(path_of(text.trim_end()));
		let common = path
			.canonicalize()
			.ok()
			.filter(|path| path.is_dir())
			.ok_or_else(|| GitError::Suspicious("“commondir” in “.git” leads nowhere".into()))?;
		self.redirect(GitRedirectKind::CommonDir, &common);
		Ok(common)
	}

	fn follow_alternates(&mut self, objects: &Path, depth: usize) -> Result<(), GitError> {
		let Some(list) = read_small(&objects.join("info/alternates"), 64 << 10)? else { return Ok(()) };
		if depth == MAX_ALTERNATES_DEPTH {
			return Err(GitError::Suspicious("its alternates lead from one to the next without end".into()));
		}
		for line in list.lines() {
			// Quoted paths are rare; what cannot be found is not followed by anybody.
			let path =
				gix::quote::ansi_c::undo(line.as_bstr()).map_or(line.as_bstr().into(), |(path, _)| path);
			if path.is_empty() || path.starts_with(b"#") {
				continue;
			}
			let Ok(target) = objects.join(path_of(&path)).canonicalize() else { continue };
			self.redirect(GitRedirectKind::Alternate, &target);
			if self.redirects.len() > MAX_ALTERNATES {
				return Err(GitError::Suspicious("it borrows from too many repositories".into()));
			}
			self.walk(&target, Part::Large, 0)?;
			self.follow_alternates(&target, depth + 1)?;
		}
		Ok(())
	}

	fn redirect(&mut self, kind: GitRedirectKind, target: &Path) {
		let outside = !target.starts_with(self.root);
		let target = bytes_to_text(target.as_os_str().as_bytes());
		let redirect = GitRedirect { kind, target, outside };
		if !self.redirects.contains(&redirect) {
			self.redirects.push(redirect);
		}
	}

	/// Looks at every name below `folder` that a read may come to.
	fn walk(&mut self, folder: &Path, part: Part, depth: usize) -> Result<(), GitError> {
		let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
		if depth > MAX_DEPTH {
			return Err(GitError::Suspicious("folders in “.git” are too deep".into()));
		}
		for entry in entries {
			let Ok(entry) = entry else { break };
			self.entries += 1;
			if self.entries > MAX_ENTRIES {
				return Err(GitError::Suspicious("there are too many files in “.git”".into()));
			}
			let Ok(kind) = entry.file_type() else { continue };
			let name = entry.file_name();
			let (below, cap) = (part_below(part, name.as_bytes()), cap_of(part, name.as_bytes()));
			if kind.is_dir() {
				if let Some(part) = below {
					self.walk(&entry.path(), part, depth + 1)?;
				}
			} else if below.is_none() && cap.is_none() {
				// Nothing here reads it.
			} else if kind.is_symlink() {
				self.look_at_link(&entry.path(), below, cap, depth)?;
			} else if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() {
				return Err(special(&name));
			} else if let Some(Cap::Bytes(cap)) = cap
				&& let Ok(metadata) = entry.metadata()
			{
				check_size(&name, metadata.len(), cap)?;
			}
		}
		Ok(())
	}

	fn look_at_link(
		&mut self,
		link: &Path,
		below: Option<Part>,
		cap: Option<Cap>,
		depth: usize,
	) -> Result<(), GitError> {
		// A link to nothing is read by nobody.
		let Ok(target) = link.canonicalize() else { return Ok(()) };
		let Ok(metadata) = fs::metadata(&target) else { return Ok(()) };
		let kind = metadata.file_type();
		let name = link.file_name().unwrap_or_default();
		if !kind.is_file() && !kind.is_dir() {
			return Err(special(name));
		}
		self.redirect(GitRedirectKind::Link, &target);
		if kind.is_dir() {
			// A link back up would be walked until the depth ends.
			if !link.starts_with(&target)
				&& let Some(part) = below
			{
				self.walk(&target, part, depth + 1)?;
			}
		} else if let Some(Cap::Bytes(cap)) = cap {
			check_size(name, metadata.len(), cap)?;
		}
		Ok(())
	}
}

/// What a folder holds, or `None` where nothing is read from it: hooks, other programs' data, submodules.
fn part_below(part: Part, name: &[u8]) -> Option<Part> {
	match (part, name) {
		// Of logs one is read, and that with a limit of its own.
		(Part::GitDir, b"objects" | b"logs") => Some(Part::Large),
		(Part::GitDir, b"refs" | b"info" | b"worktrees" | b"reftable") => Some(Part::Small),
		(Part::GitDir, _) | (Part::Small, b"hooks" | b"lfs" | b"annex" | b"modules") => None,
		(Part::Large | Part::Small, _) => Some(part),
	}
}

enum Cap {
	/// Mapped, or read in part.
	None,
	/// Read whole.
	Bytes(u64),
}

/// How large a file may be, or `None` for one that is not read.
fn cap_of(part: Part, name: &[u8]) -> Option<Cap> {
	let bytes = match (part, name) {
		(Part::GitDir | Part::Small, b"index") => 512 << 20,
		(Part::GitDir, name) if name.starts_with(b"sharedindex.") => 512 << 20,
		(Part::GitDir, b"packed-refs") => 256 << 20,
		(Part::GitDir, b"shallow") => 16 << 20,
		(Part::GitDir, b"HEAD" | b"commondir" | b"gitdir") => 8 << 10,
		(Part::GitDir, b"config" | b"config.worktree") => 1 << 20,
		(Part::GitDir, _) => return None,
		(Part::Large, b"alternates") => 64 << 10,
		(Part::Large, _) => return Some(Cap::None),
		(Part::Small, _) => 64 << 20,
	};
	Some(Cap::Bytes(bytes))
}

fn check_size(name: &std::ffi::OsStr, size: u64, cap: u64) -> Result<(), GitError> {
	if size <= cap {
		return Ok(());
	}
	let what = format!("“{}” in “.git”", bytes_to_text(name.as_bytes()));
	Err(GitError::TooLarge { what, size, cap })
}

fn special(name: &std::ffi::OsStr) -> GitError {
	GitError::Suspicious(format!("“{}” in “.git” is a pipe or device", bytes_to_text(name.as_bytes())))
}

fn kind_of(path: &Path) -> Result<Option<fs::FileType>, GitError> {
	match fs::symlink_metadata(path) {
		Ok(metadata) => Ok(Some(metadata.file_type())),
		Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
		Err(error) => Err(GitError::Read(error.kind().to_string())),
	}
}

/// A regular file's bytes, or `None` where there is none. A link is followed: where it leads has been or will
/// be looked at by the walk, and what it opens cannot block.
pub(crate) fn read_small(path: &Path, cap: u64) -> Result<Option<Vec<u8>>, GitError> {
	let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits();
	let opened = fs::OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path);
	let file = match opened {
		Ok(file) => file,
		Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
		Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
		Err(error) => return Err(GitError::Read(error.kind().to_string())),
	};
	let metadata = file.metadata().map_err(|error| GitError::Read(error.kind().to_string()))?;
	let name = path.file_name().unwrap_or_default();
	if !metadata.is_file() {
		return Err(special(name));
	}
	check_size(name, metadata.len(), cap)?;
	let mut bytes = Vec::new();
	let read = file.take(cap).read_to_end(&mut bytes);
	read.map_err(|error| GitError::Read(error.kind().to_string()))?;
	Ok(Some(bytes))
}

fn read_config(path: &Path) -> Result<ConfigFile, GitError> {
	let bytes = read_small(path, 1 << 20)?.unwrap_or_default();
	let metadata = gix::config::file::Metadata::from(Source::Local);
	ConfigFile::from_bytes_no_includes(&bytes, metadata, gix::config::file::init::Options::default())
		.map_err(|_| GitError::Suspicious("its configuration is no Git configuration".into()))
}

fn path_of(bytes: &[u8]) -> &Path {
	Path::new(std::ffi::OsStr::from_bytes(bytes))
}
