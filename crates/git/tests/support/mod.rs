//! Repositories made by shell scripts, and Git itself to compare with.
#![allow(dead_code, reason = "every test file uses some of it")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::AtomicBool;

use stemma_git::{Context, Reach};
use stemma_paths::Root;
use stemma_proto::roots::RootId;

/// The functions are given an opened root; what the page calls it is the host's business.
pub fn no_root() -> RootId {
	RootId(String::new())
}

pub static GO_ON: AtomicBool = AtomicBool::new(false);

/// A folder with a repository in it.
pub struct Fixture {
	pub folder: tempfile::TempDir,
	pub root: Root,
}

impl Fixture {
	/// Runs `script` in a new folder, where `git` is as if nobody had configured it.
	pub fn of(script: &str) -> Self {
		let folder = tempfile::tempdir().expect("a folder");
		run_script(folder.path(), script);
		let root = Root::link("root", folder.path()).expect("linked");
		Self { folder, root }
	}

	/// As `of`, for a repository in `work` beside other folders it may lead to.
	pub fn beside(script: &str) -> Self {
		let folder = tempfile::tempdir().expect("a folder");
		run_script(folder.path(), script);
		let root = Root::link("root", &folder.path().join("work")).expect("linked");
		Self { folder, root }
	}

	pub fn context(&self) -> Context<'_> {
		Context { root: &self.root, reach: Reach::Inside, cancel: &GO_ON }
	}

	pub fn anywhere(&self) -> Context<'_> {
		Context { reach: Reach::Anywhere, ..self.context() }
	}

	pub fn path(&self) -> &Path {
		self.root.path()
	}

	pub fn git(&self, args: &[&str]) -> Vec<u8> {
		git(self.path(), args)
	}

	pub fn git_text(&self, args: &[&str]) -> String {
		String::from_utf8_lossy(&self.git(args)).trim_end().to_owned()
	}

	pub fn script(&self, script: &str) {
		run_script(self.path(), script);
	}
}

fn command(program: &str, folder: &Path) -> Command {
	let mut command = Command::new(program);
	command.current_dir(folder).env_clear().envs([
		("PATH", std::env::var("PATH").unwrap_or_default()),
		("HOME", "/nonexistent".into()),
		("LC_ALL", "C.UTF-8".into()),
		("TZ", "UTC".into()),
		("GIT_CONFIG_NOSYSTEM", "1".into()),
		("GIT_CONFIG_GLOBAL", "/dev/null".into()),
		("GIT_AUTHOR_NAME", "Ada".into()),
		("GIT_AUTHOR_EMAIL", "ada@example.org".into()),
		("GIT_COMMITTER_NAME", "Ben".into()),
		("GIT_COMMITTER_EMAIL", "ben@example.org".into()),
		("GIT_AUTHOR_DATE", "1700000000 +0130".into()),
		("GIT_COMMITTER_DATE", "1700000000 +0000".into()),
	]);
	command
}

/// `tick` moves the clock of the next commits by a minute; `commit` commits everything.
const PRELUDE: &str = r#"
set -e
NOW=1700000000
tick() { NOW=$((NOW + 60)); export GIT_AUTHOR_DATE="$NOW +0130" GIT_COMMITTER_DATE="$NOW +0000"; }
commit() { tick; git add -A; git commit -q --allow-empty -m "$1"; }
init() { git init -q -b main "$@"; }
"#;

pub fn run_script(folder: &Path, script: &str) {
	let output =
		command("bash", folder).arg("-c").arg(format!("{PRELUDE}\n{script}")).output().expect("bash");
	assert!(output.status.success(), "the script failed:\n{}", String::from_utf8_lossy(&output.stderr));
}

pub fn git(folder: &Path, args: &[&str]) -> Vec<u8> {
	let output = try_git(folder, args, b"");
	let errors = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(output.status.success(), "git {args:?}:\n{errors}");
	output.stdout
}

pub fn try_git(folder: &Path, args: &[&str], input: &[u8]) -> Output {
	use std::io::Write;
	let mut child = command("git", folder)
		.args(args)
		.stdin(Stdio::piped())
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		.spawn()
		.expect("git");
	let mut stdin = child.stdin.take().expect("a pipe");
	let input = input.to_vec();
	let writer = std::thread::spawn(move || {
		// Git may end before it has read everything.
		let _ = stdin.write_all(&input);
	});
	let output = child.wait_with_output().expect("git ends");
	writer.join().expect("written");
	output
}

pub fn git_version() -> (u32, u32) {
	stemma_git::Git::locate().expect("git is installed").version()
}

/// Fields separated by a zero byte, as text without loss.
pub fn fields(output: &[u8]) -> Vec<String> {
	let mut fields: Vec<_> = output.split(|byte| *byte == 0).map(stemma_paths::bytes_to_text).collect();
	if fields.last().is_some_and(String::is_empty) {
		fields.pop();
	}
	fields
}

/// A small generator, so that a failing seed can be named.
pub struct Random(pub u64);

impl Random {
	pub fn below(&mut self, bound: usize) -> usize {
		self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		usize::try_from(self.0 >> 33).expect("31 bits") % bound.max(1)
	}
}

/// A history with merges, renames, line ends, odd names, links, modes, encodings and tags.
pub const HISTORY: &str = r#"
init
mkdir -p src/deep docs
seq 1 60 > src/numbers
printf 'one\r\ntwo\r\nthree\r\n' > crlf.txt
printf 'no newline' > cut.txt
printf 'binary\0data' > data.bin
printf 'fn main() {\n    a();\n    b();\n    c();\n    d();\n    e();\n    f();\n}\n' > src/main.rs
ln -s src/main.rs link
commit first
printf 'latin' > "$(printf 'caf\351.txt')"
printf 'umlaut' > grüße.txt
sed -i 's/^30$/thirty/' src/numbers
chmod +x src/main.rs
commit 'odd names

with a body'
git checkout -q -b side HEAD~1
seq 1 80 > src/numbers
mkdir -p lib; git mv src/main.rs lib/main.rs
sed -i 's/c();/C();/' lib/main.rs
commit 'moved and changed'
printf 'one\r\n2\r\nthree\r\n' > crlf.txt
printf 'now with newline\n' > cut.txt
printf 'binary\0other' > data.bin
commit 'line ends'
git checkout -q main
git rm -q link
echo file > link
commit 'a link becomes a file'
tick; git merge -q -s ours -m 'merge side' side
git tag light
tick; git tag -a -m 'annotated' v1.0
git -c i18n.commitEncoding=ISO-8859-1 commit -q --allow-empty -m "$(printf 'gr\374n')"
sed -i '/^10$/d; s/^55$/fifty-five/' src/numbers
git rm -q crlf.txt
commit 'several hunks'
git mv docs nothing 2>/dev/null || true
mkdir -p a/b; echo x > a/b/file; echo y > a.b; echo z > a-b
commit 'folders that sort oddly'
git mv a/b/file a/moved
commit 'moved as it is'
git branch topic side
git update-ref refs/remotes/origin/main main~2
git config remote.origin.url /nowhere
git config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'
git config branch.main.remote origin
git config branch.main.merge refs/heads/main
"#;

pub fn work_path(fixture: &Fixture, name: &str) -> PathBuf {
	fixture.path().join(name)
}
