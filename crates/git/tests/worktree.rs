//! Status, diffs of the working tree and patches, compared with what Git says and does.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use stemma_git::{apply, diff, status, undo};
use stemma_proto::error::ErrorCode;
use stemma_proto::git::*;
use support::{Fixture, HISTORY, Random, fields, git, no_root, try_git};

/// As `git status --porcelain -z` has it, by path.
fn short_status(fixture: &Fixture, untracked: Untracked) -> Vec<String> {
	let request = StatusRequest { root: no_root(), untracked: Some(untracked) };
	let found = status(fixture.context(), &request).expect("a status");
	assert!(!found.truncated);
	let letter = |kind: Option<StatusKind>| match kind {
		None => ' ',
		Some(StatusKind::Added) => 'A',
		Some(StatusKind::Deleted) => 'D',
		Some(StatusKind::Modified) => 'M',
		Some(StatusKind::Renamed) => 'R',
		Some(StatusKind::TypeChanged) => 'T',
		Some(StatusKind::Untracked) => '?',
		Some(StatusKind::Conflicted) => 'U',
	};
	let mut lines: Vec<String> = Vec::new();
	for entry in &found.entries {
		let old = entry.old_path.as_ref().map(|old| format!(" <- {old}")).unwrap_or_default();
		let untracked = entry.worktree == Some(StatusKind::Untracked);
		let worktree = if untracked { ' ' } else { letter(entry.worktree) };
		if entry.index.is_some() || !untracked {
			lines.push(format!("{}{worktree} {}{old}", letter(entry.index), entry.path));
		}
		// Git has a second line for what is gone from the index and still there.
		lines.extend(untracked.then(|| format!("?? {}", entry.path)));
	}
	lines.sort();
	lines
}

fn short_status_of_git(fixture: &Fixture, untracked: Untracked) -> Vec<String> {
	let files = match untracked {
		Untracked::None => "no",
		Untracked::Folders => "normal",
		Untracked::Files => "all",
	};
	let untracked = format!("--untracked-files={files}");
	let args = ["--no-optional-locks", "status", "--porcelain", "-z", "--ignore-submodules=all", &untracked];
	let output = fields(&fixture.git(&args));
	let mut lines: Vec<String> = Vec::new();
	let mut output = output.into_iter();
	while let Some(line) = output.next() {
		let conflict = ["DD", "AU", "UD", "UA", "DU", "AA", "UU"].contains(&&line[..2]);
		let line = if conflict { format!("UU{}", &line[2..]) } else { line };
		let renamed = line.starts_with('R');
		lines.push(if renamed { format!("{line} <- {}", output.next().expect("a name")) } else { line });
	}
	lines.sort();
	lines
}

fn check_status(fixture: &Fixture, what: &str) {
	for untracked in [Untracked::None, Untracked::Folders, Untracked::Files] {
		assert_eq!(
			short_status(fixture, untracked),
			short_status_of_git(fixture, untracked),
			"{what}, {untracked:?}"
		);
	}
}

#[test]
fn status_is_gits() {
	let fixture = Fixture::of(HISTORY);
	check_status(&fixture, "clean");
	fixture.script(
		r#"
seq 1 80 > src/numbers
touch cut.txt
chmod -x src/main.rs
rm a.b
rm link; ln -s elsewhere link
echo new > new.txt
mkdir -p fresh/deep ignored empty/empty; echo 1 > fresh/deep/file; echo 2 > fresh/x.log; echo 3 > ignored/x
mkdir only; echo 1 > only/x.log
printf '*.log\n/ignored\n!keep.log\n' > .gitignore; echo 1 > keep.log; echo 1 > drop.log
mkdir a/sub; echo 1 > a/sub/file; printf 'moved*\n' > a/.gitignore; echo 1 > a/moved2
git mv a-b a-renamed
echo staged > staged; git add staged; echo more >> staged
echo both > data.bin; git add data.bin; rm data.bin
git rm -q --cached grüße.txt
echo promised > promised; git add -N promised
git init -q nested; echo 1 > nested/f
mkdir nested2; git init -q nested2; (cd nested2; git commit -q --allow-empty -m x)
mkfifo pipe
ln -s /etc strange
"#,
	);
	check_status(&fixture, "much changed");
	fixture.script("echo .gitignore >> .git/info/exclude; echo 'fresh/**' >> .gitignore");
	check_status(&fixture, "more ignored");
}

#[test]
fn status_of_a_new_repository_and_of_one_without_an_index() {
	let fixture = Fixture::of("init; echo 1 > a; mkdir b; echo 2 > b/c; git add a");
	check_status(&fixture, "no commit");
	fixture.script("commit x; rm .git/index");
	let found = short_status(&fixture, Untracked::Files);
	assert_eq!(found, Vec::<String>::new(), "without an index HEAD stands in for it");
}

#[test]
fn status_in_a_merge_with_conflicts() {
	let fixture = Fixture::of(
		r#"
init
echo base > both; echo base > gone; echo base > fine; commit base
git checkout -q -b side; echo side > both; git rm -q gone; echo side > new; echo s > fine; commit side
git checkout -q main; echo main > both; echo main > gone; echo main > new; commit main
git merge side >/dev/null 2>&1 || true
"#,
	);
	check_status(&fixture, "conflicts");
}

#[test]
fn status_minds_line_ends_lfs_and_file_modes() {
	let fixture = Fixture::of(
		r#"
init
printf '*.txt text eol=crlf\n*.bin filter=lfs\n' > .gitattributes
printf 'one\ntwo\n' > a.txt
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\nsize 5\n' > b.bin
git add -A; commit x
printf 'one\r\ntwo\r\n' > a.txt
printf hello > b.bin
"#,
	);
	assert_eq!(
		short_status(&fixture, Untracked::Files),
		[" M a.txt", " M b.bin"],
		"as Git: other sizes are changes"
	);
	fixture
		.script("git -c filter.lfs.clean='cat >/dev/null; git cat-file blob HEAD:b.bin' add --renormalize .");
	let unstaged = diff_of(&fixture, DiffOf::Unstaged);
	assert!(unstaged.files.is_empty(), "stored they are the same: {unstaged:?}");
	fixture.script("printf 'one\\r\\nTWO\\r\\n' > a.txt; printf jello > b.bin");
	let found = diff_of(&fixture, DiffOf::Unstaged);
	assert_eq!(hunk_lines(&found, "a.txt"), [" one", "-two", "+TWO"]);
	assert!(hunk_lines(&found, "b.bin").iter().any(|line| line.starts_with("+oid sha256:")));
	fixture.script(
		"git checkout -q . 2>/dev/null || true; git config core.fileMode false; chmod +x .gitattributes",
	);
	check_status(&fixture, "modes say nothing");
}

#[test]
fn status_of_a_submodule_looks_only_whether_it_is_there() {
	let fixture = Fixture::beside(
		r#"
init lib; (cd lib; echo l > l; commit lib)
init work; cd work; git -c protocol.file.allow=always submodule add -q ../lib sub; commit x
echo dirty >> sub/l
"#,
	);
	check_status(&fixture, "a dirty submodule");
	fs::remove_dir_all(fixture.path().join("sub")).unwrap();
	assert_eq!(short_status(&fixture, Untracked::Files), [" D sub"]);
}

#[test]
fn a_folder_that_became_a_link_has_lost_its_files() {
	let fixture = Fixture::beside(
		"init work; mkdir out; echo 1 > out/f; cd work; mkdir d; echo 1 > d/f; commit x; rm -r d; ln -s ../out d",
	);
	check_status(&fixture, "a link for a folder");
	assert_eq!(short_status(&fixture, Untracked::Files), [" D d/f", "?? d"]);
}

#[test]
fn status_of_random_changes_is_gits() {
	for seed in 0..8 {
		let mut random = Random(seed);
		let names = ["a", "b.log", "c.txt", "d", "e.tmp", "f"];
		let folders = ["", "x/", "x/y/", "z/", "x/y/z/"];
		let fixture = Fixture::of("init; mkdir -p x/y/z z");
		let path = |random: &mut Random| {
			format!("{}{}", folders[random.below(folders.len())], names[random.below(names.len())])
		};
		let write = |random: &mut Random, fixture: &Fixture| {
			let path = fixture.path().join(path(random));
			fs::create_dir_all(path.parent().unwrap()).unwrap();
			if !path.is_dir() {
				let lines = (0..random.below(30)).map(|n| format!("{n} {}\n", random.0 % 7));
				fs::write(path, lines.collect::<String>()).unwrap();
			}
		};
		for _ in 0..20 {
			write(&mut random, &fixture);
		}
		let patterns = ["*.log\n", "/x/y\n", "*.tmp\n!x/*.tmp\n", "z/\n", "x/**/a\n", "d\n"];
		fs::write(fixture.path().join(".gitignore"), patterns[random.below(patterns.len())]).unwrap();
		fixture.script("git add -A; git add -f x 2>/dev/null; commit x");
		for _ in 0..12 {
			match random.below(4) {
				0 => drop(fs::remove_file(fixture.path().join(path(&mut random)))),
				1 => drop(try_git(fixture.path(), &["add", "-A", &path(&mut random)], b"")),
				2 => drop(try_git(fixture.path(), &["mv", &path(&mut random), &path(&mut random)], b"")),
				_ => write(&mut random, &fixture),
			}
		}
		if random.below(2) == 0 {
			fs::write(fixture.path().join("x/.gitignore"), patterns[random.below(patterns.len())]).unwrap();
		}
		check_status(&fixture, &format!("seed {seed}"));
	}
}

fn diff_of(fixture: &Fixture, of: DiffOf) -> Diff {
	let request = DiffRequest { root: no_root(), of, paths: vec![], context: None, no_renames: false };
	diff(fixture.context(), &request).expect("a diff")
}

fn hunk_lines(found: &Diff, path: &str) -> Vec<String> {
	let of = |file: &&FileDiff| {
		file.change.new.as_ref().or(file.change.old.as_ref()).is_some_and(|s| s.path == path)
	};
	let file = found.files.iter().find(of).expect("the file is told");
	file.hunks.iter().flat_map(|hunk| hunk.lines.clone()).collect()
}

/// Added and removed lines by path, as told.
fn edits(found: &Diff) -> BTreeMap<String, Vec<String>> {
	let mut edits = BTreeMap::new();
	for file in &found.files {
		let path = file.change.new.as_ref().or(file.change.old.as_ref()).expect("a side").path.clone();
		edits.insert(path.clone(), hunk_lines(found, &path));
	}
	edits
}

/// The same of Git's output.
fn edits_of_git(fixture: &Fixture, args: &[&str]) -> BTreeMap<String, Vec<String>> {
	let mut all =
		vec!["-c", "core.quotePath=false", "-c", "diff.renames=true", "diff", "--ignore-submodules=all"];
	all.extend(args);
	let text = stemma_paths::bytes_to_text(&fixture.git(&all));
	let mut edits: BTreeMap<String, Vec<String>> = BTreeMap::new();
	let (mut path, mut in_hunk) = (String::new(), false);
	for line in text.lines() {
		if let Some(names) = line.strip_prefix("diff --git ") {
			path = names.rsplit_once(" b/").expect("a name").1.to_owned();
			edits.entry(path.clone()).or_default();
			in_hunk = false;
		} else if line.starts_with("@@ ") {
			in_hunk = true;
		} else if in_hunk {
			let line = if line.starts_with('\\') { "\\" } else { line };
			edits.get_mut(&path).expect("a file").push(line.to_owned());
		}
	}
	edits
}

#[test]
fn the_working_tree_is_compared_as_git_does() {
	let fixture = Fixture::of(HISTORY);
	fixture.script(
		r#"
seq 1 70 > src/numbers; git add src/numbers; seq 1 72 > src/numbers
git mv src/main.rs src/renamed.rs; echo '// end' >> src/renamed.rs
rm a.b; printf 'no newline at all' > cut.txt
echo added > added; git add added; rm added
chmod +x cut.txt; printf 'bin\0changed' > data.bin
printf 'x' > "$(printf 'caf\351.txt')"
git rm -q --cached a-b
"#,
	);
	for (of, args) in
		[(DiffOf::Staged, vec!["--cached"]), (DiffOf::Unstaged, vec![]), (DiffOf::Worktree, vec!["HEAD"])]
	{
		let mut expected = edits_of_git(&fixture, &args);
		let found = edits(&diff_of(&fixture, of.clone()));
		if of == DiffOf::Worktree {
			// Git compares with what it no longer tracks, too; here it is gone from the index.
			expected.remove("a-b");
			let found: BTreeMap<_, _> = found.into_iter().filter(|(path, _)| path != "a-b").collect();
			assert_eq!(found, expected, "{of:?}");
		} else {
			assert_eq!(found, expected, "{of:?}");
		}
	}
	let modes = diff_of(&fixture, DiffOf::Unstaged);
	let cut =
		modes.files.iter().find(|f| f.change.new.as_ref().is_some_and(|s| s.path == "cut.txt")).unwrap();
	assert_eq!(cut.change.new.as_ref().unwrap().mode, "100755");
	let binary =
		modes.files.iter().find(|f| f.change.new.as_ref().is_some_and(|s| s.path == "data.bin")).unwrap();
	assert!(binary.binary && binary.hunks.is_empty());
}

fn patch_request(patch: &str) -> ApplyRequest {
	ApplyRequest { root: no_root(), edit: FileEdit::Patch { patch: patch.into() }, check: false }
}

/// Everything in the working tree but Git's own.
fn contents(fixture: &Fixture) -> BTreeMap<String, (Vec<u8>, bool)> {
	use std::os::unix::fs::PermissionsExt;
	fn collect(folder: &std::path::Path, prefix: &str, all: &mut BTreeMap<String, (Vec<u8>, bool)>) {
		for entry in fs::read_dir(folder).unwrap().flatten() {
			let name = stemma_paths::bytes_to_text(std::os::unix::ffi::OsStrExt::as_bytes(
				entry.file_name().as_os_str(),
			));
			let path = format!("{prefix}{name}");
			let kind = entry.file_type().unwrap();
			if name == ".git" {
			} else if kind.is_dir() {
				collect(&entry.path(), &format!("{path}/"), all);
			} else if kind.is_file() {
				let executable = entry.metadata().unwrap().permissions().mode() & 0o100 != 0;
				all.insert(path, (fs::read(entry.path()).unwrap(), executable));
			}
		}
	}
	let mut all = BTreeMap::new();
	collect(fixture.path(), "", &mut all);
	all
}

#[test]
fn every_commit_of_a_history_can_be_applied_and_taken_back() {
	let fixture = Fixture::of(HISTORY);
	let ids = fixture.git_text(&["rev-list", "--first-parent", "--reverse", "main"]);
	let ids: Vec<_> = ids.lines().collect();
	let mut applied = 0;
	for pair in ids.windows(2) {
		let patch = fixture.git(&["diff", "-M", pair[0], pair[1]]);
		let text = stemma_paths::bytes_to_text(&patch);
		if text.contains("Binary files") || text.contains("mode 120000") || text.is_empty() {
			continue;
		}
		fixture.git(&["checkout", "-q", "-f", pair[0]]);
		fixture.git(&["clean", "-qfd"]);
		let before = contents(&fixture);
		let mut check = patch_request(&text);
		check.check = true;
		apply(fixture.context(), &check).expect("it would apply");
		assert_eq!(contents(&fixture), before, "a check changes nothing");
		let done = apply(fixture.context(), &patch_request(&text)).expect("it applies");
		let after = contents(&fixture);
		fixture.git(&["checkout", "-q", "-f", pair[1]]);
		fixture.git(&["clean", "-qfd"]);
		assert_eq!(after, contents(&fixture), "{text}");
		let request = UndoRequest { root: no_root(), undo: done.undo };
		let redo = undo(fixture.context(), &request).expect("it is taken back");
		assert_eq!(contents(&fixture), before);
		let request = UndoRequest { root: no_root(), undo: redo.undo };
		undo(fixture.context(), &request).expect("and done again");
		assert_eq!(contents(&fixture), after);
		applied += 1;
	}
	assert!(applied >= 4, "{applied} patches were tried");
}

/// Patches for files that moved on since: applied or refused as `git apply` does, with the same result.
#[test]
fn patches_fit_where_git_says_they_fit() {
	let fixture = Fixture::of("init; commit base");
	let (mut fits, mut refused) = (0, 0);
	for seed in 0..120 {
		let mut random = Random(seed);
		let words = ["a", "b", "c", "}"];
		let edit = |lines: &mut Vec<String>, random: &mut Random, edits: usize| {
			for _ in 0..edits {
				let place = random.below(lines.len() + 1);
				match random.below(3) {
					0 if place < lines.len() => drop(lines.remove(place)),
					1 if place < lines.len() => lines[place] = format!("changed {}", random.below(100)),
					_ => lines.insert(place, words[random.below(words.len())].to_owned()),
				}
			}
		};
		let text =
			|lines: &[String], end: bool| lines.join("\n") + if end && !lines.is_empty() { "\n" } else { "" };
		let mut old: Vec<String> = (0..random.below(40)).map(|_| words[random.below(4)].to_owned()).collect();
		let end = random.below(3) > 0;
		let write = |text: &str| fs::write(fixture.path().join("file"), text).unwrap();
		write(&text(&old, end));
		git(fixture.path(), &["add", "file"]);
		let mut new = old.clone();
		let count = 1 + random.below(4);
		edit(&mut new, &mut random, count);
		write(&text(&new, random.below(4) > 0));
		let lines = format!("-U{}", 1 + random.below(3));
		let patch = stemma_paths::bytes_to_text(&fixture.git(&["diff", &lines]));
		if patch.is_empty() {
			continue;
		}
		let count = random.below(4);
		edit(&mut old, &mut random, count);
		let now = text(&old, end);
		write(&now);
		let output = try_git(fixture.path(), &["apply", "-"], patch.as_bytes());
		let expected = output.status.success().then(|| fs::read(fixture.path().join("file")).unwrap());
		write(&now);
		let result = apply(fixture.context(), &patch_request(&patch));
		match (&expected, &result) {
			(Some(expected), Ok(_)) => {
				fits += 1;
				let found = fs::read(fixture.path().join("file")).unwrap();
				assert_eq!(
					String::from_utf8_lossy(&found),
					String::from_utf8_lossy(expected),
					"seed {seed}\n{patch}"
				);
			}
			(None, Err(error)) => {
				refused += 1;
				assert_eq!(error.code, ErrorCode::Conflict, "seed {seed}");
				assert_eq!(
					fs::read_to_string(fixture.path().join("file")).unwrap(),
					now,
					"nothing is changed"
				);
			}
			_ => panic!(
				"seed {seed}: Git {}, here {result:?}\n{patch}\non\n{now}\n{}",
				if expected.is_some() { "applies" } else { "refuses" },
				String::from_utf8_lossy(&output.stderr)
			),
		}
	}
	assert!(fits > 20 && refused > 20, "{fits} fit, {refused} do not");
}

#[test]
fn files_are_written_whole_when_they_are_what_was_expected() {
	let fixture = Fixture::of("init; echo old > file; commit x");
	let write = |path: &str, text: Option<&str>, expected: Option<&str>| {
		let (path, expected) = (path.to_owned(), expected.map(str::to_owned));
		let edit = match text {
			Some(text) => FileEdit::Write { path, text: text.into(), expected },
			None => FileEdit::Remove { path, expected: expected.unwrap_or_default() },
		};
		apply(fixture.context(), &ApplyRequest { root: no_root(), edit, check: false })
	};
	let done = write("file", Some("new\n"), Some("old\n")).expect("written");
	assert_eq!(fs::read_to_string(fixture.path().join("file")).unwrap(), "new\n");
	assert_eq!(write("file", Some("x"), Some("old\n")).expect_err("changed").code, ErrorCode::Conflict);
	assert_eq!(write("file", Some("x"), None).expect_err("there").code, ErrorCode::Conflict);
	write("deep/new", Some("n"), None).expect("made");
	write("deep/new", None, Some("n")).expect("removed");
	assert!(!fixture.path().join("deep/new").exists());
	fs::write(fixture.path().join("file"), "by somebody else\n").unwrap();
	let request = UndoRequest { root: no_root(), undo: done.undo };
	assert_eq!(undo(fixture.context(), &request).expect_err("changed since").code, ErrorCode::Conflict);
	assert_eq!(fs::read_to_string(fixture.path().join("file")).unwrap(), "by somebody else\n");
}

#[test]
fn patches_that_leave_or_lie_are_refused_and_change_nothing() {
	let fixture = Fixture::beside(
		"mkdir out; echo secret > out/f; init work; cd work; echo a > a; echo b > b; commit x",
	);
	symlink(fixture.folder.path().join("out"), fixture.path().join("link")).unwrap();
	symlink(".git", fixture.path().join("git")).unwrap();
	symlink("a", fixture.path().join("to-a")).unwrap();
	let new = |path: &str| {
		format!(
			"diff --git a/{path} b/{path}\nnew file mode 100755\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+evil\n"
		)
	};
	let change = |path: &str, old: &str| format!("--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+evil\n");
	let renamed =
		"diff --git a/a b/.git/hooks/x\nsimilarity index 100%\nrename from a\nrename to .git/hooks/x\n";
	let linked = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n";
	let cases = [
		new("../x"),
		new("/x"),
		new(".git/hooks/post-commit"),
		new("git/hooks/post-commit"),
		new("link/x"),
		new("sub/.GIT/x"),
		new("GIT~1/x"),
		new("a"),
		new("a/x"),
		new("con"),
		change("link/f", "secret"),
		change("git/HEAD", "ref: refs/heads/main"),
		change("to-a", "a"),
		change("none", "a"),
		change("a", "b"),
		renamed.into(),
		linked.into(),
		// Nothing of a patch is applied when one file of it does not fit.
		format!("{}{}", change("a", "a"), change("b", "a")),
		"no patch at all\n".into(),
		"@@ -1 +1 @@\n-a\n+b\n".into(),
		"--- a/a\n+++ b/a\n@@ -1,9 +1 @@\n-a\n+b\n".into(),
		"diff --git a/a b/a\nGIT binary patch\nliteral 3\nabc\n".into(),
	];
	let before = contents(&fixture);
	let hooks = fs::read_dir(fixture.path().join(".git/hooks")).unwrap().count();
	for patch in cases {
		let error = apply(fixture.context(), &patch_request(&patch)).expect_err(&patch);
		assert_ne!(error.code, ErrorCode::Internal, "{patch}: {error}");
		assert!(!error.retryable);
		assert_eq!(contents(&fixture), before, "{patch}");
	}
	assert_eq!(fs::read_dir(fixture.path().join(".git/hooks")).unwrap().count(), hooks);
	assert_eq!(fs::read_dir(fixture.folder.path().join("out")).unwrap().count(), 1);
	assert_eq!(fs::read_to_string(fixture.folder.path().join("out/f")).unwrap(), "secret\n");
}
