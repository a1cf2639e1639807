//! Opening without ever leaving a folder.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags, Stat};
use rustix::io::Errno;

/// How often an open that met a rename under way is tried again.
const RETRIES: usize = 64;

/// Opens `path` relative to `folder`. Symbolic links are followed only while they stay beneath it; links of
/// `/proc` and other mounts never. Never blocks on a FIFO and never takes a terminal.
///
/// Errors: `EXDEV` when the path leaves the folder, `EAGAIN` when it was being changed all the time.
pub fn open_beneath(folder: impl AsFd, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
	// `openat2` refuses flags that mean nothing for a handle that only names a thing.
	let quiet =
		if flags.contains(OFlags::PATH) { OFlags::empty() } else { OFlags::NOCTTY | OFlags::NONBLOCK };
	let flags = flags | OFlags::CLOEXEC | quiet;
	open(folder.as_fd(), path, flags, mode, Links::Beneath)
}

/// Opens a folder beneath another for listing; no symbolic link is followed on the way or at its end.
pub fn open_plain_folder(folder: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
	let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
	open(folder.as_fd(), path, flags, Mode::empty(), Links::None)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
	Beneath,
	None,
}

#[cfg(target_os = "linux")]
fn open(folder: BorrowedFd<'_>, path: &Path, flags: OFlags, mode: Mode, links: Links) -> io::Result<OwnedFd> {
	use rustix::fs::ResolveFlags;
	let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
	resolve.set(ResolveFlags::NO_SYMLINKS, links == Links::None);
	for _ in 0..RETRIES {
		match rustix::fs::openat2(folder, path, flags, mode, resolve) {
			Err(Errno::AGAIN | Errno::INTR) => std::thread::yield_now(),
			// A kernel or sandbox without openat2.
			Err(Errno::NOSYS) => return open_by_steps(folder, path, flags, mode),
			opened => return Ok(opened?),
		}
	}
	Err(Errno::AGAIN.into())
}

#[cfg(not(target_os = "linux"))]
fn open(folder: BorrowedFd<'_>, path: &Path, flags: OFlags, mode: Mode, _: Links) -> io::Result<OwnedFd> {
	open_by_steps(folder, path, flags, mode)
}

/// What is at `path` beneath `folder`; a symbolic link at its end is described itself.
pub fn stat_beneath(folder: impl AsFd, path: &Path) -> io::Result<Stat> {
	#[cfg(target_os = "linux")]
	let flags = OFlags::PATH | OFlags::NOFOLLOW;
	#[cfg(not(target_os = "linux"))]
	let flags = OFlags::RDONLY | OFlags::NOFOLLOW;
	let opened = open_beneath(folder, path, flags, Mode::empty())?;
	Ok(rustix::fs::fstat(opened)?)
}

/// Name by name, following no symbolic link at all: safe everywhere, stricter than needed.
fn open_by_steps(folder: BorrowedFd<'_>, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
	let mut names = Vec::new();
	for component in path.components() {
		match component {
			Component::Normal(name) => names.push(name),
			Component::CurDir => {}
			_ => return Err(Errno::XDEV.into()),
		}
	}
	let step = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
	let Some((last, folders)) = names.split_last() else {
		return Ok(rustix::fs::openat(folder, ".", flags, mode)?);
	};
	let mut at: Option<OwnedFd> = None;
	for name in folders {
		at = Some(rustix::fs::openat(at.as_ref().map_or(folder, AsFd::as_fd), *name, step, Mode::empty())?);
	}
	let parent = at.as_ref().map_or(folder, AsFd::as_fd);
	match rustix::fs::openat(parent, *last, flags | OFlags::NOFOLLOW, mode) {
		// A link at the end: the caller learns that it is not followed.
		Err(Errno::LOOP) => Err(Errno::XDEV.into()),
		opened => Ok(opened?),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	#[test]
	fn step_by_step_follows_no_link() {
		let folder = tempfile::tempdir().expect("a folder");
		let outside = tempfile::tempdir().expect("a folder");
		fs::write(outside.path().join("secret"), "s").expect("written");
		fs::create_dir(folder.path().join("in")).expect("made");
		fs::write(folder.path().join("in/file"), "f").expect("written");
		std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).expect("linked");
		std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("in/link"))
			.expect("linked");
		let fd = fs::File::open(folder.path()).expect("opened");
		let open = |path: &str| open_by_steps(fd.as_fd(), Path::new(path), OFlags::RDONLY, Mode::empty());
		assert!(open("in/file").is_ok());
		assert!(open(".").is_ok());
		for path in ["out/secret", "in/link", "../x", "in/../../x", "/etc/passwd"] {
			assert!(open(path).is_err(), "{path} leaves the folder");
		}
	}
}
