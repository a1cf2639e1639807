//! Scans compared with what Git lists, and folders made to lead a scan astray.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use stemma_paths::Root;
use stemma_proto::error::{ErrorCode, HostError};
use stemma_proto::files::{EntryKind, ReadRequest, ScanBatch, ScanRequest};
use stemma_proto::roots::RootId;
use stemma_scan::{Context, read, scan};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn folder(script: &str) -> (tempfile::TempDir, Root) {
	let folder = tempfile::tempdir().unwrap();
	fs::create_dir(folder.path().join("work")).unwrap();
	let work = folder.path().join("work");
	let output = Command::new("bash").args(["-ec", script]).current_dir(&work).output().unwrap();
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	let root = Root::link("root", &work).unwrap();
	(folder, root)
}

fn request() -> ScanRequest {
	ScanRequest {
		root: RootId("root".into()),
		path: String::new(),
		depth: None,
		folders: false,
		max_text_bytes: None,
	}
}

fn all(root: &Root, request: &ScanRequest) -> Result<ScanBatch, HostError> {
	let mut all = ScanBatch::default();
	scan(Context { root, cancel: &GO_ON }, request, &mut |batch| {
		all.entries.extend(batch.entries);
		all.refused.extend(batch.refused);
		all.truncated |= batch.truncated;
		ControlFlow::Continue(())
	})?;
	all.entries.sort_by(|a, b| a.path.cmp(&b.path));
	Ok(all)
}

fn paths(batch: &ScanBatch) -> Vec<&str> {
	batch.entries.iter().map(|entry| entry.path.as_str()).collect()
}

fn listed_by_git(root: &Path) -> BTreeSet<String> {
	let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
	let output =
		Command::new("git").args(args).current_dir(root).env("GIT_CONFIG_GLOBAL", "/dev/null").output();
	let output = output.unwrap().stdout;
	output.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(stemma_paths::bytes_to_text).collect()
}

const TREE: &str = r#"
git init -q
mkdir -p src/deep target/x docs node_modules/a
for f in a.rs b.log src/c.rs src/d.log src/deep/keep.log target/x/y docs/m.md node_modules/a/i .hidden; do echo text > $f; done
printf '*.log\n/target\nnode_modules/\n!keep.log\n' > .gitignore
printf 'deep/*.tmp\n' > src/.gitignore; echo t > src/deep/x.tmp
echo 'docs/private*' >> .git/info/exclude; echo p > docs/private.md
printf 'x' > "$(printf 'caf\351')"
ln -s a.rs link; ln -s /etc outside
"#;

#[test]
fn a_scan_tells_what_git_lists() {
	let (_folder, root) = folder(TREE);
	let found = all(&root, &request()).expect("a scan");
	let expected = listed_by_git(root.path());
	assert_eq!(paths(&found).into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
	assert!(found.refused.is_empty() && !found.truncated);
	let entry = found.entries.iter().find(|entry| entry.path == "src/c.rs").unwrap();
	assert_eq!((entry.kind, entry.size), (EntryKind::File, 5));
	assert!(entry.modified > 1_600_000_000_000);
	let link = found.entries.iter().find(|entry| entry.path == "outside").unwrap();
	assert_eq!(link.kind, EntryKind::Link);
}

#[test]
fn a_folder_is_listed_with_its_folders() {
	let (_folder, root) = folder(TREE);
	let shallow = ScanRequest { depth: Some(1), folders: true, ..request() };
	let found = all(&root, &shallow).expect("a scan");
	assert_eq!(
		paths(&found),
		[".gitignore", ".hidden", "a.rs", "caf\u{10ffe9}", "docs", "link", "outside", "src"]
	);
	let below = ScanRequest { path: "src".into(), ..request() };
	let found = all(&root, &below).expect("a scan");
	assert_eq!(
		paths(&found),
		["src/.gitignore", "src/c.rs", "src/deep/keep.log"],
		"ignore files above count"
	);
	for path in ["none", "a.rs", "outside", "../x", ".git"] {
		let error = all(&root, &ScanRequest { path: path.into(), ..request() }).expect_err(path);
		assert_ne!(error.code, ErrorCode::Internal, "{path}");
	}
}

#[test]
fn only_text_of_some_size() {
	let (_folder, root) = folder(
		"echo text > a; printf 'b\\0b' > b; head -c 2000 /dev/zero | tr '\\0' x > c; ln -s a d; : > e",
	);
	let found = all(&root, &ScanRequest { max_text_bytes: Some(1000), ..request() }).expect("a scan");
	assert_eq!(paths(&found), ["a", "e"]);
}

#[test]
fn ignore_files_that_are_none_are_not_opened() {
	for trap in ["mkfifo X", "ln -s /dev/zero X", "ln -s $PWD/../outside X", "truncate -s 1T X"] {
		for name in [".gitignore", ".ignore"] {
			let trap = trap.replace('X', &format!("evil/{name}"));
			let (_folder, root) =
				folder(&format!("echo '*' > ../outside; mkdir evil; echo 1 > evil/f; echo 1 > f; {trap}"));
			let found = all(&root, &request()).expect("a scan");
			assert_eq!(paths(&found), ["f"], "{trap}");
			assert_eq!(found.refused, ["evil"], "{trap}");
			let inside = ScanRequest { path: "evil".into(), ..request() };
			assert_eq!(all(&root, &inside).expect_err("refused").code, ErrorCode::Unsupported);
		}
	}
	let (_folder, root) = folder("mkfifo .gitignore; echo 1 > f");
	assert_eq!(all(&root, &request()).expect_err("refused").code, ErrorCode::Unsupported);
	let (_folder, root) =
		folder("git init -q; rm .git/info/exclude; mkfifo .git/info/exclude; mkfifo pipe; echo 1 > f");
	assert_eq!(paths(&all(&root, &request()).expect("a scan")), ["f"]);
	let (_folder, root) = folder("mkfifo .git; echo 1 > f");
	assert_eq!(paths(&all(&root, &request()).expect("a scan")), ["f"]);
}

#[test]
fn links_are_not_walked_into() {
	let (folder, root) = folder(
		"mkdir d; echo 1 > d/f; ln -s .. up; ln -s ../outside out; ln -s d alias; mkdir ../outside; echo s > ../outside/secret",
	);
	let found = all(&root, &request()).expect("a scan");
	assert_eq!(paths(&found), ["alias", "d/f", "out", "up"]);
	assert!(folder.path().join("outside/secret").exists());
}

#[test]
fn a_scan_ends_when_nobody_wants_more() {
	let (_folder, root) =
		folder("for i in $(seq 200); do mkdir d$i; for j in $(seq 40); do : > d$i/$j; done; done");
	let mut batches = 0;
	let told = scan(Context { root: &root, cancel: &GO_ON }, &request(), &mut |_| {
		batches += 1;
		ControlFlow::Break(())
	});
	assert_eq!(batches, 1);
	assert!(told.expect("it ends well") < 8_000);
	let cancel = AtomicBool::new(true);
	let ended =
		scan(Context { root: &root, cancel: &cancel }, &request(), &mut |_| ControlFlow::Continue(()));
	assert_eq!(ended.expect_err("cancelled").code, ErrorCode::Cancelled);
}

#[test]
fn a_folder_of_more_files_than_anybody_reads_is_told_of_in_part() {
	let (_folder, root) = folder("seq 200010 | xargs touch");
	let found = all(&root, &request()).expect("a scan");
	assert_eq!(found.entries.len(), 200_000);
	assert!(found.truncated);
}

#[test]
fn what_is_no_file_of_some_size_is_not_read() {
	let (_folder, root) =
		folder("truncate -s 2G big; mkfifo pipe; mkdir d; ln -s /dev/zero zero; ln -s pipe alias");
	for (path, code) in [
		("big", ErrorCode::TooLarge),
		("pipe", ErrorCode::Unsupported),
		("alias", ErrorCode::Unsupported),
		("d", ErrorCode::Unsupported),
		("zero", ErrorCode::OutsideRoot),
	] {
		let request =
			ReadRequest { root: RootId("root".into()), path: path.into(), max_bytes: Some(u64::MAX) };
		let refused = read(Context { root: &root, cancel: &GO_ON }, &request).expect_err(path);
		assert_eq!(refused.code, code, "{path}: {}", refused.message);
	}
}

#[test]
fn a_file_is_read_beneath_the_root_only() {
	let (folder, root) = folder(
		"echo in > f; ln -s ../secret out; ln -s f alias; mkdir .git; echo g > .git/config; ln -s .git g",
	);
	fs::write(folder.path().join("secret"), "secret").unwrap();
	symlink(folder.path(), root.path().join("up")).unwrap();
	let read = |path: &str, max_bytes| {
		let request = ReadRequest { root: RootId("root".into()), path: path.into(), max_bytes };
		read(Context { root: &root, cancel: &GO_ON }, &request)
	};
	assert_eq!(read("f", None).unwrap(), b"in\n");
	assert_eq!(read("alias", None).unwrap(), b"in\n");
	for path in ["out", "up/secret", ".git/config", "g/config", "../secret", "/etc/passwd"] {
		assert_eq!(read(path, None).expect_err(path).code, ErrorCode::OutsideRoot, "{path}");
	}
	assert_eq!(read("f", Some(2)).expect_err("large").code, ErrorCode::TooLarge);
	assert_eq!(read("none", None).expect_err("none").code, ErrorCode::NotFound);
}
