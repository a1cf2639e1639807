//! Looking at the working tree: tracked files by their `stat`, and new files by a walk.

use std::collections::BTreeSet;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::{Flags, Mode, Stage, Stat, stat};
use gix::index::{Entry, State};
use gix::worktree::stack::state::ignore::Source;
use rustix::fs::{AtFlags, Dir, FileType};
use stemma_paths::{Root, is_git_name, open_plain_folder};
use stemma_proto::git::Untracked;

use crate::GitError;
use crate::repository::Repository;
use crate::worktree::{check_control_file, path_of};

/// Tracked files, and names met in the walk.
const MAX_NAMES: usize = 1_000_000;
const MAX_DEPTH: usize = 256;
const CHUNK: usize = 1024;

/// What a look said of a tracked file that is not certainly the same.
pub(crate) enum Seen {
	Gone,
	TypeChanged(Mode),
	/// Another size or mode.
	Changed(Mode),
	/// Its content has to be compared.
	Unsure,
}

pub(crate) struct Looked {
	/// By place in the index.
	pub seen: Vec<(usize, Seen)>,
	/// Files with more than one version in the index.
	pub conflicts: BTreeSet<BString>,
	pub untracked: Vec<BString>,
	/// There were more names than are looked at.
	pub full: bool,
}

pub(crate) fn look(
	repository: &Repository<'_>,
	index: &State,
	untracked: Untracked,
) -> Result<Looked, GitError> {
	if index.entries().len() > MAX_NAMES {
		return Err(GitError::Unsupported("There are too many files for a status.".into()));
	}
	let conflicted = index.entries().iter().filter(|entry| entry.stage() != Stage::Unconflicted);
	let conflicts: BTreeSet<BString> = conflicted.map(|entry| entry.path(index).to_owned()).collect();
	let stats = Stats {
		root: repository.context.root,
		index,
		trusts_mode: repository.trusts_file_mode(),
		has_links: repository.has_links(),
		next: AtomicUsize::new(0),
		cancel: repository.context.cancel,
	};
	let mut walk = Walk {
		repository,
		index,
		conflicts: &conflicts,
		mode: untracked,
		excludes: repository.git.excludes(index, None, Source::WorktreeThenIdMappingIfNotSkipped)?,
		found: Vec::new(),
		names: 0,
		full: false,
	};
	let seen = std::thread::scope(|scope| -> Result<_, GitError> {
		let other = scope.spawn(|| stats.take_all());
		if untracked != Untracked::None {
			walk.whole()?;
		}
		let mut seen = stats.take_all();
		seen.extend(other.join().map_err(|_| GitError::Read("looking at the files failed".into()))?);
		Ok(seen)
	})?;
	repository.context.check_cancelled()?;
	let (untracked, full) = (walk.found, walk.full);
	let mut seen = seen;
	seen.sort_by_key(|(place, _)| *place);
	Ok(Looked { seen, conflicts, untracked, full })
}

/// Tracked files, shared among threads a chunk at a time.
struct Stats<'a> {
	root: &'a Root,
	index: &'a State,
	trusts_mode: bool,
	has_links: bool,
	next: AtomicUsize,
	cancel: &'a AtomicBool,
}

impl Stats<'_> {
	fn take_all(&self) -> Vec<(usize, Seen)> {
		let mut seen = Vec::new();
		let count = self.index.entries().len();
		while !self.cancel.load(Ordering::Relaxed) {
			let start = self.next.fetch_add(CHUNK, Ordering::Relaxed);
			if start >= count {
				break;
			}
			self.chunk(start..count.min(start + CHUNK), &mut seen);
		}
		seen
	}

	fn chunk(&self, places: Range<usize>, seen: &mut Vec<(usize, Seen)>) {
		let mut folder: Option<(&BStr, Option<OwnedFd>)> = None;
		for place in places {
			let entry = self.index.entry(place);
			let unlooked = Flags::SKIP_WORKTREE | Flags::ASSUME_VALID;
			let skip = entry.stage() != Stage::Unconflicted || entry.flags.intersects(unlooked);
			if skip || entry.mode == Mode::DIR {
				continue;
			}
			let path = entry.path(self.index);
			let (parent, name) = match path.rfind_byte(b'/') {
				Some(end) => (path[..end].as_bstr(), path[end + 1..].as_bstr()),
				None => (b".".as_bstr(), path),
			};
			if folder.as_ref().is_none_or(|(opened, _)| *opened != parent) {
				// A folder that is gone or is a link now has none of its files.
				folder = Some((parent, open_plain_folder(self.root.as_fd(), path_of(parent)).ok()));
			}
			let opened = folder.as_ref().and_then(|(_, opened)| opened.as_ref());
			let found = opened
				.and_then(|opened| rustix::fs::statat(opened, path_of(name), AtFlags::SYMLINK_NOFOLLOW).ok());
			if let Some(result) = self.compare(entry, found.as_ref()) {
				seen.push((place, result));
			}
		}
	}

	/// `None` for a file that is certainly the same.
	fn compare(&self, entry: &Entry, found: Option<&rustix::fs::Stat>) -> Option<Seen> {
		let Some(found) = found else { return Some(Seen::Gone) };
		let kind = FileType::from_raw_mode(found.st_mode);
		if entry.mode == Mode::COMMIT {
			return (kind != FileType::Directory).then_some(Seen::TypeChanged(Mode::FILE));
		}
		let mode = match kind {
			FileType::Directory => return Some(Seen::Gone),
			FileType::Symlink => Mode::SYMLINK,
			FileType::RegularFile if entry.mode == Mode::SYMLINK && !self.has_links => Mode::SYMLINK,
			FileType::RegularFile if !self.trusts_mode && entry.mode != Mode::SYMLINK => entry.mode,
			FileType::RegularFile if found.st_mode & 0o100 != 0 => Mode::FILE_EXECUTABLE,
			FileType::RegularFile => Mode::FILE,
			_ => return Some(Seen::TypeChanged(Mode::FILE)),
		};
		if (mode == Mode::SYMLINK) != (entry.mode == Mode::SYMLINK) {
			return Some(Seen::TypeChanged(mode));
		}
		if entry.flags.contains(Flags::INTENT_TO_ADD) {
			return Some(Seen::Unsure);
		}
		if mode != entry.mode {
			return Some(Seen::Changed(mode));
		}
		let now = stat_of(found);
		let options = stat::Options::default();
		if entry.stat.matches(&now, options) && !entry.stat.is_racy(self.index.timestamp(), options) {
			return None;
		}
		// A size of nothing says that the index was unsure itself.
		if entry.stat.size != now.size && entry.stat.size != 0 {
			return Some(Seen::Changed(mode));
		}
		Some(Seen::Unsure)
	}
}

/// As Git keeps it: the low 32 bits of everything.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Git compares the low bits")]
fn stat_of(found: &rustix::fs::Stat) -> Stat {
	Stat {
		mtime: stat::Time { secs: found.st_mtime as u32, nsecs: found.st_mtime_nsec as u32 },
		ctime: stat::Time { secs: found.st_ctime as u32, nsecs: found.st_ctime_nsec as u32 },
		dev: found.st_dev as u32,
		ino: found.st_ino as u32,
		uid: found.st_uid,
		gid: found.st_gid,
		size: found.st_size as u32,
	}
}

/// A walk for files that are neither tracked nor ignored.
struct Walk<'a> {
	repository: &'a Repository<'a>,
	index: &'a State,
	conflicts: &'a BTreeSet<BString>,
	mode: Untracked,
	excludes: gix::AttributeStack<'a>,
	found: Vec<BString>,
	names: usize,
	full: bool,
}

impl Walk<'_> {
	fn whole(&mut self) -> Result<(), GitError> {
		let top = open_plain_folder(self.repository.context.root.as_fd(), path_of(b".".as_bstr()))
			.map_err(|error| GitError::Read(error.kind().to_string()))?;
		self.folder(&top, &mut BString::default(), 0)
	}

	fn folder(&mut self, folder: &OwnedFd, path: &mut BString, depth: usize) -> Result<(), GitError> {
		for (name, kind) in self.list(folder, path.as_bstr(), depth)? {
			let length = path.len();
			append(path, name.as_bstr());
			match kind {
				FileType::Directory => self.subfolder(folder, name.as_bstr(), path, depth)?,
				_ if self.is_new_file(path.as_bstr(), kind)? => self.found.push(path.clone()),
				_ => {}
			}
			path.truncate(length);
		}
		Ok(())
	}

	fn subfolder(
		&mut self,
		parent: &OwnedFd,
		name: &BStr,
		path: &mut BString,
		depth: usize,
	) -> Result<(), GitError> {
		if self.is_submodule(path.as_bstr()) {
			return Ok(());
		}
		// Vanished, or became a link just now.
		let Ok(folder) = open_plain_folder(parent, path_of(name)) else { return Ok(()) };
		if self.has_tracked(path.as_bstr()) {
			return self.folder(&folder, path, depth + 1);
		}
		if self.is_ignored(path.as_bstr(), Mode::DIR)? {
			return Ok(());
		}
		if is_repository(&folder)
			|| self.mode == Untracked::Folders && self.has_new_file(&folder, path, depth + 1)?
		{
			let mut shown = path.clone();
			shown.push(b'/');
			self.found.push(shown);
			return Ok(());
		}
		if self.mode == Untracked::Files { self.folder(&folder, path, depth + 1) } else { Ok(()) }
	}

	/// Whether a folder without tracked files has anything to show.
	fn has_new_file(&mut self, folder: &OwnedFd, path: &mut BString, depth: usize) -> Result<bool, GitError> {
		let mut folders = Vec::new();
		for (name, kind) in self.list(folder, path.as_bstr(), depth)? {
			let mut below = path.clone();
			append(&mut below, name.as_bstr());
			if kind == FileType::Directory {
				folders.push((name, below));
			} else if self.is_new_file(below.as_bstr(), kind)? {
				return Ok(true);
			}
		}
		for (name, mut below) in folders {
			let Ok(opened) = open_plain_folder(folder, path_of(name.as_bstr())) else { continue };
			if self.is_ignored(below.as_bstr(), Mode::DIR)? {
				continue;
			}
			if is_repository(&opened) || self.has_new_file(&opened, &mut below, depth + 1)? {
				return Ok(true);
			}
		}
		Ok(false)
	}

	/// Names in a folder, after its `.gitignore` was found to be harmless.
	fn list(
		&mut self,
		folder: &OwnedFd,
		path: &BStr,
		depth: usize,
	) -> Result<Vec<(BString, FileType)>, GitError> {
		self.repository.context.check_cancelled()?;
		let mut names = Vec::new();
		if depth > MAX_DEPTH {
			self.full = true;
			return Ok(names);
		}
		let Ok(entries) = Dir::read_from(folder) else { return Ok(names) };
		for entry in entries {
			let Ok(entry) = entry else { break };
			let name = entry.file_name().to_bytes().as_bstr();
			if name == "." || name == ".." || is_git_name(name) {
				continue;
			}
			self.names += 1;
			if self.names > MAX_NAMES {
				self.full = true;
				break;
			}
			let kind = match entry.file_type() {
				FileType::Unknown => rustix::fs::statat(folder, path_of(name), AtFlags::SYMLINK_NOFOLLOW)
					.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode)),
				kind => kind,
			};
			if name == ".gitignore" {
				check_control_file(self.repository, path, ".gitignore")?;
			}
			names.push((name.to_owned(), kind));
		}
		Ok(names)
	}

	fn is_new_file(&mut self, path: &BStr, kind: FileType) -> Result<bool, GitError> {
		let shown = matches!(kind, FileType::RegularFile | FileType::Symlink);
		Ok(shown
			&& self.index.entry_index_by_path(path).is_err()
			&& !self.conflicts.contains(path)
			&& !self.is_ignored(path, Mode::FILE)?)
	}

	fn is_submodule(&self, path: &BStr) -> bool {
		self.index.entry_by_path(path).is_some_and(|entry| entry.mode == Mode::COMMIT)
	}

	fn has_tracked(&self, folder: &BStr) -> bool {
		self.index.path_is_directory(folder)
	}

	fn is_ignored(&mut self, path: &BStr, mode: Mode) -> Result<bool, GitError> {
		Ok(self.excludes.at_entry(path, Some(mode))?.is_excluded())
	}
}

fn append(path: &mut BString, name: &BStr) {
	if !path.is_empty() {
		path.push(b'/');
	}
	path.extend_from_slice(name);
}

/// Whether a folder is the top of another repository.
fn is_repository(folder: &OwnedFd) -> bool {
	let kind_of = |path: &str| {
		let stat = rustix::fs::statat(folder, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
		Some(FileType::from_raw_mode(stat.st_mode))
	};
	match kind_of(".git") {
		Some(FileType::RegularFile) => true,
		Some(FileType::Directory) => kind_of(".git/HEAD").is_some(),
		_ => false,
	}
}
