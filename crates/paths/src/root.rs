use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::{PathError, RelPath, bytes_to_text, is_git_name, open_beneath, open_plain_folder, stat_beneath};

/// What makes a folder the same folder, whatever its path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
	pub device: u64,
	pub inode: u64,
}

/// A folder the user linked. The page says its id; the path never leaves the host but for display.
#[derive(Debug)]
pub struct Root {
	id: String,
	path: PathBuf,
	identity: Identity,
	folder: OwnedFd,
}

/// A regular file beneath a root, open for reading.
#[derive(Debug)]
pub struct OpenFile {
	pub file: File,
	pub size: u64,
	pub executable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	File,
	Folder,
	Link,
	/// A FIFO, socket or device: never opened.
	Special,
}

impl Root {
	/// Links a folder by any path to it. `id` is how the page will name it.
	pub fn link(id: impl Into<String>, path: &Path) -> Result<Self, PathError> {
		let shown = || bytes_to_text(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()));
		let canonical = path.canonicalize().map_err(|error| io_error(shown(), &error))?;
		let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
		let folder = rustix::fs::open(&canonical, flags, Mode::empty()).map_err(|errno| match errno {
			Errno::NOTDIR | Errno::LOOP => PathError::NotAFolder(shown()),
			_ => io_error(shown(), &errno.into()),
		})?;
		let identity =
			identity_of(&rustix::fs::fstat(&folder).map_err(|errno| io_error(shown(), &errno.into()))?);
		Ok(Self { id: id.into(), path: canonical, identity, folder })
	}

	pub fn id(&self) -> &str {
		&self.id
	}

	/// The canonical path at the time of linking.
	pub fn path(&self) -> &Path {
		&self.path
	}

	pub fn identity(&self) -> Identity {
		self.identity
	}

	/// The folder itself, for the calls of this crate and its users that start there.
	pub fn as_fd(&self) -> BorrowedFd<'_> {
		self.folder.as_fd()
	}

	/// `RootLost` when the path no longer leads to the folder that was linked.
	pub fn check(&self) -> Result<(), PathError> {
		match rustix::fs::lstat(&self.path) {
			Ok(stat) if identity_of(&stat) == self.identity => Ok(()),
			_ => Err(PathError::RootLost),
		}
	}

	/// A regular file of at most `cap` bytes. Links to it are followed only beneath the root.
	pub fn open_file(&self, path: &RelPath, cap: u64) -> Result<OpenFile, PathError> {
		let opened = self.open(path, OFlags::RDONLY, Mode::empty())?;
		let stat = rustix::fs::fstat(&opened).map_err(|errno| errno_error(path, errno))?;
		if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
			return Err(PathError::NotAFile(path.to_string()));
		}
		let size = u64::try_from(stat.st_size).unwrap_or(0);
		if size > cap {
			return Err(PathError::TooLarge { path: path.to_string(), size, cap });
		}
		Ok(OpenFile { file: File::from(opened), size, executable: stat.st_mode & 0o111 != 0 })
	}

	/// The bytes of a regular file; one that grows beyond `cap` while it is read is too large as well.
	pub fn read_file(&self, path: &RelPath, cap: u64) -> Result<Vec<u8>, PathError> {
		let opened = self.open_file(path, cap)?;
		let mut bytes = Vec::with_capacity(usize::try_from(opened.size).unwrap_or(0));
		let mut limited = opened.file.take(cap.saturating_add(1));
		limited.read_to_end(&mut bytes).map_err(|error| io_error(path.to_string(), &error))?;
		let size = bytes.len() as u64;
		if size > cap { Err(PathError::TooLarge { path: path.to_string(), size, cap }) } else { Ok(bytes) }
	}

	pub fn open_folder(&self, path: &RelPath) -> Result<OwnedFd, PathError> {
		self.open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
	}

	/// What is at `path`; a link at its end is not followed. `None` when nothing is there.
	pub fn kind(&self, path: &RelPath) -> Result<Option<Kind>, PathError> {
		match stat_beneath(&self.folder, path.as_path()) {
			Ok(stat) => Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
				FileType::RegularFile => Kind::File,
				FileType::Directory => Kind::Folder,
				FileType::Symlink => Kind::Link,
				_ => Kind::Special,
			})),
			Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
			Err(error) => Err(open_error(path, &error)),
		}
	}

	/// Writes a whole file: into a new one beside it, synced, then renamed over it. Missing folders are made;
	/// who may read and write an existing file stays. No link is followed on the way, not even inside the
	/// root (it could lead into `.git`), and a link or special file at `path` is refused, never replaced.
	pub fn write_file(&self, path: &RelPath, bytes: &[u8], executable: bool) -> Result<(), PathError> {
		if path.is_root() {
			return Err(PathError::NotAFile(String::new()));
		}
		let folder = self.make_folders(&path.parent())?;
		let name = file_name(path);
		let existing = match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
			Err(Errno::NOENT) => None,
			Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
				Some(Mode::from_raw_mode(with_executable(stat.st_mode & 0o777, executable)))
			}
			Ok(_) => return Err(PathError::NotAFile(path.to_string())),
			Err(errno) => return Err(errno_error(path, errno)),
		};
		let temporary = temporary_name();
		let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
		let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
		let write = || -> std::io::Result<()> {
			let mut file = File::from(rustix::fs::openat(&folder, &temporary, flags, mode)?);
			if let Some(mode) = existing {
				rustix::fs::fchmod(&file, mode)?;
			}
			file.write_all(bytes)?;
			file.sync_data()?;
			rustix::fs::renameat(&folder, &temporary, &folder, name)?;
			rustix::fs::fsync(&folder)?;
			Ok(())
		};
		write().map_err(|error| {
			// Gone already when the rename was done.
			let _ = rustix::fs::unlinkat(&folder, &temporary, AtFlags::empty());
			io_error(path.to_string(), &error)
		})
	}

	/// Removes a regular file. Folders that are empty then stay.
	pub fn remove_file(&self, path: &RelPath) -> Result<(), PathError> {
		if self.kind(path)? != Some(Kind::File) {
			return Err(PathError::NotAFile(path.to_string()));
		}
		let folder = self.open_plain(&path.parent())?;
		rustix::fs::unlinkat(&folder, file_name(path), AtFlags::empty())
			.map_err(|errno| errno_error(path, errno))
	}

	/// Makes folders beneath the root one by one, so that a link on the way is met by the open.
	fn make_folders(&self, path: &RelPath) -> Result<OwnedFd, PathError> {
		match self.open_plain(path) {
			Err(PathError::Missing(_)) if !path.is_root() => {}
			opened => return opened,
		}
		let parent = self.make_folders(&path.parent())?;
		match rustix::fs::mkdirat(&parent, file_name(path), Mode::from_raw_mode(0o777)) {
			Ok(()) | Err(Errno::EXIST) => self.open_plain(path),
			Err(errno) => Err(errno_error(path, errno)),
		}
	}

	fn open_plain(&self, path: &RelPath) -> Result<OwnedFd, PathError> {
		open_plain_folder(&self.folder, path.as_path()).map_err(|error| open_error(path, &error))
	}

	fn open(&self, path: &RelPath, flags: OFlags, mode: Mode) -> Result<OwnedFd, PathError> {
		let opened = open_beneath(&self.folder, path.as_path(), flags, mode);
		let opened = opened.map_err(|error| open_error(path, &error))?;
		// A link inside the root may still lead into `.git`, whose names the path itself cannot hold.
		if self.is_gits_own(&opened) { Err(PathError::Outside(path.to_string())) } else { Ok(opened) }
	}

	/// Whether an opened file is in a folder of Git, by the path the kernel knows it by. Elsewhere than on
	/// Linux no link is followed, and there is nothing to ask.
	#[cfg(target_os = "linux")]
	fn is_gits_own(&self, opened: &OwnedFd) -> bool {
		let path_of = |fd: BorrowedFd<'_>| {
			let fd = std::os::fd::AsRawFd::as_raw_fd(&fd);
			std::fs::read_link(format!("/proc/self/fd/{fd}"))
		};
		let (Ok(root), Ok(path)) = (path_of(self.folder.as_fd()), path_of(opened.as_fd())) else {
			return true;
		};
		// A root that moved meanwhile: nothing is known.
		let Ok(inside) = path.strip_prefix(&root) else { return true };
		inside.iter().any(|name| is_git_name(std::os::unix::ffi::OsStrExt::as_bytes(name)))
	}

	#[cfg(not(target_os = "linux"))]
	fn is_gits_own(&self, _: &OwnedFd) -> bool {
		false
	}
}

fn file_name(path: &RelPath) -> &Path {
	Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path.name()))
}

/// Whoever may read an executable file may run it.
fn with_executable(mode: u32, executable: bool) -> u32 {
	if executable { mode | (mode & 0o444) >> 2 } else { mode & !0o111 }
}

/// Unique in this process and, by its id, among processes; `EXCL` guards the rest.
fn temporary_name() -> String {
	static COUNT: AtomicU64 = AtomicU64::new(0);
	format!(".stemma-{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn identity_of(stat: &Stat) -> Identity {
	Identity { device: stat.st_dev, inode: stat.st_ino }
}

fn errno_error(path: &RelPath, errno: Errno) -> PathError {
	open_error(path, &errno.into())
}

fn open_error(path: &RelPath, error: &std::io::Error) -> PathError {
	match error.raw_os_error().map(Errno::from_raw_os_error) {
		Some(Errno::XDEV | Errno::LOOP) => PathError::Outside(path.to_string()),
		Some(Errno::NOENT) => PathError::Missing(path.to_string()),
		Some(Errno::NOTDIR) => PathError::NotAFolder(path.to_string()),
		Some(Errno::AGAIN) => PathError::Busy(path.to_string()),
		// A socket, or a device that nobody drives.
		Some(Errno::NXIO | Errno::NODEV) => PathError::NotAFile(path.to_string()),
		_ => io_error(path.to_string(), error),
	}
}

fn io_error(path: String, error: &std::io::Error) -> PathError {
	match error.kind() {
		std::io::ErrorKind::NotFound => PathError::Missing(path),
		kind => PathError::Io { path, cause: kind.to_string() },
	}
}
