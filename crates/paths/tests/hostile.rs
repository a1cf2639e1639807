//! Folders made to lead out of themselves: nothing outside is ever read or written.
#![allow(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use stemma_paths::{Kind, PathError, RelPath, Root};
use stemma_proto::error::{ErrorCode, HostError};

const CAP: u64 = 1 << 20;

struct Fixture {
	inside: tempfile::TempDir,
	outside: tempfile::TempDir,
	root: Root,
}

fn fixture() -> Fixture {
	let inside = tempfile::tempdir().expect("a folder");
	let outside = tempfile::tempdir().expect("a folder");
	fs::write(outside.path().join("secret"), "secret").expect("written");
	fs::create_dir(inside.path().join("dir")).expect("made");
	fs::write(inside.path().join("dir/file"), "inside").expect("written");
	let root = Root::link("r1", inside.path()).expect("linked");
	Fixture { inside, outside, root }
}

fn rel(path: &str) -> RelPath {
	RelPath::parse(path).expect("a path the type lets through")
}

#[test]
fn files_and_links_inside_are_read() {
	let Fixture { inside, root, .. } = fixture();
	symlink("dir/file", inside.path().join("link")).expect("linked");
	symlink("dir", inside.path().join("alias")).expect("linked");
	for path in ["dir/file", "link", "alias/file"] {
		assert_eq!(root.read_file(&rel(path), CAP).expect("inside"), b"inside", "{path}");
	}
	assert_eq!(root.kind(&rel("link")), Ok(Some(Kind::Link)));
	assert_eq!(root.kind(&rel("dir")), Ok(Some(Kind::Folder)));
	assert_eq!(root.kind(&rel("none")), Ok(None));
	assert!(root.check().is_ok());
}

#[test]
fn links_that_leave_are_refused() {
	let Fixture { inside, outside, root } = fixture();
	let secret = outside.path().join("secret");
	let up = format!("../{}/secret", outside.path().file_name().expect("a name").to_string_lossy());
	symlink(&secret, inside.path().join("absolute")).expect("linked");
	symlink(&up, inside.path().join("relative")).expect("linked");
	symlink(outside.path(), inside.path().join("folder")).expect("linked");
	symlink("folder", inside.path().join("twice")).expect("linked");
	symlink("/proc/self/root/etc/passwd", inside.path().join("magic")).expect("linked");
	symlink("loop", inside.path().join("loop")).expect("linked");
	// A link that leaves and comes back has left.
	symlink(inside.path().join("dir/file"), inside.path().join("back")).expect("linked");
	for path in ["absolute", "relative", "folder/secret", "twice/secret", "magic", "loop", "back"] {
		assert!(matches!(root.read_file(&rel(path), CAP), Err(PathError::Outside(_))), "{path} leads out");
	}
	for path in ["folder/new", "twice/deep/new"] {
		assert!(root.write_file(&rel(path), b"x", false).is_err(), "{path} is written outside");
	}
	assert!(matches!(root.write_file(&rel("absolute"), b"x", false), Err(PathError::NotAFile(_))));
	assert!(root.remove_file(&rel("folder/secret")).is_err());
	assert_eq!(fs::read(&secret).expect("still there"), b"secret");
	assert_eq!(fs::read_dir(outside.path()).expect("listed").count(), 1, "nothing was made outside");
}

#[test]
fn a_link_does_not_lead_into_git() {
	let Fixture { inside, root, .. } = fixture();
	fs::create_dir_all(inside.path().join(".git/hooks")).expect("made");
	fs::write(inside.path().join(".git/config"), "token").expect("written");
	symlink(".git", inside.path().join("hidden")).expect("linked");
	symlink(".git/config", inside.path().join("config")).expect("linked");
	for path in ["hidden/config", "config"] {
		assert!(matches!(root.read_file(&rel(path), CAP), Err(PathError::Outside(_))), "{path} is Git's");
	}
	assert!(root.open_folder(&rel("hidden")).is_err());
	assert!(root.write_file(&rel("hidden/hooks/post-commit"), b"evil", true).is_err());
	assert!(root.remove_file(&rel("hidden/config")).is_err());
	assert_eq!(fs::read_dir(inside.path().join(".git/hooks")).expect("listed").count(), 0);
}

#[test]
fn special_files_neither_block_nor_open() {
	let Fixture { inside, root, .. } = fixture();
	let fifo = std::process::Command::new("mkfifo").arg(inside.path().join("fifo")).status();
	assert!(fifo.expect("mkfifo runs").success());
	let _socket = std::os::unix::net::UnixListener::bind(inside.path().join("socket")).expect("bound");
	symlink("/dev/zero", inside.path().join("zero")).expect("linked");
	assert_eq!(root.read_file(&rel("fifo"), CAP), Err(PathError::NotAFile("fifo".into())));
	assert_eq!(root.read_file(&rel("socket"), CAP), Err(PathError::NotAFile("socket".into())));
	assert_eq!(root.read_file(&rel("dir"), CAP), Err(PathError::NotAFile("dir".into())));
	assert!(matches!(root.read_file(&rel("zero"), CAP), Err(PathError::Outside(_))));
	assert!(matches!(root.write_file(&rel("fifo"), b"x", false), Err(PathError::NotAFile(_))));
	assert_eq!(root.kind(&rel("fifo")), Ok(Some(Kind::Special)));
	// Only root may make a device node; elsewhere there is none to be met.
	let made =
		std::process::Command::new("mknod").arg(inside.path().join("null")).args(["c", "1", "3"]).output();
	if made.is_ok_and(|output| output.status.success()) {
		assert!(root.read_file(&rel("null"), CAP).is_err(), "a device is no file");
	}
}

#[test]
fn size_is_capped() {
	let Fixture { inside, root, .. } = fixture();
	fs::write(inside.path().join("big"), vec![0; 101]).expect("written");
	assert!(matches!(root.read_file(&rel("big"), 100), Err(PathError::TooLarge { size: 101, cap: 100, .. })));
	assert_eq!(root.read_file(&rel("big"), 101).expect("fits").len(), 101);
}

#[test]
fn a_swapped_root_is_noticed() {
	let parent = tempfile::tempdir().expect("a folder");
	let path = parent.path().join("project");
	fs::create_dir(&path).expect("made");
	fs::write(path.join("file"), "ours").expect("written");
	let root = Root::link("r1", &path).expect("linked");
	fs::rename(&path, parent.path().join("away")).expect("moved");
	assert_eq!(root.check(), Err(PathError::RootLost), "gone");
	fs::create_dir(&path).expect("made");
	fs::write(path.join("file"), "theirs").expect("written");
	assert_eq!(root.check(), Err(PathError::RootLost), "another folder in its place");
	assert_eq!(HostError::from(PathError::RootLost).code, ErrorCode::RootLost);
	assert_eq!(root.read_file(&rel("file"), CAP).expect("the old folder is held"), b"ours");
	symlink(parent.path().join("away"), parent.path().join("link")).expect("linked");
	fs::remove_dir_all(&path).expect("removed");
	fs::rename(parent.path().join("link"), &path).expect("moved");
	assert_eq!(root.check(), Err(PathError::RootLost), "a link in its place, even to the same folder");
}

#[test]
fn writes_are_whole_and_make_folders() {
	let Fixture { inside, root, .. } = fixture();
	root.write_file(&rel("new/deep/file"), b"one", false).expect("written");
	root.write_file(&rel("new/deep/file"), b"two", true).expect("written again");
	assert_eq!(fs::read(inside.path().join("new/deep/file")).expect("read"), b"two");
	assert!(root.open_file(&rel("new/deep/file"), CAP).expect("opened").executable);
	fs::set_permissions(inside.path().join("new/deep/file"), PermissionsExt::from_mode(0o700)).expect("set");
	root.write_file(&rel("new/deep/file"), b"three", false).expect("written again");
	let mode = fs::metadata(inside.path().join("new/deep/file")).expect("there").permissions().mode();
	assert_eq!(mode & 0o777, 0o600, "a private file stays private");
	root.remove_file(&rel("new/deep/file")).expect("removed");
	assert_eq!(
		fs::read_dir(inside.path().join("new/deep")).expect("listed").count(),
		0,
		"nothing is left behind"
	);
	assert!(root.write_file(&RelPath::root(), b"x", false).is_err());
}

/// A thread swaps a folder with a link to another for as long as reads and writes go on.
#[test]
fn no_read_or_write_leaves_while_a_folder_is_swapped() {
	let Fixture { inside, outside, root } = fixture();
	fs::write(outside.path().join("file"), "secret").expect("written");
	symlink(outside.path(), inside.path().join("evil")).expect("linked");
	let stop = AtomicBool::new(false);
	let (mut inside_reads, mut refused) = (0, 0);
	std::thread::scope(|scope| {
		scope.spawn(|| {
			let at = |name: &str| inside.path().join(name);
			while !stop.load(Ordering::Relaxed) {
				exchange(&at("dir"), &at("evil"));
			}
		});
		let path = rel("dir/file");
		for round in 0..20_000 {
			match root.read_file(&path, CAP) {
				Ok(bytes) => {
					assert_ne!(bytes, b"secret", "a read left the root");
					inside_reads += 1;
				}
				Err(_) => refused += 1,
			}
			if round % 100 == 0 {
				// Refused or written inside; which one is the race's business.
				let _ = root.write_file(&rel("dir/written"), b"w", false);
			}
		}
		stop.store(true, Ordering::Relaxed);
	});
	assert!(inside_reads > 0 && refused > 0, "the race was run: {inside_reads} inside, {refused} refused");
	assert!(!outside.path().join("written").exists(), "a write left the root");
	assert_eq!(
		fs::read_dir(outside.path()).expect("listed").count(),
		2,
		"no temporary file was left outside"
	);
}

/// Swaps two names in one step.
fn exchange(a: &Path, b: &Path) {
	use rustix::fs::{CWD, RenameFlags};
	rustix::fs::renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).expect("both are there");
}
